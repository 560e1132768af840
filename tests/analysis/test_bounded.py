"""Bounds are standard errors around the value, or there is a reason why there are none."""

import math

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.bounded import Bounded, bound_correlation, bound_difference


def test_a_difference_lies_in_the_middle_of_its_bounds() -> None:
    drawn = np.random.default_rng(0).normal(size=500)
    found = bound_difference(np.append(0.3, drawn), rows=25)
    reach = stats.t.ppf(0.975, 24) * drawn.std(ddof=1)
    assert (found.value, found.low, found.high) == pytest.approx((0.3, 0.3 - reach, 0.3 + reach))


def test_a_correlation_lies_in_the_middle_on_fishers_scale() -> None:
    """Where draws spread little, this is as wide as the spread of their inverse tangents."""
    drawn = 0.8 + 0.003 * np.random.default_rng(0).normal(size=500)
    found = bound_correlation(np.append(0.8, drawn), rows=10**6)
    reach = 1.959964 * np.arctanh(drawn).std(ddof=1)
    assert found.low == pytest.approx(math.tanh(math.atanh(0.8) - reach), abs=1e-5)
    assert found.high == pytest.approx(math.tanh(math.atanh(0.8) + reach), abs=1e-5)


def test_a_correlation_never_leaves_its_range() -> None:
    found = bound_correlation(np.append(0.99, np.linspace(-1, 1, 100)), rows=20)
    assert found.low is not None and -1 <= found.low < 0.99 < (found.high or 0) <= 1


NAN = math.nan


@pytest.mark.parametrize(
    ("values", "rows", "value", "reason"),
    [
        ([1, 1, 1], 2, None, "only 2 rows; at least 3"),
        ([0.2, 0.1, 0.3], 9, 0.2, "only 9 rows; a bootstrap needs at least 10"),
        ([NAN, 0.1, 0.3], 50, None, "all scores or all accuracies are tied"),
        ([1, 1, 1], 50, 1, "all resamples give the same value"),
        ([1, 1, 0.9], 50, 1, "the order is perfect"),
        ([0.2, 0.1, NAN, 0.3], 50, 0.2, "undefined in too many resamples"),
    ],
)
def test_what_has_no_bounds_says_why(
    values: list[float], rows: int, value: float | None, reason: str
) -> None:
    found = bound_correlation(np.array(values, float), rows=rows)
    assert (found.value, found.low, found.high) == (value, None, None)
    assert found.reason is not None and found.reason.startswith(reason)


def test_a_side_is_taken_only_by_a_whole_interval() -> None:
    assert Bounded(0.2, 0.1, 0.3).side == 1
    assert Bounded(-0.2, -0.3, -0.1).side == -1
    assert Bounded(0.2, -0.1, 0.5).side == 0
    assert Bounded(0.2, 0.0, 0.5).side == 0
    assert Bounded(0.2, None, None, "few").side == 0
