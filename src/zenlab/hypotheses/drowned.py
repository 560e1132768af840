"""Does one term of a score drown what the others know?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from zenlab.analysis.bounded import bound_difference
from zenlab.analysis.matrices import columns_of, draw_times, kendall_matrices
from zenlab.analysis.partial import partial_correlations
from zenlab.analysis.ranked import Floats
from zenlab.analysis.strata import stratify
from zenlab.checks import require_positive
from zenlab.hypotheses.claim import Source, require_names
from zenlab.hypotheses.part import Part, part_of
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Verdict


@dataclass(frozen=True)
class DrownedClaim:
    """In each population the score without `term` ranks better than with it.

    The effect is the difference of Kendall's tau-b on the same networks. `given` are descriptors
    for the partial correlation of each term; `strata` names, by source, the descriptor by whose
    value rank quality is told.
    """

    statement: str
    sources: Mapping[str, Source]
    term: str
    given: Sequence[str]
    strata: Mapping[str, str]
    smallest_effect: float

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: `strata` names a source that there isn't, or the smallest effect isn't
                positive.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)
        by = {where: [descriptor] for where, descriptor in self.strata.items()}
        require_names("hypothesis.strata", by, self.sources)

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
            live = population.part(np.isfinite(population.scores), where)
            if self.term not in live.terms:
                known = ", ".join(map(str, live.terms.columns)) or "none"
                raise ValueError(
                    f"the scores of {proxy} have no term {self.term!r} (terms: {known}); use "
                    f"proxy=zen_closed"
                )
            parts.append(self._compared(where, live, draws, rng))
            tables[where] = self._table(where, live, draws, rng)
        notes = [_note(where, table, self.term) for where, table in tables.items()]
        return Verdict(name, self.statement, proxy, parts, {"populations": tables}, notes)

    def _compared(self, where: str, live: Population, draws: int, rng: np.random.Generator) -> Part:
        columns = columns_of((self._without(live), live.scores, live.accuracies))
        taus = kendall_matrices(columns, draw_times(len(live), draws, rng, live.groups))
        found = bound_difference(taus[:, 0, 2] - taus[:, 1, 2], rows=len(live))
        most = len(live.measured)
        return part_of(where, found, len(live), self.smallest_effect, "tau", most=most)

    def _without(self, live: Population) -> Floats:
        """Add up the other terms: taking one off the sum would break ties by rounding."""
        others: Floats = live.terms.drop(columns=self.term).sum(axis=1).to_numpy(dtype=float)
        return others

    def _table(
        self, where: str, live: Population, draws: int, rng: np.random.Generator
    ) -> dict[str, Any]:
        """Rank quality of the score, of each term, and by stratum."""
        columns = {str(name): live.terms[name].to_numpy(dtype=float) for name in live.terms}
        total = live.scores
        spread = {name: float(np.cov(values, total)[0, 1]) for name, values in columns.items()}
        judged = {
            "score": total,
            f"score without {self.term}": self._without(live),
            **columns,
        }
        rows = {
            name: self._judged(values, live, draws, rng)
            | {"share_of_variance": spread[name] / float(total.var(ddof=1))}
            if name in spread
            else self._judged(values, live, draws, rng)
            for name, values in judged.items()
        }
        table = {"n": len(live), "drawn": live.drawn, "label": live.label, "terms": rows}
        if where in self.strata:
            table["by"] = self.strata[where]
            table["strata"] = self._by_stratum(where, live, judged, draws, rng)
        return table

    def _judged(
        self, values: Floats, live: Population, draws: int, rng: np.random.Generator
    ) -> dict[str, Any]:
        options: dict[str, Any] = {"draws": draws, "rng": rng, "groups": live.groups}
        plain = partial_correlations(values, live.accuracies, {}, **options)
        given = live.columns(*self.given)
        left = partial_correlations(values, live.accuracies, given, **options)
        return {
            "kendall": asdict(plain.kendall),
            "spearman": asdict(plain.spearman),
            "partial_spearman": asdict(left.spearman),
        }

    def _by_stratum(
        self,
        where: str,
        live: Population,
        judged: Mapping[str, Floats],
        draws: int,
        rng: np.random.Generator,
    ) -> list[dict[str, Any]]:
        by = self.strata[where]
        column = live.columns(by)
        rows = []
        for name, values in judged.items():
            found = stratify(
                values, live.accuracies, column, draws=draws, rng=rng, groups=live.groups
            )
            for stratum in found.strata:
                low, high = stratum.ranges[by]
                rows.append(
                    {
                        "of": name,
                        "low": low,
                        "high": high,
                        "n": stratum.n,
                        "kendall": asdict(stratum.kendall),
                        "spearman": asdict(stratum.spearman),
                    }
                )
        return rows


def _note(where: str, table: Mapping[str, Any], term: str) -> str:
    """Say how well the score and its terms rank, and what moves the score."""
    words = [
        f"{name} {row['spearman']['value']:.2f}"
        for name, row in table["terms"].items()
        if row["spearman"]["value"] is not None
    ]
    share = table["terms"][term]["share_of_variance"]
    return f"{where}: {term} is {share:.0%} of the score's variance; Spearman {', '.join(words)}"
