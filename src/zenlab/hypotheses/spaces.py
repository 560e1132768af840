"""Does a proxy rank better in one kind of space than in another?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.strata import Strata, stratify
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Part, Verdict, part_of


@dataclass(frozen=True)
class SpacesClaim:
    """In each of `comparisons`, scores rank better in the first population than in the second.

    `comparisons` maps what is compared to two names of `sources`. The effect is the difference of
    Kendall's tau-b, of samples taken for independent: where the same networks are scored in two
    ways, its interval is wider than it need be. `within` names, by source, descriptors that are
    held equal: tau is then that within their strata.
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
        strata = {
            where: self._judged(where, population, draws, rng)
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
        return stratify(population.scores, population.accuracies, columns, draws=draws, rng=rng)

    def _compared(
        self,
        what: str,
        pair: Sequence[str],
        populations: Mapping[str, Population],
        strata: Mapping[str, Strata],
    ) -> Part:
        one, other = (self._tau(where, strata[where]) for where in pair)
        n = min(len(populations[where]) for where in pair)
        return part_of(what, difference(one, other), n, self.smallest_effect, "tau")

    def _tau(self, where: str, found: Strata) -> Bounded:
        return found.kendall if self.within.get(where) else found.simpson.pooled


def difference(one: Bounded, other: Bounded) -> Bounded:
    """Return `one` minus `other` of independent samples, with the interval of the difference.

    Where both come from the same networks it is too wide, never too narrow, as long as the two
    agree in sign of their errors.
    """
    if one.value is None or other.value is None:
        return Bounded(None, None, None, one.reason or other.reason)
    value = one.value - other.value
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return Bounded(value, None, None, one.reason or other.reason)
    # Zou, Toward using confidence intervals to compare correlations, Psychological Methods 2007.
    low = value - float(np.hypot(one.value - one.low, other.high - other.value))
    high = value + float(np.hypot(one.high - one.value, other.value - other.low))
    return Bounded(value, low, high)
