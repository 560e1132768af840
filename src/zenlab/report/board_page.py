"""The page of leaderboards: how well each proxy ranks on each board, and what it costs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zenlab.report.boards import in_order, mean_tau
from zenlab.report.charts.heat_map import Field, heat_map
from zenlab.report.page import Cell, Chart, Page, Section, Table
from zenlab.report.sections.closing import closing_sections, remarks_section
from zenlab.report.sections.words import interval, rounded, seconds

Row = Mapping[str, Any]

_NAMED = 3  # proxies in the answer

_BRACKETS = "brackets: 95 % bootstrap interval over networks"


def board_page(
    summary: Mapping[str, Any], config_yaml: str, *, overrides: Sequence[str] = ()
) -> Page:
    """Return the page of leaderboards.

    Args:
        summary: `boards`, the rows of `leaderboard.csv`; `failures`, why boards are left out; and
            `seed`.
        config_yaml: the whole config, for the reader.
        overrides: what was written on the command line.
    """
    rows = summary["boards"]
    proxies, boards = in_order(rows)
    failures = [f"{board} is left out: {why}" for board, why in summary["failures"].items()]
    return Page(
        title=f"{len(proxies)} proxies on {len(boards)} boards",
        question="Which proxies rank networks as training does, and where?",
        answer=_answer(rows, proxies, boards),
        facts={
            "proxies": str(len(proxies)),
            "boards": str(len(boards)),
            "networks each": ", ".join(f"{n:,}" for n in sorted({row["n"] for row in rows})),
            "seed": str(summary["seed"]),
        },
        sections=[
            _map_section(rows, proxies, boards),
            Section(
                "The numbers",
                tables=[
                    _table(rows, f"Kendall's tau-b; {_BRACKETS}", _cell_of("kendall")),
                    _table(rows, f"Spearman's rho; {_BRACKETS}", _cell_of("spearman")),
                    _table(
                        rows,
                        "share of the best tenth by score that is of the best tenth by accuracy",
                        lambda row: Cell(rounded(row["top_10%_precision"])),
                    ),
                    _table(
                        rows,
                        "seconds per network, median",
                        lambda row: Cell(seconds(row["seconds_per_network"])),
                    ),
                ],
            ),
            Section("The boards", text=_measured(rows)),
            remarks_section({"failures": [*failures, *_failed(rows)]}),
            *closing_sections(config_yaml, overrides),
        ],
    )


def _answer(rows: Sequence[Row], proxies: Sequence[str], boards: Sequence[str]) -> str:
    best = {board: _leader([row for row in rows if row["board"] == board]) for board in boards}
    leaders = "; ".join(f"{board}: {leader}" for board, leader in best.items())
    means = ", ".join(f"{proxy} {mean_tau(rows, proxy):.2f}" for proxy in proxies[:_NAMED])
    return f"The highest mean taus over all boards: {means}. The highest on each: {leaders}."


def _leader(rows: Sequence[Row]) -> str:
    known = [row for row in rows if row["kendall"] is not None]
    if not known:
        return "none"
    first = max(known, key=lambda row: row["kendall"])
    return f"{first['proxy']} {first['kendall']:.2f} {_interval(first)}".strip()


def _map_section(rows: Sequence[Row], proxies: Sequence[str], boards: Sequence[str]) -> Section:
    found = {(row["proxy"], row["board"]): row for row in rows if row["kendall"] is not None}
    fields = [
        Field(proxy, board, found[proxy, board]["kendall"], _interval(found[proxy, board]))
        for proxy in proxies
        for board in boards
        if (proxy, board) in found
    ]
    alt = (
        f"Kendall's tau of {len(proxies)} proxies on {len(boards)} boards, as colours; the first "
        f"table below has the numbers."
    )
    label = "Kendall's tau-b"
    charts = [Chart(heat_map(fields, label), alt, "The highest mean tau on top.")] if fields else []
    return Section("Where each proxy ranks well", charts=charts)


def _table(rows: Sequence[Row], caption: str, cell: Callable[[Row], Cell]) -> Table:
    proxies, boards = in_order(rows)
    found = {(row["proxy"], row["board"]): cell(row) for row in rows}
    lines = [
        [Cell(proxy), *(found.get((proxy, board), Cell("")) for board in boards)]
        for proxy in proxies
    ]
    return Table(caption, ["proxy", *boards], lines)


def _cell_of(name: str) -> Callable[[Row], Cell]:
    """Return what makes a cell of a correlation and its interval."""

    def cell(row: Row) -> Cell:
        if row[name] is None:
            return Cell("undefined")
        return Cell(rounded(row[name]), _interval(row, name))

    return cell


def _interval(row: Row, name: str = "kendall") -> str:
    return interval({"low": row[f"{name}_low"], "high": row[f"{name}_high"]})


def _measured(rows: Sequence[Row]) -> list[str]:
    labels = {row["board"]: row["measured"] for row in rows}
    return [f"{board}: {label}" for board, label in labels.items()]


def _failed(rows: Sequence[Row]) -> list[str]:
    return [
        f"{row['board']}: {row['failed']:,} scores of {row['proxy']} failed"
        for row in rows
        if row["failed"]
    ]
