"""How many architectures it takes to know: power simulated from a pilot, before anything is paid.

A simulation draws rows from the pilot with replacement, as many as a plan would measure, computes
the statistic with its interval, and asks whether the goal is reached. The intervals here are in
closed form, since a plan takes thousands of them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.correlation import count_discordant, kendall
from zenlab.analysis.ranked import Floats, rank
from zenlab.checks import require_positive, require_whole

Statistic = Callable[[Floats], Bounded]
"""A value with its 95 % interval from rows (n, columns)."""

Goal = Callable[[Bounded], bool]
"""Whether a value with its interval says enough."""

_CLOSE = 1.05  # sizes that differ by less than this factor are the same plan
_ROWS = 3  # fewer have no interval


@dataclass(frozen=True)
class Power:
    """The share of simulations with `n` rows that reached the goal, with its 95 % interval."""

    n: int
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Plan:
    """How many rows are needed; None if even the most don't suffice, and `reason` says so.

    `tried` holds the power of every size tried, in ascending order. `assurance` is the power at the
    needed size averaged over other pilots that could have been drawn instead (O'Hagan et al.,
    Pharmaceutical Statistics 2005): where it is far lower, the pilot is too small to plan by.
    """

    needed: int | None
    wanted: float
    tried: tuple[Power, ...]
    assurance: float | None
    reason: str | None = None


def plan(
    pilot: ArrayLike,
    statistic: Statistic,
    goal: Goal,
    *,
    least: int = 10,
    most: int,
    power: float = 0.8,
    simulations: int,
    rng: np.random.Generator,
) -> Plan:
    """Find the smallest size at which the goal is reached with a power.

    Sizes are doubled until one suffices, then halved between it and the last that didn't, down to
    5 %. The simulations take the pilot for the whole truth; see `Plan.assurance`.

    Args:
        pilot: (rows, columns) as the statistic wants them, at least 10 rows.
        statistic: computed on each simulation.
        goal: what must be reached.
        least: the smallest size to try.
        most: the largest.
        power: the wanted share of simulations.
        simulations: for each size; 400 know the power to 4 points.
        rng: decides them.

    Raises:
        ValueError: a pilot that isn't such an array or holds nan; sizes out of order; a power that
            isn't between 0 and 1.
    """
    rows = _require_pilot(pilot)
    require_whole("least", least)
    require_whole("most", most, least=least)
    require_whole("simulations", simulations)
    if not 0 < power < 1:
        raise ValueError(f"power is {power}; wanted a number between 0 and 1")
    tried: dict[int, Power] = {}

    def suffices(size: int) -> bool:
        tried[size] = _power(rows, size, statistic, goal, simulations, rng.spawn(1)[0])
        return tried[size].share >= power

    needed = _smallest(suffices, least, most)
    in_order = tuple(tried[size] for size in sorted(tried))
    if needed is None:
        best = in_order[-1]
        reason = f"{most:,} rows reach the goal in {best.share:.0%} of the simulations"
        return Plan(None, power, in_order, None, reason)
    assurance = _assurance(rows, needed, statistic, goal, simulations, rng.spawn(1)[0])
    return Plan(needed, power, in_order, assurance)


def precise_to(half_width: float) -> Goal:
    """Return the goal of an interval that reaches at most so far to each side, on average.

    Raises:
        ValueError: `half_width` isn't a positive number.
    """
    require_positive("half_width", half_width)
    return lambda found: (
        found.low is not None
        and found.high is not None
        and found.high - found.low <= 2 * half_width
    )


def decides(smallest: float) -> Goal:
    """Return the goal of an interval that lies wholly above or wholly below the smallest effect."""
    return lambda found: (
        found.low is not None
        and found.high is not None
        and (found.low > smallest or found.high < smallest)
    )


def mean_of(rows: Floats) -> Bounded:
    """Return the mean of the first column, such as the effect in each context (Student's t)."""
    values = rows[:, 0]
    if len(values) < _ROWS:
        return Bounded(None, None, None, f"only {len(values)} rows; at least {_ROWS} are needed")
    error = math.sqrt(values.var(ddof=1) / len(values))
    return _around(float(values.mean()), error, len(values) - 1)


def difference_of_means(rows: Floats) -> Bounded:
    """Return the mean outcome where the factor is 1 minus that where it is 0 (Welch's t).

    The columns are outcome and factor.
    """
    sides = [rows[rows[:, 1] == factor, 0] for factor in (1, 0)]
    fewest = min(map(len, sides))
    if fewest < _ROWS:
        return Bounded(None, None, None, f"only {fewest} rows on a side; {_ROWS} are needed")
    parts = [float(side.var(ddof=1)) / len(side) for side in sides]
    freedom = sum(parts) ** 2 / max(
        sum(part**2 / (len(side) - 1) for part, side in zip(parts, sides, strict=True)),
        math.ulp(0),
    )
    return _around(float(sides[0].mean() - sides[1].mean()), math.sqrt(sum(parts)), freedom)


def kendall_of(rows: Floats) -> Bounded:
    """Return Kendall's tau-b of the two columns, scores and accuracies; scores may be -inf.

    The standard error is that of U-statistics (Hoeffding, Annals of Mathematical Statistics 1948),
    by the delta method for the ties in tau-b, and the interval is on Fisher's scale.
    """
    ranked = rank(rows[:, 0], rows[:, 1])
    count = len(ranked)
    tau = kendall(ranked) if count >= _ROWS else math.nan
    if math.isnan(tau) or abs(tau) == 1:
        return Bounded(None, None, None, "too few rows, all tied, or in perfect order")
    by_score, by_accuracy = (_ties(ranks) for ranks in (ranked.score_ranks, ranked.accuracy_ranks))
    both = np.unique([ranked.score_ranks, ranked.accuracy_ranks], axis=1, return_inverse=True)[1]
    untied = count - by_score - by_accuracy + _ties(both.ravel())
    agreeing = untied - 2 * count_discordant(ranked)
    apart = count - by_score, count - by_accuracy
    own = agreeing / math.sqrt(apart[0].mean() * apart[1].mean())
    for each in apart:
        own -= tau / 2 * each / each.mean()
    error = 2 * float(own.std(ddof=1)) / math.sqrt(count)
    reach = float(special.stdtrit(count - 1, 0.975)) * error / (1 - tau**2)
    return Bounded(tau, math.tanh(math.atanh(tau) - reach), math.tanh(math.atanh(tau) + reach))


def _ties(ranks: NDArray[np.integer[Any]]) -> Floats:
    """How many rows, itself among them, share each row's rank, (n,)."""
    sizes: Floats = np.bincount(ranks)[ranks].astype(float)
    return sizes


def _around(value: float, error: float, freedom: float) -> Bounded:
    if error == 0:
        return Bounded(value, None, None, "all rows are equal")
    reach = float(special.stdtrit(freedom, 0.975)) * error
    return Bounded(value, value - reach, value + reach)


def _require_pilot(pilot: ArrayLike) -> Floats:
    rows = np.asarray(pilot, float)
    if rows.ndim != 2 or len(rows) < 10 or not rows.shape[1]:
        raise ValueError(f"pilot is {rows.shape}; wanted (rows, columns), at least 10 rows")
    if np.isnan(rows).any():
        row = int(np.flatnonzero(np.isnan(rows).any(1))[0])
        raise ValueError(f"pilot holds nan in row {row}; leave out the rows that have no value")
    return rows


def _smallest(suffices: Callable[[int], bool], least: int, most: int) -> int | None:
    """The smallest size that suffices, taking it that all larger ones do too."""
    below, size = 0, least
    while not suffices(size):
        if size == most:
            return None
        below, size = size, min(2 * size, most)
    while below and size - below > 1 and size > _CLOSE * below:
        middle = (below + size) // 2
        if suffices(middle):
            size = middle
        else:
            below = middle
    return size


def _power(
    pilot: Floats,
    size: int,
    statistic: Statistic,
    goal: Goal,
    simulations: int,
    rng: np.random.Generator,
) -> Power:
    draws = rng.integers(len(pilot), size=(simulations, size))
    reached = sum(goal(statistic(pilot[rows])) for rows in draws)
    bounds = stats.binomtest(reached, simulations).proportion_ci(method="wilson")
    return Power(size, reached / simulations, float(bounds.low), float(bounds.high))


def _assurance(
    pilot: Floats,
    size: int,
    statistic: Statistic,
    goal: Goal,
    simulations: int,
    rng: np.random.Generator,
) -> float:
    reached = 0
    for _ in range(simulations):
        other = pilot[rng.integers(len(pilot), size=len(pilot))]
        reached += goal(statistic(other[rng.integers(len(other), size=size)]))
    return reached / simulations
