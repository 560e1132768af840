"""Variants of rows are what a naive twin makes from the same random numbers."""

import math
from functools import partial

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.correlation import kendall, spearman
from zenlab.analysis.ranked import Ranked, rank
from zenlab.analysis.selection import best_accuracy
from zenlab.analysis.variants import defined, evaluate, halve, middle, resample, reseed


def rows(size: int, *, ties: bool, dead: int = 0) -> Ranked:
    rng = np.random.default_rng(size)
    scores = rng.integers(5, size=size) * 1.0 if ties else rng.normal(size=size)
    scores[:dead] = -math.inf
    stderr = np.where(np.isfinite(scores), rng.random(size), np.nan)
    return rank(scores, np.round(rng.normal(size=size) + scores.clip(-3), 1), stderr)


@pytest.mark.parametrize("ties", [False, True])
def test_resamples_equal_a_naive_bootstrap_with_the_same_draws(ties: bool) -> None:
    ranked = rows(120, ties=ties, dead=7)
    statistics = {"kendall": kendall, "spearman": spearman}
    drawn = evaluate(statistics, resample(ranked, 20, np.random.default_rng(5)))
    rng = np.random.default_rng(5)
    for draw in range(20):
        chosen = rng.integers(120, size=120)
        scores, accuracies = ranked.scores[chosen].clip(-1e9), ranked.accuracies[chosen]
        tau, rho = stats.kendalltau(scores, accuracies), stats.spearmanr(scores, accuracies)
        assert drawn["kendall"][draw] == pytest.approx(tau.statistic, abs=1e-12)
        assert drawn["spearman"][draw] == pytest.approx(rho.statistic, abs=1e-12)


def test_reseeded_rows_equal_ranking_the_noisy_scores() -> None:
    ranked = rows(80, ties=True, dead=5)
    drawn = evaluate({"kendall": kendall}, reseed(ranked, 10, np.random.default_rng(5)))
    rng = np.random.default_rng(5)
    for draw in range(10):
        noisy = ranked.scores.clip(-1e9)
        noisy[5:] += ranked.stderr[5:] * rng.standard_normal(80)[5:]
        expected = stats.kendalltau(noisy, ranked.accuracies).statistic
        assert drawn["kendall"][draw] == pytest.approx(expected, abs=1e-12)


def test_minus_infinity_stays_whatever_the_seed() -> None:
    for variant in reseed(rows(80, ties=False, dead=5), 10, np.random.default_rng(0)):
        assert np.isneginf(variant.scores[:5]).all() and np.isfinite(variant.scores[5:]).all()


def test_a_half_holds_no_row_twice_and_every_row_is_in_half_of_them() -> None:
    ranked = rank(np.arange(11.0), np.arange(11.0))
    times = np.zeros(11)
    for half in halve(ranked, 2000, np.random.default_rng(0)):
        assert len(half) == 5 == len(set(half.scores))
        times[half.scores.astype(int)] += 1
    assert times / 2000 == pytest.approx(5 / 11, abs=0.06)


def test_halves_expect_what_a_search_of_half_the_size_finds() -> None:
    """Unbiased: over many samples of 80, the mean of their halves is that of samples of 40."""
    rng = np.random.default_rng(2)
    top = {"top": partial(best_accuracy, count=1)}
    halves, samples = [], []
    for _ in range(400):
        scores, noise = rng.normal(size=(2, 80))
        halves.append(evaluate(top, halve(rank(scores, scores + noise), 20, rng))["top"].mean())
        scores, noise = rng.normal(size=(2, 40))
        samples.append(best_accuracy(rank(scores, scores + noise), 1))
    error = math.hypot(np.std(halves), np.std(samples)) / math.sqrt(400)
    assert np.mean(halves) == pytest.approx(np.mean(samples), abs=4 * error)


def test_a_few_undefined_draws_are_left_out_and_many_leave_nothing() -> None:
    values = np.arange(100.0)
    values[:5] = np.nan
    assert len(defined(values)) == 95
    values[5] = np.nan
    assert len(defined(values)) == 0


def test_the_middle_leaves_out_two_and_a_half_percent_on_each_side() -> None:
    assert middle(np.arange(1001.0)) == pytest.approx((25, 975))
