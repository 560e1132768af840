"""Agreement of rankings is the mean Spearman correlation of their pairs."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.agreement import agreement

RNG = np.random.default_rng(0)


def test_it_is_the_mean_over_pairs_as_scipy_has_it() -> None:
    rankings = [RNG.normal(size=40).round(1) for _ in range(4)]
    found = agreement(rankings, draws=50, rng=np.random.default_rng(1))
    expected = [stats.spearmanr(a, b).statistic for a, b in combinations(rankings, 2)]
    assert found.value == pytest.approx(np.mean(expected))
    assert (found.pairs, found.architectures) == (6, 40)
    assert found.low <= found.value <= found.high


def test_failed_architectures_are_left_out_and_dead_ones_tie_at_the_end() -> None:
    a = np.array([1.0, 2.0, 3.0, 4.0, -np.inf, -np.inf, np.nan])
    b = np.array([1.0, 2.0, 3.0, 4.0, -np.inf, -np.inf, 9.0])
    found = agreement([a, b], draws=20, rng=np.random.default_rng(1))
    assert found.value == pytest.approx(1.0) and found.architectures == 6


def test_the_interval_holds_the_truth_of_noisy_rankings_about_as_often_as_it_says() -> None:
    """Two noisy readings of one truth; the correlation over the whole population is known."""
    rng = np.random.default_rng(5)
    population = rng.normal(size=(2, 20_000)) + rng.normal(size=20_000)
    truth = stats.spearmanr(*population).statistic
    inside = 0
    for _ in range(60):
        sample = population[:, rng.integers(20_000, size=100)]
        found = agreement(list(sample), draws=200, rng=rng)
        inside += found.low <= truth <= found.high
    assert 0.85 <= inside / 60 <= 1.0


def test_what_is_undefined_has_a_reason() -> None:
    constant = agreement([np.ones(9), np.arange(9.0)], draws=9, rng=RNG)
    assert constant.value is None and "equal" in constant.reason
    assert "fewer than three" in agreement([np.ones(2)] * 2, draws=9, rng=RNG).reason
