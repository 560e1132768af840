"""An applicability map: in which regions of the descriptors do scores rank well, and where badly?

A shallow tree, as in recursive partitioning (Breiman et al., Classification and Regression Trees,
1984), but of the rank correlation within regions instead of a mean. One random half of the rows
grows the tree, the other half, which had no say in it, tells what each region is worth; without
that, the best of many splits would look real among random scores too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zenlab.analysis.bounded import bound_correlation, bound_difference
from zenlab.analysis.checked import require_draws, require_rows
from zenlab.analysis.correlation import kendall
from zenlab.analysis.matrices import Times, columns_of, draw_times, kendall_matrices
from zenlab.analysis.ranked import Floats, rank
from zenlab.analysis.regions import Condition, Region, Split
from zenlab.checks import require_positive, require_whole

_DEPTH = 3
_THRESHOLDS = 16  # of one descriptor in one region
_SURE = 3.0  # standard errors of a difference between two regions, since the best of many is taken


def map_applicability(
    scores: ArrayLike,
    accuracies: ArrayLike,
    descriptors: Mapping[str, ArrayLike],
    *,
    depth: int = 3,
    leaf: int = 100,
    difference: float = 0.1,
    draws: int,
    rng: np.random.Generator,
    groups: ArrayLike | None = None,
) -> Region:
    """Return the region of all architectures, split where the rank correlation differs most.

    On the growing half a region is split where |tau above - tau below| sqrt(a b / (a + b)) is
    largest, for a and b rows; that is a difference in standard errors, up to a factor. A split
    must reach `difference` and three standard errors of independent rows.

    Args:
        scores: (n,), higher is better; minus infinities tie in the last place.
        accuracies: (n,), in percent.
        descriptors: by name, (n,): what regions may be made of.
        depth: splits on the way to a leaf, 1 to 3 at most.
        leaf: the fewest rows of the growing half in a region; the other half has about as many.
        difference: the smallest difference of tau that is worth a split.
        draws: resamples for the 95 % intervals; 400 are enough.
        rng: decides the halves and the resamples.
        groups: (n,), equal for rows that aren't independent, such as one network under several
            names: they go to the same half, and are drawn together. None: all are independent.

    Raises:
        ValueError: a parameter out of range; arrays that don't fit together or hold nan; fewer than
            twice `leaf` rows.
    """
    _require(depth, leaf, difference, draws)
    values = require_rows({"scores": scores, "accuracies": accuracies, **descriptors})
    count = len(values[0])
    if count < 2 * leaf:
        raise ValueError(f"{count} rows; wanted at least {2 * leaf}, twice applicability.leaf")
    for_halves, for_draws = rng.spawn(2)
    numbers = np.arange(count) if groups is None else np.unique(groups, return_inverse=True)[1]
    grows = _half_of(numbers, for_halves)
    growing, confirming = (
        _Half(half[0], half[1], dict(zip(descriptors, half[2:], strict=True)))
        for half in ([column[rows] for column in values] for rows in (grows, ~grows))
    )
    limits = _Limits(leaf, difference)
    times = draw_times(len(confirming.scores), draws, for_draws, numbers[~grows])
    return _region((), depth, limits, growing, confirming, times)[0]


def _half_of(numbers: NDArray[np.intp], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Say which rows belong to a random half of the groups."""
    count = int(numbers.max()) + 1
    chosen = np.zeros(count, dtype=bool)
    chosen[rng.permutation(count)[: (count + 1) // 2]] = True
    return chosen[numbers]


@dataclass(frozen=True)
class _Limits:
    leaf: int
    difference: float


@dataclass(frozen=True)
class _Half:
    scores: Floats
    accuracies: Floats
    descriptors: Mapping[str, Floats]

    def inside(self, conditions: tuple[Condition, ...]) -> NDArray[np.bool_]:
        held = np.full(len(self.scores), True)
        for condition in conditions:
            held &= condition.holds(self.descriptors)
        return held

    def tau(self, mask: NDArray[np.bool_]) -> float:
        return kendall(rank(self.scores[mask], self.accuracies[mask]))


def _region(
    conditions: tuple[Condition, ...],
    depth: int,
    limits: _Limits,
    growing: _Half,
    confirming: _Half,
    times: Times,
) -> tuple[Region, Floats]:
    """Return a region with its parts, and tau on the other half and on its resamples."""
    grown = growing.inside(conditions)
    value = growing.tau(grown)
    mask = confirming.inside(conditions)
    taus = _taus(confirming, mask, times)
    split = None
    if depth and (cut := _best_cut(growing, grown, limits)):
        below, above = cut, replace(cut, below=False)
        low, lows = _region((*conditions, below), depth - 1, limits, growing, confirming, times)
        high, highs = _region((*conditions, above), depth - 1, limits, growing, confirming, times)
        split = _split(cut, low, high, highs - lows)
    region = Region(
        conditions,
        int(grown.sum()),
        None if math.isnan(value) else value,
        int(mask.sum()),
        bound_correlation(taus, rows=int(mask.sum())),
        split,
    )
    return region, taus


def _split(cut: Condition, low: Region, high: Region, differences: Floats) -> Split:
    bounded = bound_difference(differences, rows=low.n + high.n)
    split = Split(cut.descriptor, cut.threshold, low, high, bounded, confirmed=False)
    return replace(split, confirmed=bounded.side != 0 and bounded.side == np.sign(split.grew))


def _taus(half: _Half, mask: NDArray[np.bool_], times: Times) -> Floats:
    columns = columns_of((half.scores[mask], half.accuracies[mask]))
    return kendall_matrices(columns, times[:, mask])[:, 0, 1]


def _best_cut(half: _Half, mask: NDArray[np.bool_], limits: _Limits) -> Condition | None:
    """Return the lower side of the best split of the masked rows, if one is good enough."""
    best, least = None, _SURE
    for name, column in half.descriptors.items():
        for threshold in _thresholds(column[mask], limits.leaf):
            below, above = mask & (column <= threshold), mask & (column > threshold)
            difference = abs(half.tau(above) - half.tau(below))
            errors = difference / _standard_error(int(below.sum()), int(above.sum()))
            if difference >= limits.difference and errors > least:  # not so if nan
                best, least = Condition(name, float(threshold), below=True), errors
    return best


def _standard_error(low: int, high: int) -> float:
    """That of a difference of two taus if nothing correlates: their variance is 4 / 9n."""
    return math.sqrt(4 / 9 * (1 / low + 1 / high))


def _thresholds(values: Floats, leaf: int) -> Floats:
    """Return midpoints between neighbouring values that leave `leaf` rows on both sides."""
    distinct, counts = np.unique(values, return_counts=True)
    below = np.cumsum(counts)[:-1]
    allowed = np.flatnonzero((below >= leaf) & (len(values) - below >= leaf))
    if len(allowed) > _THRESHOLDS:
        even = np.linspace(below[allowed[0]], below[allowed[-1]], _THRESHOLDS)
        allowed = np.unique(allowed[np.searchsorted(below[allowed], even)])
    return (distinct[allowed] + distinct[allowed + 1]) / 2


def _require(depth: int, leaf: int, difference: float, draws: int) -> None:
    require_draws(draws)
    require_whole("applicability.depth", depth)
    require_whole("applicability.leaf", leaf, least=10)
    require_positive("applicability.difference", difference)
    if depth > _DEPTH:
        raise ValueError(f"applicability.depth is {depth}; wanted at most {_DEPTH}")
