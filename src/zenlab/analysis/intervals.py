"""Correlations with their 95 % intervals: over the space, over seeds, or exact.

docs/statistics.md says what each interval is an interval of, and how far it can be trusted.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from zenlab.analysis.correlation import kendall, pearson, spearman, weighted_kendall
from zenlab.analysis.ranked import Floats, Ranked
from zenlab.analysis.variants import Statistic, defined, evaluate, middle, resample, reseed

Bounds = tuple[float, float] | str
"""Low and high, or the reason why there are none."""

CORRELATIONS: Mapping[str, Statistic] = MappingProxyType(
    {
        "kendall": kendall,
        "spearman": spearman,
        "pearson": pearson,
        "weighted_kendall": weighted_kendall,
    }
)

_ROWS = 3  # two rows correlate perfectly, whatever they are
_BOOTSTRAP_ROWS = 10
_WEIGHTED_ROWS = 2_000

_EXACT = "exact: every architecture scored, and the proxy is not random"
_TOO_SLOW = f"only a value above {_WEIGHTED_ROWS:,} rows: drawing it takes too long"
_NOISE_UNKNOWN = (
    "every architecture was scored, but by a random proxy and without standard errors; "
    "set proxy.repeats to 2 or more"
)


def correlations(
    rows: Ranked, *, complete: bool, noisy: bool, draws: int, rng: np.random.Generator
) -> dict[str, Any]:
    """Return each correlation with its bounds, and what these are an interval of."""
    undefined = {name: _why_undefined(name, rows) for name in CORRELATIONS}
    values = {name: CORRELATIONS[name](rows) for name, reason in undefined.items() if not reason}
    interval_of, bounds = _bounds(rows, values, complete, noisy, draws, rng)
    entries = {
        name: _entry(values.get(name), undefined[name] or bounds.get(name, _TOO_SLOW))
        for name in CORRELATIONS
    }
    entries["pearson"]["n"] = int(np.isfinite(rows.scores).sum())
    if interval_of == "space" and entries["weighted_kendall"]["low"] is not None:
        # Its value depends on how many rows compete for the top places.
        entries["weighted_kendall"]["interval_of"] = f"samples of {len(rows):,}"
    if interval_of is None or entries["kendall"]["low"] is None:
        return {"interval_of": None, "reason": entries["kendall"].get("reason", _EXACT), **entries}
    return {"interval_of": interval_of, **entries}


def _bounds(
    rows: Ranked,
    values: Mapping[str, float],
    complete: bool,
    noisy: bool,
    draws: int,
    rng: np.random.Generator,
) -> tuple[str | None, dict[str, Bounds]]:
    """What the bounds are of, and those of each value, unless it takes too long to draw."""
    if not complete:
        return "space", _over_space(rows, values, draws, rng)
    if not noisy:
        return None, {name: (value, value) for name, value in values.items()}
    if np.isnan(rows.stderr[np.isfinite(rows.scores)]).any():
        return None, dict.fromkeys(values, _NOISE_UNKNOWN)
    return "seeds", _over_seeds(rows, values, draws, rng)


def _entry(value: float | None, bounds: Bounds) -> dict[str, Any]:
    if isinstance(bounds, str):
        return {"value": value, "low": None, "high": None, "reason": bounds}
    low, high = bounds
    return {"value": value, "low": low, "high": high}


def _why_undefined(name: str, rows: Ranked) -> str | None:
    which = "scores"
    if name == "pearson":
        which = "finite scores"
        rows = rows.take(np.flatnonzero(np.isfinite(rows.scores)))
    if len(rows) < _ROWS:
        return f"only {len(rows)} {which}; at least {_ROWS} are needed"
    if rows.scores[0] == rows.scores[-1]:
        return f"all {which} are tied"
    if rows.accuracies.min() == rows.accuracies.max():
        return "all accuracies are tied"
    return None


def _over_space(
    rows: Ranked, values: Mapping[str, float], draws: int, rng: np.random.Generator
) -> dict[str, Bounds]:
    """The percentile bootstrap over rows."""
    if len(rows) < _BOOTSTRAP_ROWS:
        too_few = f"only {len(rows)} rows; a bootstrap needs at least {_BOOTSTRAP_ROWS}"
        return dict.fromkeys(values, too_few)
    drawn = _evaluate(rows, values, resample(rows, draws, rng))
    return {name: _percentiles(drawn[name]) for name in drawn}


def _percentiles(drawn: Floats) -> Bounds:
    values = defined(drawn)
    if not len(values):
        return "in too many resamples all scores or all accuracies are tied"
    low, high = middle(values)
    if low == high:
        return "nearly all resamples give the same value: a bootstrap can't tell how sure it is"
    return low, high


def _over_seeds(
    rows: Ranked, values: Mapping[str, float], draws: int, rng: np.random.Generator
) -> dict[str, Bounds]:
    """The spread of the values under further noise, moved to around the observed value.

    The observed scores hold one dose of noise already; a second lowers a correlation once more on
    average, but spreads it about as the first did.
    """
    drawn = _evaluate(rows, values, reseed(rows, draws, rng))
    return {name: _deviations(drawn[name], values[name]) for name in drawn}


def _deviations(drawn: Floats, value: float) -> Bounds:
    deviations = defined(drawn)
    if not len(deviations):
        return "with other seeds all scores are often tied"
    low, high = middle(deviations - deviations.mean())
    return max(value + low, -1.0), min(value + high, 1.0)


def _evaluate(
    rows: Ranked, values: Mapping[str, float], variants: Iterator[Ranked]
) -> dict[str, Floats]:
    """Draw the correlations that are defined and, among many rows, quick."""
    quick = [name for name in values if name != "weighted_kendall" or len(rows) <= _WEIGHTED_ROWS]
    return evaluate({name: CORRELATIONS[name] for name in quick}, variants)
