"""What follows from the evidence for a claim; docs/hypotheses.md states the rules.

A claim is supported or refuted if all of its parts are, conditional if some are supported and
others refuted, and else undecided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from zenlab.analysis.regions import Region
from zenlab.hypotheses.part import Part, Word

_ALPHA = 0.05


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
