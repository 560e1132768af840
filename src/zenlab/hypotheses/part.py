"""A part of a claim: an effect with its interval, and what it says by itself.

It is supported if its interval lies above zero and the effect is at least the smallest one that
matters, refuted if the interval lies below that, else undecided (docs/hypotheses.md).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from scipy import stats

from zenlab.analysis.bounded import Bounded

Word = Literal["supported", "refuted", "conditional", "undecided"]

_SIDES = 2 * stats.norm.ppf(0.975)  # widths of a 95 % interval in standard errors


@dataclass(frozen=True)
class Part:
    """An effect on `n` architectures (or pairs, or contexts), and the smallest one that matters.

    `low` and `high` bound 95 %, as if the architectures were a sample of more of their kind; None
    is undefined, and `reason` says why. `most` is how many there are in the space.
    """

    name: str
    effect: float | None
    low: float | None
    high: float | None
    n: int
    smallest: float
    unit: str = ""
    reason: str | None = None
    most: int | None = None

    @property
    def word(self) -> Word:
        """What the part says by itself."""
        if self.effect is None or self.low is None or self.high is None:
            return "undecided"
        if self.low > 0 and self.effect >= self.smallest:
            return "supported"
        return "refuted" if self.high < self.smallest else "undecided"

    @property
    def p(self) -> float:
        """How often an effect like this comes from where the part's word would be wrong.

        One-sided, with the standard error that the interval implies: from no effect where the part
        is supported, from the smallest that matters where it is refuted. 1 if undecided.
        """
        if self.word == "undecided" or self.effect is None:
            return 1.0
        border = 0.0 if self.word == "supported" else self.smallest
        error = self._error
        return 0.0 if error == 0 else float(stats.norm.sf(abs(self.effect - border) / error))

    @property
    def needed(self) -> int | None:
        """About how many architectures would decide, if the effect is what it seems to be."""
        if self.word != "undecided" or self.effect is None or self._error == 0:
            return None
        distance = self.effect if self.effect >= self.smallest else self.smallest - self.effect
        return self._sure_with(distance, float(_SIDES) / 2)

    def needed_for(self, level: float) -> int | None:
        """About how many architectures it takes for a one-sided p of `level`, for what it says."""
        if self.word == "undecided" or self.effect is None or self._error == 0:
            return None
        border = 0.0 if self.word == "supported" else self.smallest
        return self._sure_with(abs(self.effect - border), float(stats.norm.isf(level)))

    def _sure_with(self, distance: float, errors: float) -> int | None:
        """How many architectures make `distance` as large as so many standard errors."""
        if distance <= 0:
            return None
        return math.ceil(self.n * (errors * self._error / distance) ** 2)

    @property
    def _error(self) -> float:
        if self.low is None or self.high is None:
            return 0.0
        return (self.high - self.low) / float(_SIDES)

    def __str__(self) -> str:
        """Say it with its numbers."""
        if self.effect is None:
            return f"{self.name}: undefined ({self.reason})"
        unit = f" {self.unit}" if self.unit else ""
        if self.low is None or self.high is None:
            return f"{self.name} {self.effect:+.2f}{unit} ({self.reason})"
        if self.low == self.high:
            return f"{self.name} {self.effect:+.2f}{unit}"
        return f"{self.name} {self.effect:+.2f}{unit} [{self.low:.2f}, {self.high:.2f}]"


def part_of(
    name: str,
    bounded: Bounded,
    n: int,
    smallest: float,
    unit: str = "",
    *,
    most: int | None = None,
) -> Part:
    """Return a part from a value with its interval."""
    found = (bounded.value, bounded.low, bounded.high)
    return Part(name, *found, n, smallest, unit, bounded.reason, most)


def part_from(row: Mapping[str, Any]) -> Part:
    """Return the part that `Verdict.part_rows` has written as a row."""
    found = (row["effect"], row["low"], row["high"], row["n"], row["smallest"], row["unit"])
    return Part(row["part"], *found, row["reason"], row["most"])
