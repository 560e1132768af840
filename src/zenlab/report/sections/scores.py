"""Scores against accuracies, how well they rank, and the best architectures."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zenlab.core import Space
from zenlab.report.charts.intervals import Interval
from zenlab.report.charts.scatter import scatter_chart
from zenlab.report.drawings import draw
from zenlab.report.page import Card, Cell, Chart, Section, Table
from zenlab.report.points import choose, pack
from zenlab.report.sections.intervals import interval_charts
from zenlab.report.sections.words import number, rounded, with_interval

_CORRELATIONS = {
    "kendall": "Kendall tau-b",
    "spearman": "Spearman rho",
    "pearson": "Pearson r",
    "weighted_kendall": "weighted tau",
}
_OUTCOMES = {
    "top-10 % hits": ("top_precision", "10%"),
    "regret, top 1": ("regret", "top_1"),
    "regret, top 10": ("regret", "top_10"),
}
_CHARTED = ("kendall", "spearman")


def scatter_section(
    rows: pd.DataFrame, space: Space, *, proxy: str, accuracy: str | None
) -> Section:
    """Return scores against accuracies or, where none is known, against params.

    `rows` have `genotype`, `score`, `error` and `accuracy`, which `accuracy` names.
    """
    scored = rows[rows["error"].isna()]
    if accuracy:
        scored = scored[scored["accuracy"].notna()]
    if scored.empty:
        return Section("Scores")
    shown = choose(scored)
    measured, label = ("accuracy", accuracy) if accuracy else ("params", "params")
    if not accuracy:
        described = [space.describe(space.parse(text)) for text in shown["genotype"]]
        shown = shown.assign(params=[numbers["params"] for numbers in described])
    chart = Chart(
        scatter_chart(shown, measured, score=f"score of {proxy}", label=label),
        alt=f"Scatter of {label} against the score of {proxy}: {len(shown):,} architectures.",
        caption=_shown(len(shown), len(scored)),
        points=pack(space, shown, measured, label),
    )
    return Section("Scores and accuracies" if accuracy else "Scores and sizes", charts=[chart])


def quality_section(correlation: Mapping[str, Any], interval: str, *, of: str = "") -> Section:
    """Return the rank correlations and outcomes of each population, as a chart and a table."""
    title = f"Rank quality of {of} by stratum" if of else "Rank quality by stratum"
    if not correlation:
        return Section(title)
    intervals = [
        Interval.of(f"{name} ({quality['n']:,})", _CORRELATIONS[key], quality[key])
        for name, quality in correlation.items()
        for key in _CHARTED
        if quality[key]["value"] is not None
    ]
    label = "correlation of scores and accuracies"
    alt = "Kendall's tau and Spearman's rho of each stratum; the table below has the numbers."
    table = Table(
        caption=f"{interval}; chance: what random scores would reach",
        columns=["", *correlation],
        rows=[
            [Cell("architectures"), *(Cell(f"{q['n']:,}") for q in correlation.values())],
            *_correlation_rows(correlation),
            *_outcome_rows(correlation),
        ],
    )
    return Section(title, charts=interval_charts(intervals, label, alt=alt), tables=[table])


def best_section(
    top: Sequence[Mapping[str, Any]],
    space: Space,
    trained: Mapping[str, Mapping[str, Any]],
    *,
    of: str = "",
) -> Section:
    """Return a card with a drawing for each of the best; `trained` has candidates by genotype."""
    cards = []
    for place, row in enumerate(top, 1):
        genotype = space.parse(row["genotype"])
        facts = _facts(row, space.describe(genotype), trained.get(genotype, {}))
        drawing = draw(space, genotype)
        cards.append(Card(f"{place}", drawing=drawing, facts=facts, code=row["genotype"]))
    return Section(f"Best by the score of {of}" if of else "Best by score", cards=cards)


def _shown(shown: int, scored: int) -> str:
    if shown == scored:
        return f"All {scored:,} architectures."
    return (
        f"{shown:,} of {scored:,} architectures: the higher half of them are the highest scores, "
        f"the others are drawn from the rest."
    )


def _correlation_rows(correlation: Mapping[str, Any]) -> list[list[Cell]]:
    return [
        [Cell(name), *(with_interval(quality[key]) for quality in correlation.values())]
        for key, name in _CORRELATIONS.items()
    ]


def _outcome_rows(correlation: Mapping[str, Any]) -> list[list[Cell]]:
    return [
        [Cell(name), *(_outcome(quality[group][key]) for quality in correlation.values())]
        for name, (group, key) in _OUTCOMES.items()
    ]


def _outcome(found: Mapping[str, Any]) -> Cell:
    if found["value"] is None:
        return Cell("undefined", str(found.get("reason", "")))
    return Cell(rounded(found["value"]), f"chance {rounded(found['chance'])}")


def _facts(
    row: Mapping[str, Any], described: Mapping[str, float], trained: Mapping[str, Any]
) -> dict[str, str]:
    facts = {
        "score": number(row["score"]),
        "measured": rounded(row.get("accuracy")),
        "trained, test": rounded(trained.get("test_accuracy")),
        "params": f"{described['params']:,.0f}",
        "FLOPs": f"{described['flops']:,.0f}",
        "index": "" if row.get("index") is None else str(row["index"]),
    }
    return {name: value for name, value in facts.items() if value}
