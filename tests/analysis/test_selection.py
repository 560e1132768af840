"""Expectations over tie orders equal the mean over all orders, and scikit-learn's nDCG."""

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from zenlab.analysis.ranked import rank
from zenlab.analysis.selection import best_accuracy, ndcg, regret, top_precision

VALUES = st.sampled_from([-math.inf, 0.5, 1.0, 2.0])
ROWS = st.lists(st.tuples(VALUES, st.integers(0, 3)), min_size=3, max_size=6)


def orders(values: list[float]) -> Iterator[list[int]]:
    """Every order of the rows, highest value first, that breaks the ties; equally likely."""
    for places in itertools.permutations(range(len(values))):
        yield sorted(places, key=lambda row: -values[row])


@given(ROWS, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_expectations_equal_the_mean_over_all_orders_of_ties(
    rows: list[tuple[float, int]], count: int
) -> None:
    count = min(count, len(rows) - 1)
    scores, accuracies = (list(map(float, column)) for column in zip(*rows, strict=True))
    picks = [set(order[:count]) for order in orders(scores)]
    best = [set(order[:count]) for order in orders(accuracies)]
    ranked = rank(np.array(scores), np.array(accuracies))
    shared = np.mean([len(pick & top) / count for pick in picks for top in best])
    found = [max(accuracies[row] for row in pick) for pick in picks]
    assert top_precision(ranked, count) == pytest.approx(shared, abs=1e-12)
    assert best_accuracy(ranked, count) == pytest.approx(np.mean(found), abs=1e-12)
    assert regret(ranked, count) == pytest.approx(max(accuracies) - np.mean(found), abs=1e-12)


@given(ROWS)
@settings(max_examples=60, deadline=None)
def test_ndcg_equals_the_mean_over_all_orders_of_ties(rows: list[tuple[float, int]]) -> None:
    scores, accuracies = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    if np.ptp(accuracies) == 0:
        assert math.isnan(ndcg(rank(scores, accuracies)))
        return
    gains = (accuracies - accuracies.min()) / np.ptp(accuracies)
    discounts = 1 / np.log2(np.arange(2, len(rows) + 2))
    gained = np.mean([(gains[order] * discounts).sum() for order in orders(scores.tolist())])
    ideal = (np.sort(gains)[::-1] * discounts).sum()
    assert ndcg(rank(scores, accuracies)) == pytest.approx(gained / ideal, abs=1e-12)


@pytest.mark.parametrize("levels", [1, 3, 30, 10**9])
def test_ndcg_equals_that_of_scikit_learn(levels: int) -> None:
    rng = np.random.default_rng(levels)
    scores, accuracies = rng.integers(levels, size=500) * 1.0, 10 + 85 * rng.random(500)
    gains = (accuracies - accuracies.min()) / np.ptp(accuracies)
    expected = ndcg_score([gains], [scores])
    assert ndcg(rank(scores, accuracies)) == pytest.approx(expected, abs=1e-12)


def test_with_all_scores_tied_the_values_are_those_of_picking_at_random() -> None:
    accuracies = np.arange(100.0)
    rows = rank(np.zeros(100), accuracies)
    assert top_precision(rows, 10) == pytest.approx(0.1)
    assert best_accuracy(rows, 1) == pytest.approx(49.5)
    assert best_accuracy(rows, 10) == pytest.approx(101 * 10 / 11 - 1)  # of order statistics


def test_perfect_scores_pick_the_best() -> None:
    accuracies = np.linspace(10, 95, 200)
    rows = rank(accuracies * 3, accuracies)
    assert top_precision(rows, 20) == 1
    assert best_accuracy(rows, 1) == 95
    assert regret(rows, 1) == 0
    assert ndcg(rows) == pytest.approx(1, abs=1e-15)


def test_picking_all_rows_is_no_pick() -> None:
    rows = rank(np.arange(10.0), np.arange(10.0))
    for outcome in (top_precision, best_accuracy, regret):
        assert math.isnan(outcome(rows, 10))
