"""Regions of architectures told by conditions on their descriptors, split into smaller ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.ranked import Floats


@dataclass(frozen=True)
class Condition:
    """A descriptor at most at a threshold, or, if not `below`, above it."""

    descriptor: str
    threshold: float
    below: bool

    def __str__(self) -> str:
        return f"{self.descriptor} {'<=' if self.below else '>'} {self.threshold:,.12g}"

    def holds(self, descriptors: Mapping[str, Floats]) -> NDArray[np.bool_]:
        """Say of each row (n,) whether it meets the condition."""
        low = descriptors[self.descriptor] <= self.threshold
        return low if self.below else ~low


@dataclass(frozen=True)
class Region:
    """Architectures that meet all conditions, and how well scores rank among them.

    `kendall` is tau-b with its interval on the `n` rows of the half that didn't grow the tree,
    `grown_kendall` the value on the `grown_n` rows of the half that did.
    """

    conditions: tuple[Condition, ...]
    grown_n: int
    grown_kendall: float | None
    n: int
    kendall: Bounded
    split: "Split | None"

    @property
    def rule(self) -> str:
        """The conditions in words, such as `count_skip_connect <= 1.5 and depth > 3`."""
        return " and ".join(map(str, _needed(self.conditions))) or "all architectures"

    def leaves(self) -> Iterator["Region"]:
        """Walk through the regions that aren't split any further, from low to high."""
        if self.split is None:
            yield self
        else:
            yield from self.split.low.leaves()
            yield from self.split.high.leaves()


@dataclass(frozen=True)
class Split:
    """Two parts of a region: at most at a threshold, and above.

    `difference` is tau of `high` minus tau of `low` on the other half. `confirmed` says that it is
    sure to have the sign that it had when the tree was grown.
    """

    descriptor: str
    threshold: float
    low: Region
    high: Region
    difference: Bounded
    confirmed: bool

    @property
    def grew(self) -> float:
        """The same difference on the half that grew the tree."""
        return (self.high.grown_kendall or 0) - (self.low.grown_kendall or 0)


def _needed(conditions: tuple[Condition, ...]) -> list[Condition]:
    """Leave out conditions that a later one of the same descriptor and side makes tighter."""
    last = {(condition.descriptor, condition.below): condition for condition in conditions}
    return list(last.values())
