"""Of many intervals about 95 % hold what they are intervals of; a wrong recipe would fail here."""

import math

import numpy as np
from scipy import stats

from zenlab.analysis.intervals import correlations
from zenlab.analysis.ranked import Floats, rank


def test_intervals_over_the_space_cover_the_value_of_the_space() -> None:
    """The values of a bivariate normal with r = 0.5, from samples of 200."""
    truth = {"kendall": 1 / 3, "spearman": 6 / math.pi * math.asin(1 / 4), "pearson": 0.5}
    rng, samples = np.random.default_rng(7), 150
    covered = dict.fromkeys(truth, 0)
    for _ in range(samples):
        scores, noise = rng.normal(size=(2, 200))
        rows = rank(scores, 0.5 * scores + math.sqrt(0.75) * noise)
        found = correlations(rows, complete=False, noisy=False, draws=80, rng=rng)
        for name, true in truth.items():
            covered[name] += found[name]["low"] <= true <= found[name]["high"]
    for count in covered.values():
        assert 0.84 < count / samples < 0.985


def test_intervals_over_seeds_cover_the_mean_over_seeds() -> None:
    """Also from two repeats, where each standard error alone is poorly known."""
    rng, runs, size = np.random.default_rng(3), 120, 150
    expected, accuracies = rng.normal(size=(2, size))
    accuracies += expected

    def run() -> Floats:
        return expected[:, None] + 0.7 * rng.normal(size=(size, 2))

    truth = np.mean([stats.kendalltau(run().mean(1), accuracies).statistic for _ in range(500)])
    covered = 0
    for _ in range(runs):
        repeats = run()
        rows = rank(repeats.mean(1), accuracies, repeats.std(1, ddof=1) / math.sqrt(2))
        found = correlations(rows, complete=True, noisy=True, draws=60, rng=rng)["kendall"]
        covered += found["low"] <= truth <= found["high"]
    assert 0.83 < covered / runs < 0.99
