"""Numbers as a reader wants them."""

from collections.abc import Mapping
from typing import Any

from zenlab.report.page import Cell


def number(value: float | None) -> str:
    """Return five digits of a number, more of a large one; nothing for None."""
    if value is None:
        return ""
    value = float(value)
    if value == float("-inf"):
        return "-∞"
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.5g}"


def rounded(value: float | None, places: int = 2) -> str:
    """Return a number with so many decimals; nothing for None."""
    return "" if value is None else f"{value:.{places}f}"


def signed(value: float | None) -> str:
    """Return an effect with its sign and two decimals; nothing for None."""
    return "" if value is None else f"{value:+.2f}"


def seconds(value: float | None) -> str:
    """Return three digits of a duration; nothing for None."""
    return "" if value is None else f"{value:.3g}"


def with_interval(measured: Mapping[str, Any]) -> Cell:
    """Return a value, and its interval as a note; what is undefined says why."""
    if measured["value"] is None:
        return Cell("undefined", str(measured.get("reason", "")))
    return Cell(rounded(measured["value"]), interval(measured))


def interval(measured: Mapping[str, Any]) -> str:
    """Return the interval in brackets; nothing where there is none."""
    low, high = measured.get("low"), measured.get("high")
    return "" if low is None or low == high else f"[{low:.2f}, {high:.2f}]"
