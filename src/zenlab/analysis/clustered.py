"""Means, medians and shares of pairs that come in contexts, with intervals over whole contexts.

Every standard error is that of the jackknife, which leaves out one whole context at a time (Tukey,
Annals of Mathematical Statistics 1958): for ratios of sums it says what a bootstrap of contexts
says, without draws. tests/analysis/test_coverage_contrast.py measures how often the 95 % intervals
hold the truth. Contexts (p,) are numbered from 0 without gaps.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.ranked import Floats

Contexts = NDArray[np.intp]
Mask = NDArray[np.bool_]

_CONTEXTS = 10  # fewer know their own spread too badly
_CELLS = 1 << 17  # numbers in one array of signs: fits in the cache
_ROUNDING = 1e-12  # numbers that should be equal may differ by this much
_SAME = "all contexts agree: their spread can't tell how sure that is"


def mean_of_pairs(values: Floats, contexts: Contexts, *, among: Mask | None = None) -> Bounded:
    """Return the mean of values (p,), all or those of a mask.

    The interval takes Student's t with one degree of freedom fewer than contexts.
    """
    mean = _ratio(values, contexts, among)
    if mean.value is None or mean.reason or mean.error < _ROUNDING:
        return Bounded(mean.value, None, None, mean.reason or _SAME)
    return Bounded(mean.value, mean.value - mean.reach, mean.value + mean.reach)


def share_of_pairs(chosen: Mask, contexts: Contexts, *, among: Mask | None = None) -> Bounded:
    """Return the share of chosen pairs (p,), among all or those of a mask.

    The interval is that of Wilson (Journal of the American Statistical Association 1927) for as
    many independent pairs as would have the same error. Where the error is zero, such as at 0 and
    1, each context counts as one.
    """
    share = _ratio(chosen.astype(float), contexts, among)
    if share.value is None or share.reason:
        return Bounded(share.value, None, None, share.reason)
    spread = share.value * (1 - share.value)
    known = min(spread, share.error) > _ROUNDING
    weight = share.quantile**2 / (spread / share.error**2 if known else share.contexts)
    centre = (share.value + weight / 2) / (1 + weight)
    reach = math.sqrt(weight * (spread + weight / 4)) / (1 + weight)
    low, high = max(centre - reach, 0.0), min(centre + reach, 1.0)
    return Bounded(share.value, min(low, share.value), max(high, share.value))  # beyond rounding


def median_of_pairs(values: Floats, contexts: Contexts) -> Bounded:
    """Return the median of values (p,).

    The interval ends where the share of pairs below could still be half (Woodruff, Journal of the
    American Statistical Association 1952).
    """
    median = float(np.median(values))
    below = _ratio((values <= median).astype(float), contexts, None)
    if below.reason:
        return Bounded(median, None, None, below.reason)
    reach = min(below.reach, 0.5)
    low, high = np.quantile(values, (0.5 - reach, 0.5 + reach))
    if high - low < _ROUNDING:
        return Bounded(median, None, None, _SAME)
    return Bounded(median, float(low), float(high))


def null_chance(
    values: Floats, contexts: Contexts, *, draws: int, rng: np.random.Generator
) -> float:
    """Return the p-value of a mean of zero: the signs of whole contexts are turned at random.

    It is the share of draws, the signs as they are among them, with a sum at least as far from zero
    (Fisher's randomisation test of pairs, The Design of Experiments, 1935).
    """
    sums = np.bincount(contexts, values)
    own = abs(sums.sum()) - _ROUNDING * np.abs(sums).sum()
    at_once = max(_CELLS // len(sums), 1)
    as_far = 0
    for first in range(0, draws, at_once):
        size = (min(at_once, draws - first), len(sums))
        kept = rng.integers(2, size=size, dtype=np.int8).astype(float)
        # By einsum, not `@`: BLAS would start threads, which wait for each other on busy cores.
        turned = 2 * np.einsum("dm,m->d", kept, sums) - sums.sum()
        as_far += int((np.abs(turned) >= own).sum())
    return (1 + as_far) / (1 + draws)


@dataclass(frozen=True)
class _Ratio:
    """A ratio of sums over contexts with its standard error, or the reason why that is unknown."""

    value: float | None
    error: float
    contexts: int
    reason: str | None = None

    @property
    def quantile(self) -> float:
        return float(special.stdtrit(self.contexts - 1, 0.975))

    @property
    def reach(self) -> float:
        return self.quantile * self.error


def _ratio(values: Floats, contexts: Contexts, among: Mask | None) -> _Ratio:
    """Values (p,) per pair; contexts without a pair of the mask don't count."""
    if among is not None:
        values, contexts = values[among], contexts[among]
    if not len(values):
        return _Ratio(None, 0, 0, "there are no such pairs")
    sizes = np.bincount(contexts)
    sums = np.bincount(contexts, values)[sizes > 0]
    sizes = sizes[sizes > 0]
    count = len(sizes)
    value = float(sums.sum() / sizes.sum())
    if count < _CONTEXTS:
        return _Ratio(value, 0, count, f"only {count} contexts; at least {_CONTEXTS} are needed")
    without = (sums.sum() - sums) / (sizes.sum() - sizes)
    return _Ratio(value, float(without.std() * math.sqrt(count - 1)), count)
