"""How else the rows could have come out: other samples, other seeds, halves of the sample.

docs/statistics.md says what the spread over each kind of variant stands for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from zenlab.analysis.ranked import Floats, Ranked

Statistic = Callable[[Ranked], float]
"""A number computed from rows; nan where it is undefined."""

_DEFINED_AT_LEAST = 0.95


def resample(rows: Ranked, draws: int, rng: np.random.Generator) -> Iterator[Ranked]:
    """Draw as many rows with replacement: the bootstrap (Efron, Annals of Statistics 1979)."""
    count = len(rows)
    for _ in range(draws):
        times = np.bincount(rng.integers(count, size=count), minlength=count)
        yield rows.take(np.repeat(np.arange(count), times))


def reseed(rows: Ranked, draws: int, rng: np.random.Generator) -> Iterator[Ranked]:
    """Add normal noise of its standard error to each finite score, independently."""
    stderr = np.where(np.isfinite(rows.scores), rows.stderr, 0)
    for _ in range(draws):
        yield rows.rescored(rows.scores + stderr * rng.standard_normal(len(rows)))


def halve(rows: Ranked, draws: int, rng: np.random.Generator) -> Iterator[Ranked]:
    """Draw half of the rows, rounded down, without replacement."""
    count = len(rows)
    for _ in range(draws):
        yield rows.take(np.sort(rng.permutation(count)[: count // 2]))


def evaluate(statistics: Mapping[str, Statistic], variants: Iterable[Ranked]) -> dict[str, Floats]:
    """Return the values (draws,) of each statistic, all over the same variants."""
    values = [[statistic(rows) for statistic in statistics.values()] for rows in variants]
    return dict(zip(statistics, np.array(values).T, strict=True))


def defined(values: Floats) -> Floats:
    """Return the values that are not nan; none if more than 5 % are.

    A few undefined draws hardly move the others' quantiles; many would leave a biased selection.
    """
    kept = values[~np.isnan(values)]
    return kept if len(kept) >= _DEFINED_AT_LEAST * len(values) else kept[:0]


def middle(values: Floats) -> tuple[float, float]:
    """Return the bounds of the middle 95 % of values (draws,)."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
