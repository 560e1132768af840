"""Does a proxy know more than some descriptors, such as the size of a network?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zenlab.analysis.partial import partial_correlations
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Part, Verdict, part_of


@dataclass(frozen=True)
class PartialClaim:
    """In each population scores rank accuracies beyond the descriptors `given`.

    The effect is the partial Spearman correlation; `smallest_effect` is the least that matters.
    """

    statement: str
    sources: Mapping[str, Source]
    given: Sequence[str]
    smallest_effect: float

    def __post_init__(self) -> None:
        """Check the smallest effect.

        Raises:
            ValueError: it isn't positive.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)

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
            columns = population.columns(*self.given)
            plain = partial_correlations(
                population.scores, population.accuracies, {}, draws=draws, rng=rng
            )
            found = partial_correlations(
                population.scores, population.accuracies, columns, draws=draws, rng=rng
            )
            parts.append(
                part_of(where, found.spearman, found.n, self.smallest_effect, "partial rho")
            )
            tables[where] = {
                "n": found.n,
                "drawn": population.drawn,
                "spearman": asdict(plain.spearman),
                "kendall": asdict(plain.kendall),
                "partial_spearman": asdict(found.spearman),
                "partial_kendall": asdict(found.kendall),
            }
        evidence = {"given": list(self.given), "populations": tables}
        return Verdict(name, self.statement, proxy, parts, evidence)
