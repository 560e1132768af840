"""A value with its 95 % interval, made from the spread of the value over resamples.

The bounds are `value` plus and minus so many bootstrap standard errors (Efron, Annals of Statistics
1979), for correlations on Fisher's scale (Biometrika 1915). At n = 200 this holds the truth about
as often as it says, where percentiles hold it slightly too rarely if nothing correlates; and a few
hundred draws are enough. tests/analysis/test_coverage_rank.py measures both.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from zenlab.analysis.ranked import Floats
from zenlab.analysis.variants import defined

_ROWS = 3  # two rows correlate perfectly, whatever they are
_BOOTSTRAP_ROWS = 10
_SAME = 1e-12  # values closer than this differ by rounding
_PERFECT = "the order is perfect: a bootstrap can't tell how sure that is"
_TIED = "all scores or all accuracies are tied"


@dataclass(frozen=True)
class Bounded:
    """A value and the bounds of its 95 % interval; None where undefined, and `reason` says why."""

    value: float | None
    low: float | None
    high: float | None
    reason: str | None = None

    @property
    def side(self) -> int:
        """1 if the whole interval lies above zero, -1 if below, 0 if it holds zero or is none."""
        if self.low is None or self.high is None:
            return 0
        return int(self.low > 0) - int(self.high < 0)


def bound_correlation(values: Floats, *, rows: int, undefined: str = _TIED) -> Bounded:
    """Return a correlation with its bounds from values (1 + draws,): its own, then of resamples.

    The standard error on Fisher's scale, atanh, is that of the resamples over 1 - value^2. `rows`
    is the number of rows, `undefined` says why a value is nan.
    """
    value = float(values[0])
    if rows < _ROWS:
        return Bounded(None, None, None, f"only {rows} rows; at least {_ROWS} are needed")
    if math.isnan(value):
        return Bounded(None, None, None, undefined)
    error, reason = _standard_error(values[1:], rows)
    if reason or 1 - abs(value) < _SAME:
        return Bounded(value, None, None, reason or _PERFECT)
    reach = _quantile(rows) * error / (1 - value**2)
    centre = math.atanh(value)
    return Bounded(value, math.tanh(centre - reach), math.tanh(centre + reach))


def bound_difference(values: Floats, *, rows: int) -> Bounded:
    """Return a difference with its bounds from values (1 + draws,): its own, then of resamples.

    Sides that are equal in every resample differ by nothing, for sure.
    """
    value = float(values[0])
    if math.isnan(value):
        return Bounded(None, None, None, f"on one side {_TIED}")
    if not np.any(np.nan_to_num(values)):
        return Bounded(0.0, 0.0, 0.0)
    error, reason = _standard_error(values[1:], rows)
    if reason:
        return Bounded(value, None, None, reason)
    reach = _quantile(rows) * error
    return Bounded(value, value - reach, value + reach)


def _standard_error(drawn: Floats, rows: int) -> tuple[float, str | None]:
    """The standard error, or the reason why it is unknown."""
    if rows < _BOOTSTRAP_ROWS:
        return 0, f"only {rows} rows; a bootstrap needs at least {_BOOTSTRAP_ROWS}"
    values = defined(drawn)
    if len(values) < 2:
        return 0, "undefined in too many resamples"
    error = float(values.std(ddof=1))
    return error, "all resamples give the same value" if error < _SAME else None


def _quantile(rows: int) -> float:
    """Student's, since few rows know their own spread badly."""
    return float(stats.t.ppf(0.975, rows - 1))
