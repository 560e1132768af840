"""What follows from the evidence for a claim; docs/hypotheses.md states the rules.

A claim is made of parts, each an effect with its interval and the smallest effect that matters. A
part is supported if its interval lies above zero and the effect is at least that large; refuted if
the interval lies below the smallest effect that matters; else undecided. A claim is supported or
refuted if all of its parts are, conditional if some are supported and others refuted, and else
undecided.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from scipy import stats

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.regions import Region

Word = Literal["supported", "refuted", "conditional", "undecided"]

_SIDES = 2 * stats.norm.ppf(0.975)  # widths of a 95 % interval in standard errors
_ALPHA = 0.05


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


@dataclass(frozen=True)
class Verdict:
    """What is to be thought of a claim about a proxy, in one word and one sentence.

    `evidence` holds tables for whoever wants to see more, ready for JSON; `notes` are lines that a
    reader of the verdict should see, `maps` applicability maps by population. `adjusted_p` is the
    p-value after Holm's correction over all claims of a run or sweep.
    """

    claim: str
    statement: str
    proxy: str
    parts: Sequence[Part]
    evidence: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    maps: Mapping[str, Region] = field(default_factory=dict)
    adjusted_p: float | None = None

    @property
    def word(self) -> Word:
        """The verdict; what doesn't survive Holm's correction is undecided."""
        if self.adjusted_p is not None and self.adjusted_p > _ALPHA:
            return "undecided"
        return self._own_word

    @property
    def _own_word(self) -> Word:
        words = {part.word for part in self.parts}
        if {"supported", "refuted"} <= words:
            return "conditional"
        return words.pop() if len(words) == 1 else "undecided"

    @property
    def p(self) -> float:
        """The largest p-value among the parts that carry the verdict."""
        if self._own_word == "undecided":
            return 1.0
        return max(part.p for part in self.parts if part.word != "undecided")

    @property
    def _fell(self) -> bool:
        """Whether only Holm's correction makes it undecided."""
        return self.word != self._own_word

    @property
    def sentence(self) -> str:
        """The verdict with its numbers."""
        leads = _ALONE if self._fell else _LEADS
        groups = {word: [p for p in self.parts if p.word == word] for word in _ORDER}
        told = [
            f"{leads[word]} {'; '.join(map(str, parts))}" for word, parts in groups.items() if parts
        ]
        sentence = f"{self.statement} {self.word.capitalize()}. {'. '.join(told)}."
        if self._fell:
            sentence += f" It doesn't survive Holm's correction (p = {self.adjusted_p:.2g})."
        return sentence + self._how_many()

    def _how_many(self) -> str:
        """Say how many architectures would decide, and that there aren't so many, if so."""
        if self.word != "undecided" or not (needed := self.needed):
            return ""
        for count, part in self._counts():
            if part.most and count > part.most:
                return f" {part.name} would take about {count:,} networks; there are {part.most:,}."
        return f" About {needed:,} would decide."

    @property
    def needed(self) -> int | None:
        """About how many architectures would decide what is undecided."""
        return max((count for count, _ in self._counts()), default=None)

    def _counts(self) -> list[tuple[int, Part]]:
        """How many architectures each open part needs, or each that Holm's correction took."""
        if self._fell and self.adjusted_p and self.p:
            level = _ALPHA * self.p / self.adjusted_p
            counts = [(part.needed_for(level), part) for part in self.parts]
        else:
            counts = [(part.needed, part) for part in self.parts]
        return [(count, part) for count, part in counts if count]

    @property
    def leading(self) -> Part:
        """The part that tables show: the first."""
        return self.parts[0]

    def adjusted(self, p: float) -> "Verdict":
        """Return the verdict with a p-value that was corrected for the company of others."""
        return replace(self, adjusted_p=p)

    def row(self) -> dict[str, Any]:
        """Return what tables, `summary.json` and W&B show of it."""
        part = self.leading
        return {
            "claim": self.claim,
            "statement": self.statement,
            "proxy": self.proxy,
            "verdict": self.word,
            "effect": part.effect,
            "low": part.low,
            "high": part.high,
            "effect_of": part.name,
            "unit": part.unit,
            "n": part.n,
            "holds": f"{sum(part.word == 'supported' for part in self.parts)} of {len(self.parts)}",
            "p": None if self._own_word == "undecided" else self.p,
            "adjusted_p": None if self._own_word == "undecided" else self.adjusted_p,
            "needed": self.needed if self.word == "undecided" else None,
            "sentence": self.sentence,
        }

    def part_rows(self) -> list[dict[str, Any]]:
        """Return a row for each part."""
        return [
            {
                "claim": self.claim,
                "proxy": self.proxy,
                "part": part.name,
                "says": part.word,
                "effect": part.effect,
                "low": part.low,
                "high": part.high,
                "n": part.n,
                "smallest": part.smallest,
                "unit": part.unit,
                "p": part.p,
                "reason": part.reason,
                "most": part.most,
            }
            for part in self.parts
        ]


_ORDER: tuple[Word, ...] = ("supported", "refuted", "undecided")
_LEADS = {"supported": "It holds:", "refuted": "It doesn't:", "undecided": "Open:"}
_ALONE = {
    "supported": "By itself it would hold:",
    "refuted": "By itself it wouldn't:",
    "undecided": "Open:",
}
