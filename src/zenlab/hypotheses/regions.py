"""Are there regions of the descriptors where a proxy ranks well, and others where it doesn't?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zenlab.analysis.applicability import map_applicability
from zenlab.analysis.bounded import Bounded
from zenlab.analysis.regions import Region
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source, require_names
from zenlab.hypotheses.part import Part, part_of
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Verdict

_LEAST = 10  # networks of a region


@dataclass(frozen=True)
class RegionsClaim:
    """In each population there are regions in which the rank quality differs.

    A shallow tree over the descriptors `by` (those whose names begin with one of these) is grown on
    one half of the networks; the effect is the difference of Kendall's tau between the two sides of
    its first split on the other half, which had no say in it: positive if it is on the same side
    there. Without a split nothing is decided: too few networks find none either. `leaf` is the
    fewest networks of a region in the growing half, and a quarter of that half at most.
    """

    statement: str
    sources: Mapping[str, Source]
    by: Sequence[str]
    depth: int
    leaf: int
    smallest_effect: float

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: `by` isn't a list, there is no source, or the smallest effect isn't
                positive.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)
        require_names("hypothesis.by", dict.fromkeys(self.sources, self.by), self.sources)

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
        parts = [self._part(where, found, populations[where]) for where, found in maps.items()]
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
            leaf=max(_LEAST, min(self.leaf, len(population) // 8)),
            difference=self.smallest_effect,
            draws=draws,
            rng=rng,
            groups=population.groups,
        )

    def _part(self, where: str, found: Region, population: Population) -> Part:
        if found.split is None:
            reason = "the growing half shows no split by three standard errors"
            seen = Bounded(None, None, None, reason)
        else:
            seen = found.split.difference
            if found.split.grew < 0:
                seen = _turned(seen)
        most = len(population.measured)
        return part_of(where, seen, len(population), self.smallest_effect, "tau", most=most)


def _turned(seen: Bounded) -> Bounded:
    """Return the difference the other way round."""
    if seen.value is None or seen.low is None or seen.high is None:
        return seen
    return Bounded(-seen.value, -seen.high, -seen.low)


def _row(region: Region) -> dict[str, Any]:
    return {"rule": region.rule, "n": region.n, "kendall": asdict(region.kendall)}


def _note(where: str, found: Region) -> str:
    """Name the best and the worst region of the growing half, with what the other half says."""
    known = [leaf for leaf in found.leaves() if leaf.grown_kendall is not None]
    if len(known) < 2:
        return f"{where}: one region only"
    known.sort(key=lambda leaf: leaf.grown_kendall or 0.0)
    return f"{where}: " + "; ".join(_told(leaf) for leaf in (known[-1], known[0]))


def _told(leaf: Region) -> str:
    tau = leaf.kendall
    if tau.value is None or tau.low is None:
        return f"tau undefined where {leaf.rule}"
    return f"tau {tau.value:.2f} [{tau.low:.2f}, {tau.high:.2f}] where {leaf.rule}"
