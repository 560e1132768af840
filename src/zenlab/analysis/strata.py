"""How well scores rank among architectures that are equal in some descriptors.

A correlation over everything mixes two things: pairs that share the descriptors and pairs that
don't. They may even point to opposite sides (Simpson, Journal of the Royal Statistical Society
1951), and then the pooled value says nothing about architectures of one kind.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zenlab.analysis.bounded import Bounded, bound_correlation, bound_difference
from zenlab.analysis.checked import require_draws, require_rows
from zenlab.analysis.matrices import (
    Columns,
    Times,
    columns_of,
    draw_times,
    kendall_matrices,
    spearman_matrices,
)
from zenlab.analysis.ranked import Floats


@dataclass(frozen=True)
class Stratum:
    """Rank quality among the `n` rows whose descriptors lie in ranges, both ends included."""

    ranges: Mapping[str, tuple[float, float]]
    n: int
    kendall: Bounded
    spearman: Bounded

    @property
    def name(self) -> str:
        """The ranges in words, such as `depth = 3, 1.5 <= width <= 2`."""
        return ", ".join(_spell(name, *ends) for name, ends in self.ranges.items())


@dataclass(frozen=True)
class Simpson:
    """Kendall's tau over all pairs of rows against that over pairs within strata.

    `reversed` says that both are sure to differ from zero and have opposite signs. `direction` is
    "reversed", "same" (sure, with equal signs), "only pooled" or "only within" (the other one isn't
    sure), "undecided" (neither is). `opposed` names the strata that are sure to rank against the
    pooled direction. `share_within` is the share of pairs that lie within strata.
    """

    pooled: Bounded
    within: Bounded
    difference: Bounded
    share_within: float
    reversed: bool
    direction: str
    opposed: tuple[str, ...]


@dataclass(frozen=True)
class Strata:
    """Rank quality by stratum, in the order of the descriptors, and its mean within strata.

    `kendall` weights each stratum by its pairs, `spearman` by its rows; both leave out strata in
    which they are undefined. `pooled_taus` and `within_taus` (1 + draws,) are tau-b over all pairs
    and within strata, of the rows and of each resample: what differences between populations need.
    """

    strata: tuple[Stratum, ...]
    kendall: Bounded
    spearman: Bounded
    simpson: Simpson
    pooled_taus: Floats
    within_taus: Floats


def stratify(
    scores: ArrayLike,
    accuracies: ArrayLike,
    descriptors: Mapping[str, ArrayLike],
    *,
    most: int = 8,
    draws: int,
    rng: np.random.Generator,
    groups: ArrayLike | None = None,
) -> Strata:
    """Judge scores within each stratum, within strata together, and over everything.

    A stratum holds the rows (at least one) that agree in all descriptors, where one with more than
    `most` values counts by that many groups of about equal size. The resamples are of all rows, so
    the sizes of the strata vary as they would in another sample.

    Args:
        scores: (n,), higher is better; minus infinities tie in the last place.
        accuracies: (n,), in percent.
        descriptors: by name, (n,).
        most: the number of groups of a descriptor.
        draws: resamples for the 95 % intervals; 400 are enough.
        rng: decides the resamples.
        groups: (n,), equal for rows that aren't independent; None: all are.

    Raises:
        ValueError: no descriptor; arrays that don't fit together or hold nan; `most` or `draws`
            below 2; no two rows share a stratum.
    """
    require_draws(draws)
    if most < 2 or not descriptors:
        raise ValueError(
            f"{len(descriptors)} descriptors in {most} groups; wanted at least 1 in at least 2"
        )
    ours, theirs, *others = require_rows(
        {"scores": scores, "accuracies": accuracies, **descriptors}
    )
    columns, count = columns_of((ours, theirs)), len(ours)
    times = draw_times(count, draws, rng, groups)
    members = _rows_of(np.array([_groups(other, most) for other in others]))
    judged = [_judge(columns_of(columns[:, rows]), times[:, rows]) for rows in members]
    strata = tuple(
        _stratum({name: other[rows] for name, other in zip(descriptors, others, strict=True)}, one)
        for rows, one in zip(members, judged, strict=True)
    )
    sizes = np.array([one.sizes for one in judged])
    pairs = sizes * (sizes - 1) / 2
    if not pairs[:, 0].any():
        raise ValueError(f"no two of {count} rows are equal in {', '.join(descriptors)}")
    within = _mean(np.array([one.kendall for one in judged]), pairs)
    by_rows = _mean(np.array([one.spearman for one in judged]), sizes)
    share = float(pairs[:, 0].sum()) / max(count * (count - 1) / 2, 1)
    pooled = _tau(columns, times)
    return Strata(
        strata,
        bound_correlation(within, rows=count),
        bound_correlation(by_rows, rows=count),
        _compare(pooled, within, share, strata),
        pooled,
        within,
    )


@dataclass(frozen=True)
class _Judged:
    """Of one stratum, on its rows and on each resample: the correlations and the number of rows."""

    kendall: Floats
    spearman: Floats
    sizes: Floats


def _stratum(descriptors: Mapping[str, Floats], judged: _Judged) -> Stratum:
    rows = int(judged.sizes[0])
    return Stratum(
        {name: (float(own.min()), float(own.max())) for name, own in descriptors.items()},
        rows,
        bound_correlation(judged.kendall, rows=rows),
        bound_correlation(judged.spearman, rows=rows),
    )


def _judge(columns: Columns, times: Times) -> _Judged:
    rho = spearman_matrices(columns, times)[:, 0, 1]
    return _Judged(_tau(columns, times), rho, times.sum(1, dtype=float))


def _tau(columns: Columns, times: Times) -> Floats:
    return kendall_matrices(columns, times)[:, 0, 1]


def _mean(values: Floats, weights: Floats) -> Floats:
    """Weighted means (1 + draws,) over strata (s, 1 + draws) that have a value."""
    weights = np.where(np.isnan(values), 0, weights)
    total = weights.sum(0)
    means: Floats = (np.nan_to_num(values) * weights).sum(0) / np.where(total > 0, total, np.nan)
    return means


def _compare(pooled: Floats, within: Floats, share: float, strata: tuple[Stratum, ...]) -> Simpson:
    rows = sum(stratum.n for stratum in strata)
    ours = bound_correlation(pooled, rows=rows)
    theirs = bound_correlation(within, rows=rows)
    opposed = tuple(s.name for s in strata if s.kendall.side * ours.side < 0)
    return Simpson(
        ours,
        theirs,
        bound_difference(pooled - within, rows=rows),
        share,
        ours.side * theirs.side < 0,
        _direction(ours.side, theirs.side),
        opposed,
    )


def _direction(pooled: int, within: int) -> str:
    if pooled and within:
        return "same" if pooled == within else "reversed"
    if pooled or within:
        return "only pooled" if pooled else "only within"
    return "undecided"


def _groups(values: Floats, most: int) -> NDArray[np.intp]:
    """Number the groups of rows (n,): one per value, or `most` of about equal size at most."""
    distinct = np.unique(values)
    if len(distinct) > most:
        distinct = np.unique(
            np.quantile(values, np.arange(1, most + 1) / most, method="inverted_cdf")
        )
    return np.searchsorted(distinct, values)


def _rows_of(groups: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return the rows of each combination of groups (descriptors, n), in order."""
    numbers = np.unique(groups, axis=1, return_inverse=True)[1].ravel()
    return [np.flatnonzero(numbers == number) for number in range(numbers.max() + 1)]


def _spell(name: str, low: float, high: float) -> str:
    return f"{name} = {low:g}" if low == high else f"{low:g} <= {name} <= {high:g}"
