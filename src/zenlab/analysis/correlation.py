"""Rank correlations and Pearson's, fast enough to be drawn thousands of times over a whole space.

Each takes rows and returns a number in -1..1, nan where it is undefined: where the scores or the
accuracies are all tied. Equal to scipy's `kendalltau`, `spearmanr`, `pearsonr`, `weightedtau`.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zenlab.analysis.ranked import Floats, Ranked, Ranks

Counts = NDArray[np.intp]


def kendall(rows: Ranked) -> float:
    """Kendall's tau-b (Kendall, The treatment of ties in ranking problems, Biometrika 1945)."""
    sizes = [np.bincount(group) for group in _ties(rows)]
    tied = [int((size * (size - 1)).sum()) // 2 for size in sizes]
    discordant = sum(int(moves.sum()) for _, moves in _unmerge(rows.accuracy_ranks)) // 2
    return _tau(rows, len(rows) * (len(rows) - 1) // 2, tied, discordant)


def weighted_kendall(rows: Ranked) -> float:
    """Kendall's tau in which the pair of places r and s, 0 the best, weighs 1/(r+1) + 1/(s+1).

    The mean of two values: once with the places by score and, among equal scores, by accuracy,
    once the other way round (Vigna, A weighted correlation index for rankings with ties, WWW 2015,
    with the hyperbolic weights recommended there).
    """
    by_score = 1 / np.arange(len(rows), 0, -1)  # the last row has the highest score
    by_accuracy = np.empty(len(rows))
    by_accuracy[np.argsort(rows.accuracy_ranks, kind="stable")] = by_score
    discordant, groups = count_discordant(rows), _ties(rows)
    taus = []
    for weights in (by_score, by_accuracy):
        tied = [((np.bincount(g) - 1) * np.bincount(g, weights)).sum() for g in groups]
        pairs = (len(rows) - 1) * weights.sum()
        taus.append(_tau(rows, pairs, tied, (weights * discordant).sum()))
    return sum(taus) / 2


def spearman(rows: Ranked) -> float:
    """Spearman's rho: Pearson's correlation of the mid-ranks."""
    return _pearson(_mid_ranks(rows.score_ranks), _mid_ranks(rows.accuracy_ranks))


def pearson(rows: Ranked) -> float:
    """Pearson's r over the rows with a finite score."""
    first = np.searchsorted(rows.scores, -np.inf, side="right")
    return _pearson(rows.scores[first:], rows.accuracies[first:])


def count_discordant(rows: Ranked) -> Counts:
    """Count for each row (n,) the rows that score and accuracy put on different sides of it."""
    counts = np.zeros(2 * len(rows), dtype=np.intp)  # twice: `_unmerge` pads
    for positions, moves in _unmerge(rows.accuracy_ranks):
        counts[positions] += moves
    return counts[: len(rows)]


def _unmerge(values: Ranks) -> Iterator[tuple[NDArray[np.int32], Counts]]:
    """Undo a merge sort of `values`, level by level; say how many places each position moves.

    A level holds blocks of positions, each sorted by the values there, and parts every block into
    its left and its right half, still sorted. A position of the left half passes those of the
    right half that have a lower value, and is passed by none: the inversions between the halves.
    """
    length = 1 << (len(values) - 1).bit_length()
    beyond = np.arange(len(values), length)  # pads the blocks, as if the highest values came last
    positions = np.concatenate((np.argsort(values, kind="stable"), beyond)).astype(np.int32)
    steps = np.arange(length // 2)
    half = length // 2
    while half > 0:
        in_left = (positions & half) == 0
        left, right = np.flatnonzero(in_left), np.flatnonzero(~in_left)
        unpassed = steps + (steps & -half)  # the places of the left halves if none is passed
        lefts, rights = positions.take(left), positions.take(right)
        yield lefts, left - unpassed
        yield rights, unpassed + half - right
        positions = np.concatenate((lefts, rights))
        half //= 2


def _ties(rows: Ranked) -> tuple[Ranks, Ranks, Counts]:
    """Group numbers of the rows: equal numbers are tied by score, by accuracy, by both."""
    new = (np.diff(rows.score_ranks) != 0) | (np.diff(rows.accuracy_ranks) != 0)
    return rows.score_ranks, rows.accuracy_ranks, np.concatenate(([0], np.cumsum(new)))


def _tau(rows: Ranked, pairs: float, tied: Sequence[float], discordant: float) -> float:
    """Tau-b from sums over pairs: all, tied by score, by accuracy and by both, discordant."""
    if rows.score_ranks.min() == rows.score_ranks.max():
        return math.nan
    if rows.accuracy_ranks.min() == rows.accuracy_ranks.max():
        return math.nan
    by_score, by_accuracy, by_both = tied
    untied = pairs - by_score - by_accuracy + by_both
    scale = math.sqrt((pairs - by_score) * (pairs - by_accuracy))
    return _clipped((untied - 2 * discordant) / scale)


def _mid_ranks(ranks: Ranks) -> Floats:
    sizes = np.bincount(ranks)
    middles: Floats = np.cumsum(sizes) - (sizes + 1) / 2
    return middles.take(ranks)


def _pearson(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Sums of products, not `@`: BLAS would start threads for vectors of this length."""
    if len(x) < 2 or x.min() == x.max() or y.min() == y.max():
        return math.nan
    x, y = _centred(x), _centred(y)
    return _clipped((x * y).sum() / math.sqrt((x * x).sum() * (y * y).sum()))


def _centred(values: NDArray[Any]) -> Floats:
    """Less their mean, divided by a power of two, so that no square overflows."""
    scaled = np.ldexp(values, -np.frexp(np.abs(values).max())[1])
    shifted = scaled - scaled.min()  # exact for neighbouring numbers, unlike their mean
    centred: Floats = shifted - shifted.mean()
    return centred


def _clipped(correlation: float) -> float:
    """Without what rounding adds beyond -1 and 1."""
    return min(max(float(correlation), -1.0), 1.0)
