"""How far repeated rankings of the same architectures agree, with intervals over architectures."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """Mean Spearman correlation of pairs of rankings, its 95 % interval, and over how many."""

    value: float | None
    low: float | None
    high: float | None
    architectures: int
    pairs: int
    reason: str | None = None


def agreement(rankings: Sequence[Floats], *, draws: int, rng: np.random.Generator) -> Agreement:
    """Return the mean Spearman correlation over all pairs of `rankings`, each (n,).

    Architectures that failed (nan) anywhere are left out; minus infinity is the tied minimum. The
    interval is the percentile bootstrap over architectures, all rankings resampled alike; it
    doesn't cover the choice of seeds.
    """
    everything = np.array(rankings, dtype=float)
    kept = everything[:, ~np.isnan(everything).any(0)]
    places = list(combinations(range(len(rankings)), 2))
    count = kept.shape[1]
    if count < 3 or not places:
        return Agreement(None, None, None, count, len(places), "fewer than three architectures")
    value = _mean_spearman(kept, places)
    if np.isnan(value):
        return Agreement(None, None, None, count, len(places), "all scores of a ranking are equal")
    drawn = [_mean_spearman(kept[:, rng.integers(count, size=count)], places) for _ in range(draws)]
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return Agreement(value, float(low), float(high), count, len(places))


def _mean_spearman(rankings: Floats, places: Sequence[tuple[int, int]]) -> float:
    """Nan if a ranking is constant."""
    ranks = stats.rankdata(rankings, axis=1)
    centred = ranks - ranks.mean(1, keepdims=True)
    norms = np.sqrt((centred**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        correlation = (centred @ centred.T) / np.outer(norms, norms)
    return float(np.mean([correlation[a, b] for a, b in places]))
