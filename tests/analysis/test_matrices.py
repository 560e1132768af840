"""Matrices over resamples equal scipy's correlations of the rows written out."""

import math

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis import matrices
from zenlab.analysis.matrices import columns_of, draw_times, kendall_matrices, spearman_matrices
from zenlab.analysis.ranked import Floats


def values(size: int, *, ties: bool) -> Floats:
    rng = np.random.default_rng(size)
    first, second, third = rng.normal(size=(3, size))
    columns = np.array([first, first + second, third - second])
    columns[0, :5] = -math.inf
    return np.round(columns) if ties else columns


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("size", [30, 900])  # compared by pairs, and sorted
def test_every_draw_equals_scipy_on_the_rows_that_it_holds(size: int, ties: bool) -> None:
    drawn = values(size, ties=ties)
    times = draw_times(size, 4, np.random.default_rng(1))
    taus = kendall_matrices(columns_of(drawn), times)
    rhos = spearman_matrices(columns_of(drawn), times)
    for draw in range(5):
        rows = np.repeat(np.arange(size), times[draw])
        columns = drawn[:, rows].clip(-1e9)
        for i, j in ((0, 1), (2, 0), (1, 2)):
            tau, rho = (f(columns[i], columns[j]) for f in (stats.kendalltau, stats.spearmanr))
            assert taus[draw, i, j] == pytest.approx(tau.statistic, abs=1e-12)
            assert rhos[draw, i, j] == pytest.approx(rho.statistic, abs=1e-12)
    for found in (taus, rhos):
        assert np.allclose(found, found.transpose(0, 2, 1), rtol=0, atol=1e-15)
        assert (found[:, [0, 1, 2], [0, 1, 2]] == 1).all()


def test_portions_of_the_draws_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, times = columns_of(values(40, ties=True)), draw_times(40, 9, np.random.default_rng(2))
    whole = spearman_matrices(columns, times)
    monkeypatch.setattr(matrices, "_CELLS", 100)
    assert (spearman_matrices(columns, times) == whole).all()


def test_the_first_times_are_the_rows_themselves_and_all_draw_as_many() -> None:
    times = draw_times(50, 200, np.random.default_rng(0))
    assert (times[0] == 1).all() and (times.sum(1) == 50).all()
    # A row is missing from a resample with the chance (1 - 1/50)^50.
    assert (times[1:] == 0).mean() == pytest.approx(0.98**50, abs=0.01)


def test_a_tied_column_has_no_correlation_and_leaves_the_others_theirs() -> None:
    drawn = values(30, ties=False)
    drawn[2] = 7
    for found in (
        kendall_matrices(columns_of(drawn), draw_times(30, 1, np.random.default_rng(0))),
        spearman_matrices(columns_of(drawn), draw_times(30, 1, np.random.default_rng(0))),
    ):
        assert np.isnan(found[:, 2, :2]).all() and np.isfinite(found[:, 0, 1]).all()


def test_a_resample_without_rows_has_no_correlation() -> None:
    times = np.array([[1, 1, 1], [0, 0, 0]], dtype=np.uint16)
    columns = columns_of([[1, 2, 3], [1, 3, 2]])
    assert np.isnan(kendall_matrices(columns, times)[1, 0, 1])
    assert np.isnan(spearman_matrices(columns, times)[1, 0, 1])


def test_rows_of_one_group_are_drawn_together() -> None:
    groups = np.array([7, 7, 3, 9, 3, 7])
    times = draw_times(6, 300, np.random.default_rng(0), groups)
    assert (times[:, 0] == times[:, 1]).all() and (times[:, 2] == times[:, 4]).all()
    assert (times[1:, [0, 2, 3]].sum(1) == 3).all()  # as many groups as there are
    assert times[1:, 0].mean() == pytest.approx(1, abs=0.15)
