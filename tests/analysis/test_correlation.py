"""Correlations equal scipy's, with and without ties."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from zenlab.analysis.correlation import (
    count_discordant,
    kendall,
    pearson,
    spearman,
    weighted_kendall,
)
from zenlab.analysis.ranked import Floats, Ranked, rank

Correlation = Callable[[Ranked], float]

ALL = [
    (kendall, stats.kendalltau),
    (spearman, stats.spearmanr),
    (pearson, stats.pearsonr),
    (weighted_kendall, stats.weightedtau),
]
SIZES = (3, 4, 5, 64, 65, 255, 257, 1500)
LEVELS = (2, 5, 40, 10**9)


def made_up(size: int, levels: int) -> tuple[Floats, Floats]:
    """Related scores and accuracies with at most so many different values each."""
    rng = np.random.default_rng([size, levels])
    scores = rng.integers(levels, size=size) / levels
    accuracies = np.floor((scores + rng.random(size)) / 2 * levels)
    scores[:2], accuracies[:2] = (0, 1), (0, levels)
    return scores, accuracies


@pytest.mark.parametrize("levels", LEVELS)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("ours", "reference"), ALL)
def test_values_equal_those_of_scipy(
    ours: Correlation, reference: Callable[..., object], size: int, levels: int
) -> None:
    scores, accuracies = made_up(size, levels)
    expected = reference(scores, accuracies).statistic  # type: ignore[attr-defined]
    assert ours(rank(scores, accuracies)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("ours", "reference"), ALL)
def test_values_with_minus_infinity_equal_those_of_scipy_on_ranks(
    ours: Correlation, reference: Callable[..., object]
) -> None:
    scores, accuracies = made_up(200, 40)
    scores[::5] = -math.inf
    finite = np.isfinite(scores)
    compared = (scores[finite], accuracies[finite])
    if ours is not pearson:
        compared = (stats.rankdata(scores), accuracies)
    expected = reference(*compared).statistic  # type: ignore[attr-defined]
    assert ours(rank(scores, accuracies)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("ours", [ours for ours, _ in ALL])
def test_perfect_order_gives_one_and_its_reverse_minus_one(ours: Correlation) -> None:
    values = np.arange(50.0)
    assert ours(rank(values, values)) == pytest.approx(1, abs=1e-15)
    assert ours(rank(values, -values)) == pytest.approx(-1, abs=1e-15)


@pytest.mark.parametrize("ours", [ours for ours, _ in ALL])
def test_a_correlation_with_something_constant_is_undefined(ours: Correlation) -> None:
    constant, values = np.full(7, 0.1), np.arange(7.0)
    assert math.isnan(ours(rank(constant, values)))
    assert math.isnan(ours(rank(values, constant)))


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_pearson_survives_scores_of_any_size(scale: float) -> None:
    scores, accuracies = made_up(100, 40)
    expected = pearson(rank(scores, accuracies))
    assert pearson(rank(scores * scale, accuracies)) == pytest.approx(expected, abs=1e-12)


def test_pearson_of_neighbouring_numbers_is_defined() -> None:
    scores = np.array([1.999999, np.nextafter(1.999999, 2), np.nextafter(1.999999, 2)])
    assert pearson(rank(scores, np.array([0.0, 1.0, 1.0]))) == pytest.approx(1)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=40))
@settings(max_examples=200, deadline=None)
def test_discordant_rows_are_those_on_different_sides(pairs: list[tuple[int, int]]) -> None:
    rows = rank(*np.array(pairs, dtype=float).T)
    scores, accuracies = rows.scores, rows.accuracies
    signs = np.sign(scores[:, None] - scores) * np.sign(accuracies[:, None] - accuracies)
    assert np.array_equal(count_discordant(rows), (signs < 0).sum(axis=1))


def test_12_and_200_epoch_accuracies_of_nas_bench_201_correlate_as_known(
    real_tables: Path,
) -> None:
    folder = real_tables / "nb201"
    short = pd.read_pickle(folder / "mini-bench-arch-cell-accs.pd").set_index("arch")
    for dataset, file, known in (
        ("cifar10-test", "out_c10_200.csv", 0.871),
        ("cifar100-test", "out_c100_200.csv", 0.824),
        ("imagenet-test", "out_IN_200.csv", 0.809),
    ):
        full = pd.read_csv(folder / file, header=None, index_col=0)[2].reindex(short.index)
        rows = rank(short[dataset].to_numpy(), full.to_numpy())
        assert len(rows) == 15_625
        assert spearman(rows) == pytest.approx(known, abs=5e-4)
        assert kendall(rows) == pytest.approx(
            stats.kendalltau(short[dataset], full).statistic, abs=1e-12
        )
