"""Is an option indispensable: does putting it in the place of any other raise accuracy?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from zenlab.abilities import Enumerable, Factored
from zenlab.analysis.contrast import contrasts
from zenlab.analysis.matched import Matched, matched_effects
from zenlab.analysis.pairs import Pairs, choices_of, count_elsewhere, edits_to, find_pairs
from zenlab.checks import require_positive, require_whole
from zenlab.core import Genotype
from zenlab.hypotheses.claim import Source
from zenlab.hypotheses.part import Part, part_of
from zenlab.hypotheses.population import Population, meets
from zenlab.hypotheses.verdict import Verdict


@dataclass(frozen=True)
class EditClaim:
    """Putting `option` in the place of each other option raises accuracy.

    An intervention, not a correlation: matched pairs of a complete space that differ in one factor
    (one of `factors`, None all of them). The effects are mean percentage points of accuracy, by the
    option replaced. `condition` says which architectures have the option, for the contrast of
    subsets beside it; `top` is how many count as the best of all. How far the best without the
    option is below the best of all is told, and decides nothing: it is one training each.
    """

    statement: str
    sources: Mapping[str, Source]
    option: str
    condition: str
    factors: Sequence[str] | None
    top: int
    smallest_effect: float

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range, or there isn't just one source.
        """
        require_positive("hypothesis.smallest_effect", self.smallest_effect)
        require_whole("hypothesis.top", self.top)
        if len(self.sources) != 1:
            raise ValueError(
                f"hypothesis.sources has {len(self.sources)} populations; this claim is about one"
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
        (population,) = populations.values()
        genotypes = _whole_space(population)
        accuracies = np.array([population.measured[genotype] for genotype in genotypes])
        choices = choices_of(population.space, genotypes)  # type: ignore[arg-type]
        pairs = find_pairs(choices, self._edits(population.space))  # type: ignore[arg-type]
        replaced = [str(pairs.edits[edit].before) for edit in pairs.edit]
        labels: dict[str, ArrayLike] = {
            "replaced": replaced,
            "others": count_elsewhere(choices, pairs, self.option),
        }
        scored = dict(zip(population.genotypes, population.scores, strict=True))
        scores = np.array([scored.get(genotype, np.nan) for genotype in genotypes])
        complete = not np.isnan(scores).any()
        found = matched_effects(
            pairs,
            accuracies,
            scores if complete else None,
            labels=labels,
            draws=draws,
            rng=rng,
        )
        evidence: dict[str, Any] = {
            "population": population.drawn,
            "label": population.label,
            "contrast": self._contrast(population, genotypes, accuracies, draws, rng),
            "matched": _tables(found, pairs),
            "proxy_seen": complete,
            "best_without": self._best_without(genotypes, accuracies, choices),
        }
        notes = [*_contrast_notes(evidence["contrast"], accuracies), *self._notes(evidence, found)]
        if not complete:
            notes.append(
                f"{proxy} scored {population.drawn}: what a {self.option} does to it isn't told"
            )
        return Verdict(name, self.statement, proxy, self._parts(found), evidence, notes)

    def _notes(self, evidence: Mapping[str, Any], found: Matched) -> list[str]:
        best = evidence["best_without"]
        notes = [
            f"the best without {self.option}: {best['accuracy']:.2f}, {best['below']:.2f} below "
            f"the best of all: {best['genotype']}"
        ]
        agreement = found.overall.agreement
        if agreement is not None and agreement.share.value is not None:
            chance = "" if agreement.by_chance is None else f", {agreement.by_chance:.0%} by chance"
            notes.append(
                f"over all pairs score and accuracy move to the same side in "
                f"{agreement.share.value:.0%}{chance}"
            )
        return notes

    def _edits(self, space: Factored) -> list[Any]:
        factors = space.factors()
        chosen = list(factors) if self.factors is None else list(self.factors)
        if unknown := [name for name in chosen if name not in factors]:
            raise ValueError(
                f"hypothesis.factors names {', '.join(unknown)}; the space has {', '.join(factors)}"
            )
        return edits_to({name: factors[name] for name in chosen}, self.option)

    def _parts(self, found: Matched) -> list[Part]:
        effects = found.by_context["replaced"]
        return [
            part_of(
                f"replacing {replaced}",
                effect.accuracy.mean,
                effect.pairs,
                self.smallest_effect,
                "points",
            )
            for replaced, effect in sorted(effects.items())
        ]

    def _has(self, choices: Mapping[str, Any]) -> NDArray[np.bool_]:
        chosen = list(choices) if self.factors is None else list(self.factors)
        found: NDArray[np.bool_] = np.any([choices[name] == self.option for name in chosen], axis=0)
        return found

    def _best_without(
        self, genotypes: Sequence[Genotype], accuracies: np.ndarray, choices: Mapping[str, Any]
    ) -> dict[str, Any]:
        without = np.where(self._has(choices), -np.inf, accuracies)
        place = int(without.argmax())
        below = float(accuracies.max() - without[place])
        return {"genotype": genotypes[place], "accuracy": float(without[place]), "below": below}

    def _contrast(
        self,
        population: Population,
        genotypes: Sequence[Genotype],
        accuracies: np.ndarray,
        draws: int,
        rng: np.random.Generator,
    ) -> dict[str, Any]:
        """Contrast all accuracies of the space, whatever was scored."""
        described = pd.DataFrame([population.space.describe(genotype) for genotype in genotypes])
        live = described["dead"].to_numpy() == 0
        found = contrasts(
            accuracies,
            meets(self.condition, described, population.name),
            {"live": live},
            top=min(self.top, len(accuracies) - 1, int(live.sum()) - 1),
            draws=draws,
            rng=rng,
        )
        return {"condition": self.condition, **{rows: asdict(one) for rows, one in found.items()}}


def _contrast_notes(contrast: Mapping[str, Any], accuracies: np.ndarray) -> list[str]:
    """Say the means that a contrast of subsets is about."""
    notes = [f"mean of all {len(accuracies):,}: {accuracies.mean():.3f}"]
    for rows in ("all", "live"):
        ours, theirs = contrast[rows]["present"], contrast[rows]["absent"]
        notes.append(
            f"{rows} where {contrast['condition']}: mean {ours['mean']:.3f} (n = {ours['n']:,}), "
            f"else {theirs['mean']:.3f} (n = {theirs['n']:,})"
        )
    return notes


def _whole_space(population: Population) -> tuple[Genotype, ...]:
    """Return all architectures of a space whose accuracies are all known.

    Raises:
        ValueError: the space isn't made of factors, or an accuracy is missing.
    """
    space = population.space
    if not isinstance(space, Factored) or not isinstance(space, Enumerable):
        raise ValueError(
            f"{population.name}: matched pairs need a space that can be walked through and is made "
            f"of factors; {type(space).__name__} isn't"
        )
    genotypes = tuple(space)
    missing = sum(genotype not in population.measured for genotype in genotypes)
    if missing:
        raise ValueError(
            f"{population.name}: {missing:,} of {len(genotypes):,} architectures have no accuracy; "
            f"matched pairs need all of them"
        )
    return genotypes


def _tables(found: Matched, pairs: Pairs) -> dict[str, Any]:
    return {
        "pairs": len(pairs),
        "overall": asdict(found.overall),
        "by_edit": {name: asdict(effect) for name, effect in found.by_edit.items()},
        "by_factor": {name: asdict(effect) for name, effect in found.by_factor.items()},
        "by_context": {
            label: {kind: asdict(effect) for kind, effect in effects.items()}
            for label, effects in found.by_context.items()
        },
    }
