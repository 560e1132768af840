"""A chart of values with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from bokeh.models import ColumnDataSource, HoverTool
from bokeh.plotting import figure

from zenlab.report.charts.plot import COLOURS, GREY, blank_plot, with_legend


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


def intervals_chart(intervals: Sequence[Interval], label: str) -> figure:
    """Chart values with their intervals, one line for each name, one colour for each group."""
    names = list(dict.fromkeys(interval.name for interval in intervals))
    groups = list(dict.fromkeys(interval.group for interval in intervals))
    plot = blank_plot("", label, height=110 + 34 * len(names), y_range=names[::-1])
    plot.ygrid.grid_line_color = None
    plot.line([0, 0], [0, len(names)], line_color=GREY, line_dash="dashed")
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
        colour = COLOURS[place % len(COLOURS)]
        plot.segment("low", "at", "high", "at", source=source, line_width=2, line_color=colour)
        dots = plot.scatter("value", "at", source=source, size=9, color=colour, legend_label=group)
        tips = [(group, "@name"), ("value", "@value{0.000}"), ("95 %", "@low{0.000}, @high{0.000}")]
        plot.add_tools(HoverTool(renderers=[dots], tooltips=tips))
    return with_legend(plot)
