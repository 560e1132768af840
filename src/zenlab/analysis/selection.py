"""What a search by score would pick: expectations over the order of ties, in closed form.

Equal scores (and, among the most accurate, equal accuracies) could stand in any order; every order
is taken as equally likely. So with all scores tied, each value is that of picking at random.
Where `count` takes all rows there is nothing to pick, and the value is nan.
"""

import math

import numpy as np

from zenlab.analysis.ranked import Floats, Ranked, Ranks


def top_precision(rows: Ranked, count: int) -> float:
    """The share of the `count` highest scores that are among the `count` highest accuracies."""
    if count >= len(rows):
        return math.nan
    picked = _chance_of_place(rows.score_ranks, count)
    best = _chance_of_place(rows.accuracy_ranks, count)
    return float((picked * best).sum()) / count


def best_accuracy(rows: Ranked, count: int) -> float:
    """The accuracy, in percent, of the best among the `count` highest scores.

    Where the last places fall into a group of t tied scores, r of them are drawn without
    replacement; the best of these is at most the j-th lowest of the group with the chance
    C(j, r) / C(t, r).
    """
    if count >= len(rows):
        return math.nan
    last = rows.score_ranks[-count]
    first_tied, first_sure = np.searchsorted(rows.score_ranks, [last, last + 1])
    tied = rows.accuracies[first_tied:first_sure]  # (t,), ascending as the rows are
    sure = rows.accuracies[first_sure:]
    places = np.arange(count - len(sure))
    at_most = np.arange(1, len(tied) + 1)[:, None] - places
    chances = (at_most / (len(tied) - places)).clip(min=0).prod(axis=1)
    best = np.maximum(tied, sure.max(initial=-math.inf))
    return float((best * np.diff(chances, prepend=0)).sum())


def regret(rows: Ranked, count: int) -> float:
    """The best accuracy of all minus that of the best among the `count` highest scores."""
    return max(float(rows.accuracies.max()) - best_accuracy(rows, count), 0.0)


def ndcg(rows: Ranked) -> float:
    """The normalised discounted cumulative gain of the whole ranking; nan if no accuracy differs.

    The gain of a row is its accuracy, scaled so that the lowest is 0 and the highest 1; the
    discount of place i (1 the highest score) is log2(1 + i) (Jarvelin and Kekalainen, Cumulated
    gain-based evaluation of IR techniques, TOIS 2002, with the discount of scikit-learn).
    """
    spread = np.ptp(rows.accuracies)
    if spread == 0:
        return math.nan
    gains = (rows.accuracies - rows.accuracies.min()) / spread
    weights = 1 / np.log2(np.arange(len(rows) + 1, 1, -1))  # of the lowest place first
    starts = np.flatnonzero(np.concatenate(([True], np.diff(rows.score_ranks) != 0)))
    sizes = np.diff(starts, append=len(rows))
    gained = np.add.reduceat(gains, starts) * np.add.reduceat(weights, starts) / sizes
    return float(gained.sum() / (np.sort(gains) * weights).sum())


def _chance_of_place(ranks: Ranks, count: int) -> Floats:
    """The chance of each row to stand among the `count` highest."""
    last = np.partition(ranks, -count)[-count]
    above, tied = ranks > last, ranks == last
    chances: Floats = above + tied * ((count - above.sum()) / tied.sum())
    return chances
