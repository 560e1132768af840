"""Partial correlations equal formulas and regressions written out."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.partial import Partial, partial_correlations
from zenlab.analysis.ranked import Floats


def rows(size: int = 60, *, ties: bool = False) -> Floats:
    """Scores, accuracies, params and flops, with three dead rows."""
    rng = np.random.default_rng(size)
    params, more, noise, other = rng.normal(size=(4, size))
    columns = np.array([params + noise, params + 0.5 * noise + other, params, params + more])
    columns[0, :3] = -math.inf
    return np.round(columns) if ties else columns


def judge(columns: Floats, names: tuple[str, ...] = ("params", "flops")) -> Partial:
    given = dict(zip(names, columns[2:], strict=False))
    return partial_correlations(*columns[:2], given, draws=40, rng=np.random.default_rng(0))


@pytest.mark.parametrize("ties", [False, True])
def test_kendall_given_one_is_the_formula_of_1942(ties: bool) -> None:
    columns = rows(ties=ties)
    x, y, z = columns[:3].clip(-1e9)
    xy, xz, yz = (stats.kendalltau(a, b).statistic for a, b in ((x, y), (x, z), (y, z)))
    expected = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    assert judge(columns, ("params",)).kendall.value == pytest.approx(expected, abs=1e-12)


def test_kendall_given_several_is_a_regression_on_the_signs_of_all_pairs() -> None:
    columns = rows(ties=True).clip(-1e9)
    pairs = np.array(list(combinations(range(60), 2)))
    signs = np.sign(columns[:, pairs[:, 0]] - columns[:, pairs[:, 1]])
    left = signs[:2].T - signs[2:].T @ np.linalg.lstsq(signs[2:].T, signs[:2].T, rcond=None)[0]
    expected = (left[:, 0] * left[:, 1]).sum() / math.sqrt((left**2).sum(0).prod())
    assert judge(columns).kendall.value == pytest.approx(expected, abs=1e-12)


def test_kendall_given_several_is_the_inverse_of_the_matrix_of_taus() -> None:
    columns = rows().clip(-1e9)
    taus = np.array([[stats.kendalltau(a, b).statistic for a in columns] for b in columns])
    inverse = np.linalg.inv(taus)
    expected = -inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1])
    assert judge(columns).kendall.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_spearman_is_the_correlation_of_what_a_regression_of_the_ranks_leaves(ties: bool) -> None:
    columns = rows(ties=ties)
    ranks = np.array([stats.rankdata(column) for column in columns])
    known = np.column_stack([np.ones(60), *ranks[2:]])
    left = ranks[:2].T - known @ np.linalg.lstsq(known, ranks[:2].T, rcond=None)[0]
    expected = np.corrcoef(left.T)[0, 1]
    assert judge(columns).spearman.value == pytest.approx(expected, abs=1e-12)


def test_given_nothing_they_are_the_plain_correlations() -> None:
    columns = rows()
    found = judge(columns, ())
    x, y = columns[:2].clip(-1e9)
    assert found.kendall.value == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)
    assert found.spearman.value == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert (found.n, found.given) == (60, ())


def test_a_covariate_that_follows_from_another_or_never_varies_changes_nothing() -> None:
    columns = rows()
    alone = judge(columns, ("params",))
    for more in (np.exp(columns[2]), np.full(60, 3.0)):
        found = judge(np.array([*columns[:3], more]))
        for ours, theirs in ((found.kendall, alone.kendall), (found.spearman, alone.spearman)):
            assert ours.value == pytest.approx(theirs.value, abs=1e-9)
            assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_scores_that_follow_from_a_covariate_leave_nothing_to_correlate() -> None:
    columns = rows()
    columns[2] = columns[0].clip(-1e9)
    found = judge(columns)
    for bounded in (found.kendall, found.spearman):
        assert bounded.value is None and "follow from the covariates" in str(bounded.reason)


def test_the_order_of_the_covariates_makes_no_difference() -> None:
    columns = rows()
    found, other = judge(columns), judge(columns[[0, 1, 3, 2]], ("flops", "params"))
    assert found.kendall.value == pytest.approx(other.kendall.value, abs=1e-12)
    assert found.spearman.low == pytest.approx(other.spearman.low, abs=1e-12)


@pytest.mark.parametrize("size", [80, 700])  # by pairs, and by sorting
def test_the_bounds_hold_the_value_and_narrow_with_the_rows(size: int) -> None:
    found = judge(rows(size)).kendall
    assert found.low is not None and found.value is not None and found.high is not None
    assert found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2.4 / math.sqrt(size), rel=0.4)


def test_a_covariate_with_a_gap_is_refused_by_name() -> None:
    columns = rows()
    columns[3, 7] = math.nan
    with pytest.raises(ValueError, match="flops holds nan in row 7"):
        judge(columns)
