"""A chart of scores against accuracies."""

import numpy as np
import pandas as pd
from bokeh.models import ColumnDataSource, CustomJS, HoverTool, TapTool
from bokeh.models.renderers import DataRenderer
from bokeh.plotting import figure

from zenlab.report.charts.plot import BLUE, GREY, RED, blank_plot, with_legend

_MARKED = 10
_SKEWED = 1000
"""How many times the median the highest of positive scores is where a logarithm shows more."""
_SHOW = "window.zenlab.show(cb_data)"


def scatter_chart(rows: pd.DataFrame, measured: str, *, score: str, label: str) -> figure:
    """Chart the column `measured` against `score`; the best ten are ringed.

    `rows` begin with the best. The dead, at minus infinity, stand at the left end in grey. The
    page's script is told the place in `rows` of what is pointed at.
    """
    scores = rows["score"].to_numpy(dtype=float)
    heights = rows[measured].to_numpy(dtype=float)
    live = np.isfinite(scores)
    logarithmic = _is_skewed(scores[live])
    plot = blank_plot(
        score,
        label,
        height=420,
        x_axis_type="log" if logarithmic else "linear",
        tools="pan,box_zoom,wheel_zoom,reset,save",
    )
    plot.toolbar_location = "right"
    places = np.arange(len(rows))
    alpha = 0.75 if len(rows) < 2000 else 0.4
    size = 7 if len(rows) < 2000 else 4
    drawn: list[DataRenderer] = [
        _dots(plot, scores[live], heights[live], places[live], size, BLUE, alpha, "live")
    ]
    if not live.all():
        left = _left_of(scores[live], logarithmic=logarithmic)
        dead = places[~live]
        drawn.append(
            _dots(plot, np.full(len(dead), left), heights[dead], dead, 6, GREY, 0.6, "dead")
        )
    best = places[live][:_MARKED]
    plot.scatter(
        scores[best],
        heights[best],
        size=11,
        fill_color=None,
        line_color=RED,
        line_width=2,
        legend_label=f"best {len(best)}",
    )
    callback = CustomJS(code=_SHOW)
    plot.add_tools(
        HoverTool(renderers=drawn, tooltips=None, callback=callback),
        TapTool(renderers=drawn, behavior="inspect", callback=callback),
    )
    return with_legend(plot)


def _dots(
    plot: figure,
    x: np.ndarray,
    y: np.ndarray,
    places: np.ndarray,
    size: int,
    colour: str,
    alpha: float,
    legend: str,
) -> DataRenderer:
    return plot.scatter(
        "x",
        "y",
        source=ColumnDataSource({"x": x, "y": y, "place": places.astype(np.int32)}),
        size=size,
        color=colour,
        alpha=alpha,
        line_color=None,
        hover_color=RED,
        hover_alpha=1.0,
        legend_label=f"{len(x):,} {legend}",
    )


def _is_skewed(scores: np.ndarray) -> bool:
    return bool(
        len(scores) and scores.min() > 0 and scores.max() > _SKEWED * float(np.median(scores))
    )


def _left_of(scores: np.ndarray, *, logarithmic: bool) -> float:
    """Return where the dead stand: a little to the left of all others."""
    if not len(scores):
        return 0.0
    low, high = float(scores.min()), float(scores.max())
    if logarithmic:
        return float(low / (high / low) ** 0.06)
    return low - 0.06 * ((high - low) or 1.0)
