"""Does a proxy rank better in one kind of space than in another?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from zenlab.analysis.bounded import bound_difference
from zenlab.analysis.ranked import Floats
from zenlab.analysis.strata import Strata, stratify
from zenlab.checks import require_positive
from zenlab.core import Genotype
from zenlab.hypotheses.claim import Source, require_names
from zenlab.hypotheses.part import Part, part_of
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Verdict


@dataclass(frozen=True)
class SpacesClaim:
    """In each of `comparisons`, scores rank better in the first population than in the second.

    `comparisons` maps what is compared to two names of `sources`. The effect is the difference of
    Kendall's tau-b; where both populations are the same networks, scored in two ways, they are
    resampled together, so that its interval knows that they are. `within` names, by source,
    descriptors that are held equal: tau is then that within their strata.
    """

    statement: str
    sources: Mapping[str, Source]
    comparisons: Mapping[str, Sequence[str]]
    within: Mapping[str, Sequence[str]]
    smallest_effect: float

    def __post_init__(self) -> None:
        """Check the comparisons.

        Raises:
            ValueError: one names no two sources, or the smallest effect isn't positive.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)
        require_names("hypothesis.within", self.within, self.sources)
        if not self.comparisons:
            raise ValueError("hypothesis.comparisons is empty; wanted pairs of sources")
        for name, pair in self.comparisons.items():
            if len(pair) != 2 or not set(pair) <= set(self.sources):
                raise ValueError(
                    f"hypothesis.comparisons.{name} is {list(pair)}; wanted two of "
                    f"{', '.join(self.sources)}"
                )

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
        seeds = _seeds(populations, rng)
        strata = {
            where: self._judged(where, population, draws, np.random.default_rng(seeds[where]))
            for where, population in populations.items()
        }
        parts = [
            self._compared(what, pair, populations, strata)
            for what, pair in self.comparisons.items()
        ]
        tables = {
            where: {
                "n": len(populations[where]),
                "drawn": populations[where].drawn,
                "label": populations[where].label,
                "kendall": asdict(found.simpson.pooled),
                "within": list(self.within.get(where, ())),
                "kendall_within": asdict(found.kendall),
                "spearman_within": asdict(found.spearman),
                "direction": found.simpson.direction,
            }
            for where, found in strata.items()
        }
        return Verdict(name, self.statement, proxy, parts, {"populations": tables})

    def _judged(
        self, where: str, population: Population, draws: int, rng: np.random.Generator
    ) -> Strata:
        names = self.within.get(where, ())
        columns = population.columns(*names) if names else {"all": np.zeros(len(population))}
        return stratify(
            population.scores,
            population.accuracies,
            columns,
            draws=draws,
            rng=rng,
            groups=population.groups,
        )

    def _compared(
        self,
        what: str,
        pair: Sequence[str],
        populations: Mapping[str, Population],
        strata: Mapping[str, Strata],
    ) -> Part:
        one, other = (self._taus(where, strata[where]) for where in pair)
        n = min(len(populations[where]) for where in pair)
        most = max(len(populations[where].measured) for where in pair)
        found = bound_difference(one - other, rows=n)
        return part_of(what, found, n, self.smallest_effect, "tau", most=most)

    def _taus(self, where: str, found: Strata) -> Floats:
        return found.within_taus if self.within.get(where) else found.pooled_taus


def _seeds(populations: Mapping[str, Population], rng: np.random.Generator) -> dict[str, int]:
    """Return a seed for the resamples of each population, one for all of the same networks."""
    of_networks: dict[tuple[Genotype, ...], int] = {}
    for population in populations.values():
        of_networks.setdefault(population.genotypes, int(rng.integers(2**63)))
    return {where: of_networks[population.genotypes] for where, population in populations.items()}
