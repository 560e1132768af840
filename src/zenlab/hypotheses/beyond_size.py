"""Does a proxy know more than some descriptors, such as the size of a network?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zenlab.analysis.partial import partial_correlations
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source, require_names
from zenlab.hypotheses.part import Part, part_of
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Verdict


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
        """Check the parameters.

        Raises:
            ValueError: there is no source, or the smallest effect isn't positive.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)
        require_names("hypothesis.sources", {}, self.sources)

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
            ours, most = (population.scores, population.accuracies), len(population.measured)
            options: dict[str, Any] = {"draws": draws, "rng": rng, "groups": population.groups}
            plain = partial_correlations(*ours, {}, **options)
            found = partial_correlations(*ours, columns, **options)
            parts.append(
                part_of(
                    where, found.spearman, found.n, self.smallest_effect, "partial rho", most=most
                )
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
