"""Does a proxy owe its rank quality to a descriptor that is free to vary?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zenlab.analysis.partial import partial_correlations
from zenlab.analysis.strata import stratify
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Part, Verdict, part_of


@dataclass(frozen=True)
class FreedomClaim:
    """In each population scores rank better over everything than among networks equal in `held`.

    `held` names, by source, the descriptors that the claim wants to be free. The effect is
    Kendall's tau-b over all pairs minus that over pairs within strata of these descriptors.
    `beyond` are descriptors that would rank as well without any proxy, such as params: what is left
    given them stands in the evidence.
    """

    statement: str
    sources: Mapping[str, Source]
    held: Mapping[str, Sequence[str]]
    beyond: Sequence[str]
    smallest_effect: float

    def __post_init__(self) -> None:
        """Check what is held.

        Raises:
            ValueError: a source has nothing to be held, or the smallest effect isn't positive.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)
        if missing := [name for name in self.sources if not self.held.get(name)]:
            raise ValueError(f"hypothesis.held names no descriptor for {', '.join(missing)}")

    def test(
        self,
        name: str,
        proxy: str,
        populations: Mapping[str, Population],
        *,
        draws: int,
        rng: np.random.Generator,
    ) -> Verdict:
        """See `Claim`."""
        parts: list[Part] = []
        tables: dict[str, Any] = {}
        for where, population in populations.items():
            scores, accuracies = population.scores, population.accuracies
            columns = population.columns(*self.held[where])
            found = stratify(scores, accuracies, columns, draws=draws, rng=rng)
            simpson = found.simpson
            parts.append(
                part_of(where, simpson.difference, len(population), self.smallest_effect, "tau")
            )
            given = population.columns(*self.beyond)
            left = partial_correlations(scores, accuracies, given, draws=draws, rng=rng)
            tables[where] = {
                "n": len(population),
                "drawn": population.drawn,
                "label": population.label,
                "held": list(self.held[where]),
                "strata": len(found.strata),
                "kendall": asdict(simpson.pooled),
                "kendall_within": asdict(simpson.within),
                "direction": simpson.direction,
                "given": list(self.beyond),
                "partial_spearman": asdict(left.spearman),
            }
        return Verdict(name, self.statement, proxy, parts, {"populations": tables})
