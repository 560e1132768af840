"""Re-ranking: equal to picking by hand, and better with more candidates where picking helps."""

import numpy as np
import pytest

from zenlab.analysis.reranking import COUNTS, rerank

RNG = np.random.default_rng(0)


def twin(scores: np.ndarray, short: np.ndarray, full: np.ndarray, count: int) -> float:
    """Pick by hand, without a bootstrap; no ties."""
    best = sorted(range(len(scores)), key=lambda i: -scores[i])[:count]
    pick = max(best, key=lambda i: short[i])
    return float(max(full) - full[pick])


class NoDraw(np.random.Generator):
    """Draws every row once, in order."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def integers(self, low: int, size: int) -> np.ndarray:  # type: ignore[override]
        return np.arange(size)


def test_the_regret_is_that_of_picking_by_hand() -> None:
    scores, short, full = RNG.normal(size=(3, 150))
    rows = rerank(scores, short, full, draws=1, rng=NoDraw())
    assert [row["candidates"] for row in rows] == list(COUNTS)
    for row in rows:
        assert row["regret"] == pytest.approx(twin(scores, short, full, row["candidates"]))


def test_a_perfect_short_training_of_all_leaves_no_regret() -> None:
    full = RNG.normal(size=100)
    rows = rerank(RNG.normal(size=100), full, full, draws=50, rng=np.random.default_rng(1))
    assert rows[-1]["candidates"] == 100 and rows[-1]["regret"] == 0
    regrets = [row["regret"] for row in rows]
    assert regrets == sorted(regrets, reverse=True)


def test_a_good_score_needs_fewer_candidates_than_chance() -> None:
    full = RNG.normal(size=500)
    scores, short = full + RNG.normal(size=(2, 500)) * 0.5
    rows = rerank(scores, short, full, draws=200, rng=np.random.default_rng(2))
    assert all(row["regret"] < row["random_regret"] for row in rows)
    assert all(row["low"] <= row["regret"] <= row["high"] for row in rows)


def test_equal_scores_are_picked_from_by_chance() -> None:
    full = RNG.normal(size=200)
    rows = rerank(np.zeros(200), full, full, draws=400, rng=np.random.default_rng(3))
    for row in rows:
        assert row["regret"] == pytest.approx(row["random_regret"], abs=0.25)


def test_dead_architectures_come_last() -> None:
    scores = np.array([-np.inf] * 50 + [1.0] * 50)
    full = np.array([10.0] * 50 + [90.0] * 50)
    (first, *_) = rerank(scores, full, full, draws=20, rng=np.random.default_rng(4))
    assert first["regret"] == 0


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="got 3 scores, 2 and 3 accuracies"):
        rerank(np.zeros(3), np.zeros(2), np.zeros(3), draws=1, rng=RNG)
