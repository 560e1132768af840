"""A chart of intervals, where there are any."""

from collections.abc import Sequence

from zenlab.report.charts.intervals import Interval, intervals_chart
from zenlab.report.page import Chart


def interval_charts(intervals: Sequence[Interval], label: str, *, alt: str) -> list[Chart]:
    """Return the chart, or nothing where all values are undefined."""
    return [Chart(intervals_chart(intervals, label), alt=alt)] if intervals else []
