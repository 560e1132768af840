"""The tables that the terminal shows; each fits into 80 columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table

from zenlab.report.boards import in_order

_ROWS = {
    "kendall": "Kendall tau-b",
    "spearman": "Spearman rho",
    "pearson": "Pearson r",
    "weighted_kendall": "weighted tau",
}


def quality_table(summary: Mapping[str, Any]) -> Table:
    """One column for each population; the outcomes of picking by score below the correlations."""
    populations = summary["correlation"]
    table = _table(
        f"{summary['proxy']} against {summary['benchmark']['label']}",
        words=[summary["space"]],
        numbers=populations,
    )
    table.add_row("n", *(f"{quality['n']:,}" for quality in populations.values()))
    for key, name in _ROWS.items():
        table.add_row(name, *(_with_interval(quality[key]) for quality in populations.values()))
    for group, key, name in (
        ("top_precision", "10%", "top-10% hits"),
        ("regret", "top_1", "regret, top 1"),
        ("regret", "top_10", "regret, top 10"),
    ):
        table.add_row(name, *(_number(quality[group][key]) for quality in populations.values()))
    return table


def leaderboard_table(summary: Mapping[str, Any]) -> Table:
    """One row for each proxy: tau and Spearman over all and over reachable, cost."""
    populations = [p for p in ("all", "reachable") if p in summary["leaderboard"][0]]
    headings = ["tau, all" if population == "all" else population for population in populations]
    table = _table(
        f"{summary['space']}: proxies against {summary['benchmark']['label']}",
        words=["proxy"],
        numbers=[*headings, "rho", "top10", "s/net"],
    )
    for row in summary["leaderboard"]:
        table.add_row(
            row["proxy"],
            *(_with_interval(row[population]["kendall"]) for population in populations),
            _number(row["all"]["spearman"]),
            _number(row["all"]["top_10%"]),
            _duration(row["seconds_per_network"]),
        )
    return table


def stability_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row for each proxy and kind of variation: how far its rankings agree, and their cost."""
    table = _table(
        "Spearman between rankings of the same architectures, mean of pairs",
        words=["proxy", "between"],
        numbers=["Spearman", "pairs", "s/net"],
    )
    for row in rows:
        seconds = _duration(row["seconds_per_network"])
        table.add_row(row["proxy"], row["between"], _with_interval(row), str(row["pairs"]), seconds)
    return table


def parts_table(parts: Sequence[Mapping[str, Any]]) -> Table:
    """One row for each part of a claim: its effect with its interval, and what it says."""
    table = _table("", words=["part"], numbers=["effect", "unit", "n", "says"])
    table.columns[0].no_wrap = False  # on a narrow terminal the name gives way, not the numbers
    for part in parts:
        table.add_row(part["part"], _effect(part), part["unit"], f"{part['n']:,}", part["says"])
    return table


def sweep_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row for each claim and proxy: the verdict and its leading effect."""
    table = _table(
        "claims tested together (Holm)",
        words=["claim", "proxy", "verdict", "hold"],
        numbers=["first effect"],
    )
    for row in rows:
        table.add_row(
            row["claim"], row["proxy"], row["verdict"], row.get("holds") or "", _effect(row)
        )
    return table


def _effect(row: Mapping[str, Any]) -> str:
    if row["effect"] is None:
        return ""
    if row["low"] is None or row["low"] == row["high"]:
        return f"{row['effect']:+.2f}"
    return f"{row['effect']:+.2f} [{row['low']:.2f},{row['high']:.2f}]"


def boards_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """One row for each proxy, one column for each board."""
    proxies, boards = in_order(rows)
    found = {(row["proxy"], row["board"]): row["kendall"] for row in rows}
    table = _table("", words=["proxy"], numbers=[board.replace(", ", "\n") for board in boards])
    for proxy in proxies:
        taus = [found.get((proxy, board)) for board in boards]
        table.add_row(proxy, *("" if tau is None else f"{tau:.2f}" for tau in taus))
    return table


def validation_table(validation: Mapping[str, Any]) -> Table:
    """One row for each candidate, `*` at the one that validation picks."""
    candidates = validation["candidates"]
    measured = any(candidate["measured"] is not None for candidate in candidates)
    numbers = ["index", "score", "held out", "test", *(["table"] if measured else []), "seconds"]
    table = _table(validation["label"], words=["by proxy"], numbers=numbers)
    pick = validation["pick"]
    for candidate in candidates:
        star = "*" if pick and candidate["rank"] == pick["rank"] else ""
        table.add_row(
            f"{candidate['rank']}{star}",
            _or_empty(candidate["index"], "d"),
            f"{candidate['score']:.5g}",
            _or_empty(candidate["held_out_accuracy"], ".2f"),
            _or_empty(candidate["test_accuracy"], ".2f"),
            *([_or_empty(candidate["measured"], ".2f")] if measured else []),
            f"{candidate['seconds']:.1f}",
        )
    return table


def _or_empty(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _table(title: str, *, words: Iterable[str], numbers: Iterable[str]) -> Table:
    """Return an empty table: columns of words on the left, of numbers on the right."""
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0)
    )
    for name in words:
        table.add_column(name, no_wrap=True)
    for name in numbers:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _number(measured: Mapping[str, Any]) -> str:
    return "undefined" if measured["value"] is None else f"{measured['value']:.2f}"


def _with_interval(measured: Mapping[str, Any]) -> str:
    if measured["low"] is None or measured["low"] == measured["high"]:
        return _number(measured)
    return f"{_number(measured)} [{measured['low']:.2f},{measured['high']:.2f}]"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return "<0.01" if seconds < 0.01 else f"{seconds:.2f}"
