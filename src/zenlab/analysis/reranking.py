"""What short training of the best candidates would bring: simulated from measured accuracies."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

COUNTS = (1, 2, 3, 5, 10, 20, 50, 100)
"""How many of the best candidates are trained."""


def rerank(
    scores: Floats, short: Floats, full: Floats, *, draws: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Return the regret of training the best k by score shortly and picking by that, for some k.

    `short` and `full` are accuracies (n,) in percent after a short training, to pick by, and after
    a full one, to judge. Regret is the distance in `full` between the pick and the best of all n.
    Each row has `candidates` (k), the mean `regret` over `draws` samples of n rows, drawn with
    replacement as if a search had met others, with the range of 95 % of them (`low`, `high`), and
    `random_regret`, where candidates are taken at random instead.

    Raises:
        ValueError: lengths differ, or there are no rows.
    """
    if not len(scores) == len(short) == len(full) or not len(scores):
        raise ValueError(
            f"got {len(scores)} scores, {len(short)} and {len(full)} accuracies; wanted as many "
            f"of each, and at least one"
        )
    counts = [count for count in COUNTS if count <= len(scores)]
    by_score, by_chance = np.empty((draws, len(counts))), np.empty((draws, len(counts)))
    for draw in range(draws):
        sample = rng.integers(len(scores), size=len(scores))
        chance = rng.permutation(len(sample))  # breaks ties between scores, too
        ranked = chance[np.argsort(-scores[sample][chance], kind="stable")]
        by_score[draw] = _regrets(ranked, short[sample], full[sample], counts)
        by_chance[draw] = _regrets(chance, short[sample], full[sample], counts)
    low, high = np.percentile(by_score, (2.5, 97.5), axis=0)
    return [
        {
            "candidates": count,
            "regret": float(by_score[:, place].mean()),
            "low": float(low[place]),
            "high": float(high[place]),
            "random_regret": float(by_chance[:, place].mean()),
        }
        for place, count in enumerate(counts)
    ]


def _regrets(order: NDArray[np.intp], short: Floats, full: Floats, counts: Sequence[int]) -> Floats:
    """Return the regret after the first so many of `order`; the earlier wins a tie."""
    considered = order[: counts[-1]]
    best = np.maximum.accumulate(short[considered])
    rises = np.flatnonzero(np.diff(best, prepend=-np.inf) > 0)
    place = rises[np.searchsorted(rises, np.asarray(counts) - 1, side="right") - 1]
    regrets: Floats = full.max() - full[considered[place]]
    return regrets
