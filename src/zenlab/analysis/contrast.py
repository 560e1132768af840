"""How the architectures that have a factor differ in accuracy from those that don't.

A contrast of subsets is no intervention: the two sides may differ in other things as well. Matched
pairs (`matched.py`) hold those fixed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.checked import require_draws, require_rows
from zenlab.analysis.ranked import Floats
from zenlab.analysis.variants import middle
from zenlab.checks import require_whole

_ROWS = 2  # on each side: fewer have no spread
_NORMAL = 1.96
_CELLS = 1 << 19  # numbers in one array of resamples: fits in the cache
_ROUNDING = 1e-12  # differences of equal numbers may be this far from zero
_SAME = "all resamples give the same value: a bootstrap can't tell how sure that is"


@dataclass(frozen=True)
class Side:
    """The `n` rows on one side of a contrast.

    `best_of_equal` is the expected best of so many rows, drawn without replacement, as the smaller
    side has; `best` alone favours the larger side. `top_share` is the share of the rows that are
    among the highest of both sides.
    """

    n: int
    mean: float
    median: float
    best: float
    best_of_equal: float
    top_share: float


@dataclass(frozen=True)
class Contrast:
    """Both sides and their differences, the side with the factor minus the other.

    The differences of `best` have no interval: a bootstrap of extremes doesn't hold what it
    promises (Bickel and Freedman, Annals of Statistics 1981). `p_value` is that of equal means.
    """

    present: Side
    absent: Side
    top: int
    mean: Bounded
    median: Bounded
    top_share: Bounded
    best: float
    best_of_equal: float
    p_value: float


def contrasts(
    outcomes: ArrayLike,
    factor: ArrayLike,
    masks: Mapping[str, NDArray[np.bool_]],
    *,
    top: int,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, Contrast]:
    """Contrast `all` rows and the rows of each mask (n,), such as those that are not dead.

    Each has random numbers of its own, so that none depends on which others are asked.

    Raises:
        ValueError: as `contrast` does; names the mask.
    """
    values, chosen = np.asarray(outcomes), np.asarray(factor)
    named = {"all": np.full(len(values), True), **masks}
    found = {}
    for (name, mask), own in zip(named.items(), rng.spawn(len(named)), strict=True):
        try:
            found[name] = contrast(values[mask], chosen[mask], top=top, draws=draws, rng=own)
        except ValueError as error:
            raise ValueError(f"{name} rows: {error}") from None
    return found


def contrast(
    outcomes: ArrayLike, factor: ArrayLike, *, top: int, draws: int, rng: np.random.Generator
) -> Contrast:
    """Contrast the rows whose `factor` is 1 with those whose factor is 0.

    The 95 % intervals are of a larger population, from which each side was drawn; where the rows
    are all there is, the values themselves are exact. Resamples keep the number of rows of each
    side. For the mean the interval is the bootstrap's standard error times the quantile of
    Student's t with Welch's degrees of freedom, which held the truth more often than percentiles,
    BCa and bootstrap-t where sides are skewed and unequal; for the median and the top share it is
    the percentiles, which did so there (Wilson's if one side has the whole top in nearly all
    resamples). tests/analysis/test_coverage_contrast.py measures it. No interval knows of a rare
    kind of row, such as dead cells, of which a side has none by chance.

    The p-value permutes the factor and compares Welch's t, so that unequal spread isn't taken for
    unequal means (Janssen, Statistics and Probability Letters 1997).

    Args:
        outcomes: (n,), such as accuracies in percent.
        factor: (n,), 0 or 1.
        top: how many of the highest rows count as the top; ties at the last place share it.
        draws: the number of resamples and of permutations; 1,000 are enough.
        rng: decides them.

    Raises:
        ValueError: arrays that don't fit together or hold what can't be compared, a side with fewer
            than 2 rows, `top` not between 1 and n - 1, `draws` below 2.
    """
    present, absent = _sides(outcomes, factor)
    count = len(present) + len(absent)
    require_draws(draws)
    require_whole("top", top)
    if top >= count:
        raise ValueError(f"top is {top} of {count} rows; wanted fewer than all")
    for_intervals, for_permutations = rng.spawn(2)
    drawn = np.concatenate(
        [_differences(*pair, top) for pair in _resample(present, absent, draws, for_intervals)]
    )
    mean, median, share = _differences(present[None], absent[None], top)[0]
    ours, theirs = _describe(present, absent, top)
    return Contrast(
        ours,
        theirs,
        top,
        _by_error(mean, drawn[:, 0], present, absent),
        _by_percentiles(median, drawn[:, 1]),
        _of_top(share, drawn[:, 2], ours, theirs, top),
        ours.best - theirs.best,
        ours.best_of_equal - theirs.best_of_equal,
        _p_value(present, absent, draws, for_permutations),
    )


def _sides(outcomes: ArrayLike, factor: ArrayLike) -> tuple[Floats, Floats]:
    values, chosen = require_rows({"outcomes": outcomes, "factor": factor})
    other = ~np.isin(chosen, (0, 1))
    if other.any():
        row = int(np.flatnonzero(other)[0])
        raise ValueError(f"factor is {chosen[row]:g} in row {row}; wanted 0 or 1")
    present, absent = values[chosen == 1], values[chosen == 0]
    if min(len(present), len(absent)) < _ROWS:
        raise ValueError(
            f"factor is 1 in {len(present)} rows and 0 in {len(absent)}; "
            f"wanted at least {_ROWS} of each"
        )
    return present, absent


def _describe(present: Floats, absent: Floats, top: int) -> tuple[Side, Side]:
    shares = _top_shares(present[None], absent[None], top)
    equal = min(len(present), len(absent))
    ours, theirs = (
        Side(
            len(side),
            float(side.mean()),
            float(np.median(side)),
            float(side.max()),
            _expected_best(side, equal),
            float(share[0]),
        )
        for side, share in zip((present, absent), shares, strict=True)
    )
    return ours, theirs


def _expected_best(values: Floats, picked: int) -> float:
    """The expected maximum of so many values drawn without replacement, in closed form.

    The j-th lowest is the highest with the chance C(j - 1, picked - 1) / C(n, picked).
    """
    below = np.arange(len(values), picked - 1, -1)  # j, from the highest value
    at_most = np.cumprod(np.concatenate(([1.0], (below[:-1] - picked) / below[:-1])))
    return float((np.sort(values)[::-1][: len(below)] * at_most * picked / below).sum())


def _resample(
    present: Floats, absent: Floats, draws: int, rng: np.random.Generator
) -> Iterator[tuple[Floats, Floats]]:
    """Draw rows of each side with replacement, (some draws, n) at a time."""
    at_once = max(_CELLS // (len(present) + len(absent)), 1)
    for first in range(0, draws, at_once):
        some = min(at_once, draws - first)
        yield (
            present.take(rng.integers(len(present), size=(some, len(present)))),
            absent.take(rng.integers(len(absent), size=(some, len(absent)))),
        )


def _differences(present: Floats, absent: Floats, top: int) -> Floats:
    """Differences of means, medians and top shares (draws, 3) between sides (draws, n)."""
    ours, theirs = _top_shares(present, absent, top)
    return np.stack(
        [
            present.mean(1) - absent.mean(1),
            np.median(present, 1) - np.median(absent, 1),
            ours - theirs,
        ],
        axis=1,
    )


def _top_shares(present: Floats, absent: Floats, top: int) -> tuple[Floats, Floats]:
    """The share (draws,) of each side (draws, n) that is among the `top` highest of both.

    Rows that tie with the last place are there with the chance (places left) / (rows tied).
    """
    last = np.partition(np.concatenate((present, absent), 1), -top, axis=1)[:, [-top]]
    sure = [(side > last).sum(1) for side in (present, absent)]
    tied = [(side == last).sum(1) for side in (present, absent)]
    chance = (top - sum(sure)) / sum(tied)
    ours, theirs = (
        (above + chance * level) / side.shape[1]
        for above, level, side in zip(sure, tied, (present, absent), strict=True)
    )
    return ours, theirs


def _by_error(value: float, drawn: Floats, present: Floats, absent: Floats) -> Bounded:
    fewest = min(len(present), len(absent))
    error = float(drawn.std(ddof=1)) * np.sqrt(fewest / (fewest - 1))  # resamples vary less
    if error < _ROUNDING:
        return Bounded(float(value), None, None, _SAME)
    reach = float(special.stdtrit(_welch_freedom(present, absent), 0.975) * error)
    return Bounded(float(value), float(value - reach), float(value + reach))


def _by_percentiles(value: float, drawn: Floats) -> Bounded:
    low, high = middle(drawn)
    if high - low < _ROUNDING:
        return Bounded(float(value), None, None, _SAME)
    return Bounded(float(value), low, high)


def _of_top(value: float, drawn: Floats, present: Side, absent: Side, top: int) -> Bounded:
    """Where no resample doubts a top all on one side, Wilson's interval of so many rows does."""
    found = _by_percentiles(value, drawn)
    if found.low is not None or min(present.top_share, absent.top_share) > 0:
        return found
    other = _NORMAL**2 / (top + _NORMAL**2)  # the share of the top that may be on the other side
    end = float(value - np.sign(value) * other * top * (1 / present.n + 1 / absent.n))
    return Bounded(float(value), min(value, end), max(value, end))


