"""What a search found: how the best score grew, and the Pareto front."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from zenlab.report.charts.curves import front_chart, steps_chart
from zenlab.report.page import Chart, Section


def search_section(search: Mapping[str, Any], rises: pd.DataFrame | None, measured: str) -> Section:
    """Return the curve of a search and its front.

    `rises` are the columns of `search.csv`; `measured` names their `accuracy`.
    """
    charts = []
    text = []
    if rises is not None and len(rises):
        last = int(rises["evaluation"].max())
        end = int(search.get("evaluations", last))
        text = [f"{end:,} evaluations; the best was found by evaluation {last:,}."]
        charts = [_curve(rises, "score", end, "best score")]
        if rises["accuracy"].notna().any():
            accuracy = _curve(rises, "accuracy", end, "accuracy of the best by score")
            charts.append(replace(accuracy, caption=measured))
    if front := search.get("front", []):
        charts.append(_front(pd.DataFrame(front), search["objective"]))
    return Section("The search", text=text, charts=charts)


def _curve(rises: pd.DataFrame, column: str, end: int, label: str) -> Chart:
    first, last = (f"{rises[column].dropna().iloc[place]:.5g}" for place in (0, -1))
    return Chart(
        steps_chart(rises, column, end, label=label),
        alt=f"{label} over {end:,} evaluations, from {first} to {last}.",
    )


def _front(front: pd.DataFrame, objective: str) -> Chart:
    return Chart(
        front_chart(front, objective),
        alt=f"Pareto front of score against {objective}: {len(front)} architectures.",
        caption=f"The front: no architecture scores more with as many {objective} or less.",
    )
