"""The page of a run of several proxies: which one ranks best, and how sure that is."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zenlab.core import Space
from zenlab.report.page import Page
from zenlab.report.results import best_rows
from zenlab.report.sections.closing import closing_sections, remarks_section
from zenlab.report.sections.leaderboard import leaderboard_section, members_section
from zenlab.report.sections.scores import best_section, quality_section, scatter_section
from zenlab.report.sections.verdicts import verdicts_section
from zenlab.report.sections.words import interval, rounded


def comparison_page(
    summary: Mapping[str, Any],
    rows: pd.DataFrame,
    config_yaml: str,
    space: Space,
    *,
    overrides: Sequence[str] = (),
) -> Page:
    """Return the page of a run of several proxies; see `run_page`.

    The scatter and the best architectures are those of the proxy with the highest tau or, without
    accuracies, of the first one.
    """
    board = summary.get("leaderboard", [])
    leader = board[0]["proxy"] if board else next(iter(summary["members"]))
    label = summary["benchmark"]["label"] if "benchmark" in summary else None
    own = rows.rename(columns={leader: "score", f"{leader}_error": "error"})
    quality = summary["members"][leader].get("correlation", {})
    told = summary.get("interval", "")
    return Page(
        title=f"{summary['proxy']} on {summary['space']}",
        question=_question(summary),
        answer=_answer(summary, board),
        facts=_facts(summary),
        sections=[
            leaderboard_section(board, told) if board else members_section(summary["members"]),
            verdicts_section(summary.get("verdicts", [])),
            scatter_section(own, space, proxy=leader, accuracy=label),
            quality_section(quality, told, of=leader),
            best_section(best_rows(own), space, {}, of=leader),
            remarks_section({**summary, "failures": _failures(summary["members"])}),
            *closing_sections(config_yaml, overrides),
        ],
    )


def _question(summary: Mapping[str, Any]) -> str:
    count = len(summary["members"])
    if "leaderboard" in summary:
        return f"Which of {count} proxies ranks the networks of {summary['space']} best?"
    return f"How do {count} proxies score the networks of {summary['space']}?"


def _answer(summary: Mapping[str, Any], board: Sequence[Mapping[str, Any]]) -> str:
    if not board:
        return (
            f"{summary['architectures']:,} architectures were scored; without accuracies nothing "
            f"is said of how well."
        )
    first = board[0]["all"]["kendall"]
    if first["value"] is None:
        return f"Undecided: no tau is defined, for {first.get('reason', 'no reason given')}."
    words = " ".join(filter(None, [rounded(first["value"]), interval(first)]))
    rivals = sum(_overlap(first, row["all"]["kendall"]) for row in board[1:])
    others = f"; the intervals of {rivals} others reach into its own" if rivals else ""
    return (
        f"{board[0]['proxy']}: its Kendall's tau is {words} over {board[0]['all']['n']:,} "
        f"architectures{others}."
    )


def _overlap(first: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    known = first.get("low") is not None and other.get("high") is not None
    return bool(known and other["high"] >= first["low"])


def _facts(summary: Mapping[str, Any]) -> dict[str, str]:
    return {
        "space": summary["space"],
        "proxies": f"{len(summary['members'])}",
        "searcher": summary["searcher"],
        "input": summary["input"],
        "accuracies": summary.get("benchmark", {}).get("name", "none"),
        "architectures": f"{summary['architectures']:,} of {summary['population']}",
        "dead": f"{summary['dead']:,}",
        "failed scores": f"{summary['failed']:,}",
        "taken from the store": f"{summary['reused']:,}",
        "seconds of scoring": f"{summary['scoring_seconds']:,.1f}",
        "hardware": summary["hardware"],
        "seed": str(summary["seed"]),
    }


def _failures(members: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [
        f"{name}: {reason}" for name, member in members.items() for reason in member["failures"]
    ]