def _welch_freedom(present: Floats, absent: Floats) -> float:
    """The degrees of freedom of Welch (Biometrika 1947)."""
    shares = [side.var(ddof=1) / len(side) for side in (present, absent)]
    parts = [
        share**2 / (len(side) - 1) for share, side in zip(shares, (present, absent), strict=True)
    ]
    return float(sum(shares) ** 2 / sum(parts))


def _p_value(present: Floats, absent: Floats, draws: int, rng: np.random.Generator) -> float:
    """The share of permutations, this order among them, with a t at least as far from zero."""
    both = np.concatenate((present, absent))
    both -= both.mean()  # so that squares don't cancel
    own = _welch(both[None], len(present))[0]
    at_once = max(_CELLS // len(both), 1)
    as_far = 0
    for first in range(0, draws, at_once):
        orders = np.tile(both, (min(at_once, draws - first), 1))
        permuted = _welch(rng.permuted(orders, axis=1, out=orders), len(present))
        as_far += int((permuted >= own * (1 - 1e-9)).sum())  # equal up to rounding
    return (1 + as_far) / (1 + draws)


def _welch(rows: Floats, count: int) -> Floats:
    """The size of Welch's t (draws,) of the first `count` of rows (draws, n) against the rest."""
    sides = rows[:, :count], rows[:, count:]
    difference = np.abs(sides[0].mean(1) - sides[1].mean(1))
    error = np.sqrt(sum(side.var(1, ddof=1) / side.shape[1] for side in sides))
    apart = np.where(difference > 0, np.inf, 0.0)  # each side is tied within itself
    sizes: Floats = np.divide(difference, error, out=apart, where=error > 0)
    return sizes
