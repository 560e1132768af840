"""Does a proxy owe its rank quality to a descriptor that is free to vary?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.partial import partial_correlations
from zenlab.analysis.strata import stratify
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source, require_names
from zenlab.hypotheses.part import Part, part_of
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Verdict


@dataclass(frozen=True)
class FreedomClaim:
    """In each population scores rank better over everything than among networks equal in `held`.

    `held` names, by source, the descriptors that the claim wants to be free. The effect is
    Kendall's tau-b over all pairs minus that over pairs within strata of these descriptors.
    `beyond` are descriptors that would rank as well without any proxy, such as params: what is left
    given them stands in the evidence. `paired` names, by source, what the networks were chosen by
    in sets: those that agree in all descriptors that begin with one of these are resampled
    together, and tau among them, such as the same cell at several widths, stands in the evidence.
    """

    statement: str
    sources: Mapping[str, Source]
    held: Mapping[str, Sequence[str]]
    beyond: Sequence[str]
    paired: Mapping[str, Sequence[str]]
    smallest_effect: float

    def __post_init__(self) -> None:
        """Check what is held.

        Raises:
            ValueError: a source has nothing to be held, or the smallest effect isn't positive.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)
        require_names("hypothesis.held", self.held, self.sources)
        require_names("hypothesis.paired", self.paired, self.sources)
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
        notes: list[str] = []
        for where, population in populations.items():
            ours = population.scores, population.accuracies
            groups = self._groups(where, population)
            options: dict[str, Any] = {"draws": draws, "rng": rng, "groups": groups}
            found = stratify(*ours, population.columns(*self.held[where]), **options)
            simpson = found.simpson
            count, most = len(population), len(population.measured)
            parts.append(
                part_of(where, simpson.difference, count, self.smallest_effect, "tau", most=most)
            )
            left = partial_correlations(*ours, population.columns(*self.beyond), **options)
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
            if where in self.paired:
                same = stratify(*ours, {"set": groups}, most=len(groups), **options).kendall
                tables[where]["kendall_paired"] = asdict(same)
                notes.append(_note(where, same, len(np.unique(groups))))
        return Verdict(name, self.statement, proxy, parts, {"populations": tables}, notes)

    def _groups(self, where: str, population: Population) -> NDArray[np.intp]:
        """Number the sets that the networks (n,) were chosen in."""
        if where not in self.paired:
            return population.groups
        described = population.described
        names = [str(n) for n in described if str(n).startswith(tuple(self.paired[where]))]
        if not names:
            raise ValueError(
                f"{population.name} has no descriptor that begins with "
                f"{', '.join(self.paired[where])}; it has {', '.join(map(str, described))}"
            )
        return described.groupby(names, sort=False).ngroup().to_numpy().astype(np.intp)


def _note(where: str, same: Bounded, sets: int) -> str:
    """Say how well scores rank networks that differ in nothing but what is free."""
    if same.value is None:
        return f"{where}: tau within {sets} sets is undefined ({same.reason})"
    interval = "" if same.low is None else f" [{same.low:.2f}, {same.high:.2f}]"
    return f"{where}: tau among networks that differ in nothing else {same.value:.2f}{interval}"
