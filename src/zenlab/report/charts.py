"""The charts of a report, made with Bokeh; their ink comes from the page, light or dark."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from bokeh.models import (
    ColumnDataSource,
    CustomJS,
    CustomJSTickFormatter,
    HoverTool,
    TapTool,
)
from bokeh.models.renderers import DataRenderer
from bokeh.plotting import figure

_BLUE, _RED, _GREEN, _GREY = "#3b82c4", "#d1495b", "#2f9663", "#7f8a96"
_COLOURS = (_BLUE, _RED, _GREEN, "#8a63c9", "#c76a2b", "#1f9aa8", "#b8579c", "#8a8a2e", _GREY)
_MARKED = 10
_PER_LINE = 5
"""Entries of a legend beside each other, as many as a phone has room for."""
_SKEWED = 1000
"""How many times the median the highest of positive scores is where a logarithm shows more."""
_LEGEND_INK = ".bk-label { color: var(--ink) !important; }"
_COMPACT = """
    const size = Math.abs(tick)
    if (size !== 0 && (size >= 1e15 || size < 1e-4)) return tick.toExponential(1)
    const shape = {notation: "compact", maximumSignificantDigits: 4}
    return new Intl.NumberFormat("en", shape).format(tick)
"""
_SHOW = "window.zenlab.show(cb_data)"


class Interval(NamedTuple):
    """A value of one thing, in one group, with bounds where they are known."""

    name: str
    group: str
    value: float
    low: float | None
    high: float | None

    @classmethod
    def of(cls, name: str, group: str, measured: Mapping[str, Any]) -> "Interval":
        """Return the interval of a correlation as a summary holds it."""
        return cls(name, group, measured["value"], measured.get("low"), measured.get("high"))


def scatter_chart(rows: pd.DataFrame, measured: str, *, score: str, label: str) -> figure:
    """Chart the column `measured` against `score`; the best ten are ringed.

    `rows` begin with the best. The dead, at minus infinity, stand at the left end in grey. The
    page's script is told the place in `rows` of what is pointed at.
    """
    scores = rows["score"].to_numpy(dtype=float)
    heights = rows[measured].to_numpy(dtype=float)
    live = np.isfinite(scores)
    logarithmic = _is_skewed(scores[live])
    plot = _plot(
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
        _dots(plot, scores[live], heights[live], places[live], size, _BLUE, alpha, "live")
    ]
    if not live.all():
        left = _left_of(scores[live], logarithmic=logarithmic)
        dead = places[~live]
        drawn.append(
            _dots(plot, np.full(len(dead), left), heights[dead], dead, 6, _GREY, 0.6, "dead")
        )
    best = places[live][:_MARKED]
    plot.scatter(
        scores[best],
        heights[best],
        size=11,
        fill_color=None,
        line_color=_RED,
        line_width=2,
        legend_label=f"best {len(best)}",
    )
    callback = CustomJS(code=_SHOW)
    plot.add_tools(
        HoverTool(renderers=drawn, tooltips=None, callback=callback),
        TapTool(renderers=drawn, behavior="inspect", callback=callback),
    )
    return _with_legend(plot)


def intervals_chart(intervals: Sequence[Interval], label: str) -> figure:
    """Chart values with their intervals, one line for each name, one colour for each group."""
    names = list(dict.fromkeys(interval.name for interval in intervals))
    groups = list(dict.fromkeys(interval.group for interval in intervals))
    plot = _plot("", label, height=110 + 34 * len(names), y_range=names[::-1])
    plot.ygrid.grid_line_color = None
    plot.line([0, 0], [0, len(names)], line_color=_GREY, line_dash="dashed")
    apart = 0.5 / len(groups)
    for place, group in enumerate(groups):
        own = [interval for interval in intervals if interval.group == group]
        offset = apart * ((len(groups) - 1) / 2 - place)
        source = ColumnDataSource(
            {
                "at": [(interval.name, offset) for interval in own],
                "name": [interval.name for interval in own],
                "value": [interval.value for interval in own],
                "low": [i.value if i.low is None else i.low for i in own],
                "high": [i.value if i.high is None else i.high for i in own],
            }
        )
        colour = _COLOURS[place % len(_COLOURS)]
        plot.segment("low", "at", "high", "at", source=source, line_width=2, line_color=colour)
        dots = plot.scatter("value", "at", source=source, size=9, color=colour, legend_label=group)
        tips = [(group, "@name"), ("value", "@value{0.000}"), ("95 %", "@low{0.000}, @high{0.000}")]
        plot.add_tools(HoverTool(renderers=[dots], tooltips=tips))
    return _with_legend(plot)


def steps_chart(rises: pd.DataFrame, column: str, end: int, *, label: str) -> figure:
    """Chart what the best by score has in a column, after each evaluation up to `end`."""
    known = rises[np.isfinite(rises[column].astype(float))]
    levels = known[column].to_numpy(dtype=float)
    plot = _plot("evaluations", label, height=240)
    x = np.append(known["evaluation"].to_numpy(dtype=float), end)
    y = np.append(levels, levels[-1:]) if len(levels) else np.array([np.nan])
    line = plot.step(x, y, mode="after", line_width=2, line_color=_BLUE)
    _tell(plot, line, [("evaluation", "@x{0,0}"), (label, "@y{0.000}")], mode="vline")
    return plot


def front_chart(front: pd.DataFrame, objective: str) -> figure:
    """Chart the Pareto front of a search: score against `objective`."""
    plot = _plot(objective, "score", height=280)
    source = ColumnDataSource(
        {"cost": front[objective].astype(float), "score": front["score"].astype(float)}
    )
    plot.step("cost", "score", source=source, mode="after", line_color=_RED, line_width=2)
    dots = plot.scatter("cost", "score", source=source, size=8, color=_RED)
    _tell(plot, dots, [(objective, "@cost{0,0}"), ("score", "@score{0.000}")])
    return plot


def epochs_chart(
    curves: Mapping[str, Mapping[int, float]], label: str, *, picked: str | None
) -> figure:
    """Chart a quantity over epochs, one line for each candidate; the one picked is thicker."""
    plot = _plot("epoch", label, height=280)
    for place, (name, curve) in enumerate(curves.items()):
        source = ColumnDataSource(
            {"epoch": list(curve), "value": list(curve.values()), "name": [name] * len(curve)}
        )
        look: dict[str, Any] = {
            "color": _COLOURS[place % len(_COLOURS)],
            "legend_label": name,
            "source": source,
        }
        plot.line("epoch", "value", line_width=4 if name == picked else 1.6, **look)
        dots = plot.scatter("epoch", "value", size=5, **look)
        _tell(plot, dots, [("candidate", "@name"), ("epoch", "@epoch"), (label, "@value{0.000}")])
    return _with_legend(plot)


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
        hover_color=_RED,
        hover_alpha=1.0,
        legend_label=f"{len(x):,} {legend}",
    )


def _plot(x_label: str, title: str, *, height: int, tools: str = "", **more: Any) -> figure:
    """Return an empty plot as wide as there is room; its title says what is upwards."""
    plot = figure(
        height=height,
        sizing_mode="stretch_width",
        tools=tools,
        title=title,
        x_axis_label=x_label,
        toolbar_location=None,
        active_drag=None,
        **more,
    )
    plot.toolbar.logo = None
    plot.min_border_right = 12
    if "y_range" not in more:
        plot.xaxis.formatter = CustomJSTickFormatter(code=_COMPACT)
    return plot


def _tell(
    plot: figure,
    renderer: DataRenderer,
    tips: list[tuple[str, str]],
    *,
    mode: Literal["mouse", "vline"] = "mouse",
) -> None:
    plot.add_tools(HoverTool(renderers=[renderer], tooltips=tips, mode=mode))


def _with_legend(plot: figure) -> figure:
    """Put the legend above the plot, where it hides nothing, and let a click hide what it names."""
    legend = plot.legend[0]
    plot.add_layout(legend, "above")
    legend.orientation = "horizontal"
    legend.click_policy = "hide"
    legend.location = "top_left"
    legend.ncols = min(len(legend.items), _PER_LINE)
    legend.update(padding=2, margin=2)
    legend.background_fill_color = legend.border_line_color = None
    legend.stylesheets = [_LEGEND_INK]
    return plot


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
