"""Rows are sorted once, whatever order they come in; their ranks keep order and ties."""

import math

import numpy as np
import pytest

from zenlab.analysis.ranked import rank


def test_minus_infinities_share_the_last_place() -> None:
    rows = rank(np.array([2.0, -math.inf, 1.0, -math.inf]), np.array([94.0, 12.0, 90.0, 10.0]))
    assert rows.scores.tolist() == [-math.inf, -math.inf, 1, 2]
    assert rows.score_ranks.tolist() == [0, 0, 1, 2]
    assert rows.accuracies.tolist() == [10, 12, 90, 94]


@pytest.mark.parametrize("count", [1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_ranks_of_different_values_count_up_from_zero(count: int) -> None:
    values = np.random.default_rng(0).permutation(count).astype(float)
    rows = rank(values, -values)
    assert np.array_equal(rows.score_ranks, np.arange(count))
    assert np.array_equal(rows.accuracy_ranks, np.arange(count)[::-1])


def test_rescored_rows_are_those_ranked_anew() -> None:
    rng = np.random.default_rng(0)
    accuracies, scores = rng.integers(4, size=50).astype(float), rng.integers(9, size=50) / 2
    rescored = rank(rng.normal(size=50), accuracies).rescored(scores)
    again = rank(rescored.scores, rescored.accuracies)
    for name in ("scores", "accuracies", "score_ranks", "accuracy_ranks"):
        assert np.array_equal(getattr(rescored, name), getattr(again, name))
