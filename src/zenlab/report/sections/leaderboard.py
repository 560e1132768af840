"""Proxies side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from zenlab.report.charts.intervals import Interval
from zenlab.report.page import Cell, Section, Table
from zenlab.report.sections.intervals import interval_charts
from zenlab.report.sections.words import rounded, seconds, with_interval

_CHARTED = ("all", "reachable")


def leaderboard_section(rows: Sequence[Mapping[str, Any]], interval: str) -> Section:
    """Return Kendall's tau of each proxy as a chart, and tau, hits and cost as a table.

    `rows` are those of the summary's leaderboard, the best first.
    """
    if not rows:
        return Section("Leaderboard")
    populations = [name for name in _CHARTED if name in rows[0]]
    intervals = [
        Interval.of(row["proxy"], f"{name} ({row[name]['n']:,})", row[name]["kendall"])
        for row in rows
        for name in populations
        if row[name]["kendall"]["value"] is not None
    ]
    alt = (
        f"Kendall's tau of {len(rows)} proxies with its interval; the table below has the numbers."
    )
    label = "Kendall's tau-b with measured accuracy"
    table = Table(
        interval,
        ["proxy", *(f"tau, {name}" for name in populations), "rho, all", "top-10 %", "s/network"],
        [_row(row, populations) for row in rows],
    )
    return Section("Leaderboard", charts=interval_charts(intervals, label, alt=alt), tables=[table])


def members_section(members: Mapping[str, Mapping[str, Any]]) -> Section:
    """Return what each proxy costs and where it failed, for runs without accuracies."""
    rows = [
        [
            Cell(name, member["kind"]),
            Cell(seconds(member["seconds_per_network"])),
            Cell(f"{member['failed']:,}"),
        ]
        for name, member in members.items()
    ]
    table = Table("median over the networks scored", ["proxy", "s/network", "failed"], rows)
    return Section("Proxies", tables=[table])


def _row(row: Mapping[str, Any], populations: Sequence[str]) -> list[Cell]:
    return [
        Cell(row["proxy"]),
        *(with_interval(row[name]["kendall"]) for name in populations),
        Cell(rounded(row["all"]["spearman"]["value"])),
        Cell(rounded(row["all"]["top_10%"]["value"])),
        Cell(seconds(row["seconds_per_network"])),
    ]
