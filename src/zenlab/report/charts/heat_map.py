"""A chart of one number for each row and column, as colours."""

from collections.abc import Sequence
from typing import NamedTuple

from bokeh.models import ColumnDataSource
from bokeh.palettes import RdBu11
from bokeh.plotting import figure
from bokeh.transform import linear_cmap

from zenlab.report.charts.plot import blank_plot, tell

_MOST = 0.8  # where the colours end
_PALE = 0.45  # up to which dark ink is readable


class Field(NamedTuple):
    """A value between -1 and 1 at a row and a column, with what is told of it besides."""

    row: str
    column: str
    value: float
    told: str


def heat_map(fields: Sequence[Field], label: str) -> figure:
    """Chart fields, the first row on top; what has no field stays empty."""
    rows = list(dict.fromkeys(field.row for field in fields))
    columns = list(dict.fromkeys(field.column for field in fields))
    plot = blank_plot("", label, height=90 + 30 * len(rows), x_range=columns, y_range=rows[::-1])
    plot.xaxis.major_label_orientation = 0.4
    plot.grid.grid_line_color = None
    source = ColumnDataSource(
        {
            "row": [field.row for field in fields],
            "column": [field.column for field in fields],
            "value": [field.value for field in fields],
            "shown": [f"{field.value:.2f}" for field in fields],
            "told": [field.told for field in fields],
            "ink": ["#111" if abs(field.value) < _PALE else "#fff" for field in fields],
        }
    )
    colour = linear_cmap("value", RdBu11[::-1], low=-_MOST, high=_MOST)  # the lowest is red
    tiles = plot.rect("column", "row", 0.97, 0.92, source=source, color=colour)
    plot.text(
        "column",
        "row",
        text="shown",
        source=source,
        text_align="center",
        text_baseline="middle",
        text_color="ink",
        text_font_size="12px",
    )
    tell(plot, tiles, [("proxy", "@row"), ("board", "@column"), (label, "@shown @told")])
    return plot
