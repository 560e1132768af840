"""What all charts share: an empty plot, colours, legends, and what is told when pointed at."""

from typing import Any, Literal

from bokeh.models import CustomJSTickFormatter, HoverTool
from bokeh.models.renderers import DataRenderer
from bokeh.plotting import figure

BLUE, RED, GREEN, GREY = "#3b82c4", "#d1495b", "#2f9663", "#7f8a96"
COLOURS = (BLUE, RED, GREEN, "#8a63c9", "#c76a2b", "#1f9aa8", "#b8579c", "#8a8a2e", GREY)
_PER_LINE = 5
"""Entries of a legend beside each other, as many as a phone has room for."""
_LEGEND_INK = ".bk-label { color: var(--ink) !important; }"
_COMPACT = """
    const size = Math.abs(tick)
    if (size !== 0 && (size >= 1e15 || size < 1e-4)) return tick.toExponential(1)
    const shape = {notation: "compact", maximumSignificantDigits: 4}
    return new Intl.NumberFormat("en", shape).format(tick)
"""


def blank_plot(x_label: str, title: str, *, height: int, tools: str = "", **more: Any) -> figure:
    """Return an empty plot as wide as there is room; its title says what is upwards.

    `height` is in pixels, `tools` and `more` are Bokeh's.
    """
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


def tell(
    plot: figure,
    renderer: DataRenderer,
    tips: list[tuple[str, str]],
    *,
    mode: Literal["mouse", "vline"] = "mouse",
) -> None:
    """Show names and values where a reader points; `tips` are Bokeh's."""
    plot.add_tools(HoverTool(renderers=[renderer], tooltips=tips, mode=mode))


def with_legend(plot: figure) -> figure:
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
