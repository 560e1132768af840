"""Charts of what grows or falls: searches, Pareto fronts, trainings and re-ranking."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from bokeh.models import ColumnDataSource
from bokeh.plotting import figure

from zenlab.report.charts.plot import BLUE, COLOURS, GREY, RED, blank_plot, tell, with_legend


def steps_chart(rises: pd.DataFrame, column: str, end: int, *, label: str) -> figure:
    """Chart what the best by score has in a column, after each evaluation up to `end`."""
    known = rises[np.isfinite(rises[column].astype(float))]
    levels = known[column].to_numpy(dtype=float)
    plot = blank_plot("evaluations", label, height=240)
    x = np.append(known["evaluation"].to_numpy(dtype=float), end)
    y = np.append(levels, levels[-1:]) if len(levels) else np.array([np.nan])
    line = plot.step(x, y, mode="after", line_width=2, line_color=BLUE)
    tell(plot, line, [("evaluation", "@x{0,0}"), (label, "@y{0.000}")], mode="vline")
    return plot


def front_chart(front: pd.DataFrame, objective: str) -> figure:
    """Chart the Pareto front of a search: score against `objective`."""
    plot = blank_plot(objective, "score", height=280)
    source = ColumnDataSource(
        {"cost": front[objective].astype(float), "score": front["score"].astype(float)}
    )
    plot.step("cost", "score", source=source, mode="after", line_color=RED, line_width=2)
    dots = plot.scatter("cost", "score", source=source, size=8, color=RED)
    tell(plot, dots, [(objective, "@cost{0,0}"), ("score", "@score{0.000}")])
    return plot


def epochs_chart(
    curves: Mapping[str, Mapping[int, float]], label: str, *, picked: str | None
) -> figure:
    """Chart a quantity over epochs, one line for each candidate; the one picked is thicker."""
    plot = blank_plot("epoch", label, height=280)
    for place, (name, curve) in enumerate(curves.items()):
        source = ColumnDataSource(
            {"epoch": list(curve), "value": list(curve.values()), "name": [name] * len(curve)}
        )
        look: dict[str, Any] = {
            "color": COLOURS[place % len(COLOURS)],
            "legend_label": name,
            "source": source,
        }
        plot.line("epoch", "value", line_width=4 if name == picked else 1.6, **look)
        dots = plot.scatter("epoch", "value", size=5, **look)
        tell(plot, dots, [("candidate", "@name"), ("epoch", "@epoch"), (label, "@value{0.000}")])
    return with_legend(plot)


def reranking_chart(rows: Sequence[Mapping[str, Any]], epochs: int, label: str) -> figure:
    """Chart the regret of picking among more and more candidates, each trained for `epochs`.

    `rows` hold `candidates`, `regret` with `low` and `high`, and `random_regret`; `label` says of
    which accuracy.
    """
    counts = [row["candidates"] for row in rows]
    plot = blank_plot(
        f"candidates trained for {epochs} epochs", f"regret: {label}", height=300, x_axis_type="log"
    )
    plot.xaxis.ticker = counts
    source = ColumnDataSource({column: [row[column] for row in rows] for column in rows[0]})
    plot.varea("candidates", "low", "high", source=source, color=BLUE, alpha=0.18)
    for column, legend, colour, dash in (
        ("regret", "best by score", BLUE, "solid"),
        ("random_regret", "random", GREY, "dashed"),
    ):
        look: dict[str, Any] = {"color": colour, "legend_label": legend, "source": source}
        plot.line("candidates", column, line_width=2, line_dash=dash, **look)
        dots = plot.scatter("candidates", column, size=7, **look)
        tips = [("candidates", "@candidates"), (f"regret, {legend}", f"@{column}{{0.00}}")]
        tell(plot, dots, tips)
    return with_legend(plot)
