"""Are there regions of the descriptors where a proxy ranks well, and others where it doesn't?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zenlab.analysis.applicability import map_applicability
from zenlab.analysis.regions import Region
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Part, Verdict, part_of


@dataclass(frozen=True)
class RegionsClaim:
    """In each population there are regions in which the rank quality differs.

    A shallow tree over the descriptors `by` (those whose names begin with one of these) is grown on
    one half of the networks; the effect is the difference of Kendall's tau between the two sides of
    its first split on the other half, which had no say in it. `leaf` is the fewest networks of a
    region in the growing half.
    """

    statement: str
    sources: Mapping[str, Source]
    by: Sequence[str]
    depth: int
    leaf: int
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
        maps = {
            where: self._map(population, draws, rng) for where, population in populations.items()
        }
        parts = [self._part(where, found, len(populations[where])) for where, found in maps.items()]
        tables = {where: [_row(leaf) for leaf in found.leaves()] for where, found in maps.items()}
        notes = [_note(where, found) for where, found in maps.items()]
        return Verdict(name, self.statement, proxy, parts, {"regions": tables}, notes, maps)

    def _map(self, population: Population, draws: int, rng: np.random.Generator) -> Region:
        described = population.described
        names = [
            str(name)
            for name in described
            if str(name).startswith(tuple(self.by)) and described[name].nunique() > 1
        ]
        if not names:
            raise ValueError(
                f"{population.name} has no descriptor that varies and begins with "
                f"{', '.join(self.by)}; it has {', '.join(map(str, described.columns))}"
            )
        return map_applicability(
            population.scores,
            population.accuracies,
            population.columns(*names),
            depth=self.depth,
            leaf=min(self.leaf, len(population) // 4),
            difference=self.smallest_effect,
            draws=draws,
            rng=rng,
        )

    def _part(self, where: str, found: Region, count: int) -> Part:
        if found.split is None:
            reason = "no split of the growing half was worth it"
            return Part(where, 0.0, 0.0, 0.0, count, self.smallest_effect, "tau", reason)
        seen = found.split.difference
        part = part_of(where, seen, count, self.smallest_effect, "tau")
        if seen.value is None or seen.value >= 0 or part.low is None or part.high is None:
            return part
        return Part(where, -seen.value, -part.high, -part.low, count, self.smallest_effect, "tau")


def _row(region: Region) -> dict[str, Any]:
    return {"rule": region.rule, "n": region.n, "kendall": asdict(region.kendall)}


def _note(where: str, found: Region) -> str:
    """Name the best and the worst region."""
    known = [leaf for leaf in found.leaves() if leaf.kendall.value is not None]
    if len(known) < 2:
        return f"{where}: one region only"
    known.sort(key=lambda leaf: leaf.kendall.value or 0.0)
    told = [f"tau {leaf.kendall.value:.2f} where {leaf.rule}" for leaf in (known[-1], known[0])]
    return f"{where}: " + "; ".join(told)
