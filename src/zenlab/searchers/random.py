"""Random search: a uniform sample of the space without replacement."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, get_args

import numpy as np

from zenlab.abilities import Enumerable
from zenlab.checks import require_one_of, require_whole
from zenlab.core import Admit, Genotype, Space, admit_all
from zenlab.searchers.inside import inside
from zenlab.searchers.known import Population, named, narrowed
from zenlab.searchers.turns import AskedOnce

Unique = Literal["genotype", "canonical"]

_PATIENCE = 100_000
"""Draws in a row without anything new and admitted after which a space counts as exhausted."""


class RandomSearcher(AskedOnce):
    """Asks once, for `budget` different architectures; a larger budget begins with the same ones.

    `population=known` draws from `known` architectures, those that a benchmark has accuracies of,
    where these are a part of the space; `all` draws from the whole space. `where` narrows either:
    `live`, or a descriptor that must be 1. What `admit` rejects is skipped.

    `unique=canonical` skips architectures that a search may take for duplicates of one drawn
    before (`space.canonical`), so the sample is no longer uniform over genotypes.

    Raises:
        ValueError: a parameter is wrong, or there are fewer such architectures than `budget`.
    """

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        known: Sequence[Genotype] | None = None,
        budget: int = 100,
        population: Population = "known",
        where: str | None = None,
        unique: Unique = "genotype",
        seed: int = 0,
    ) -> None:
        require_whole("searcher.budget", budget)
        require_whole("searcher.seed", seed, least=0)
        require_one_of("searcher.unique", unique, get_args(Unique))
        known = narrowed(known, population)
        self.uniform = unique == "genotype"
        self.population = named(known, canonical=not self.uniform)
        if where is not None:
            self.population += f" that are {where}"
        if admit is not admit_all:
            self.population += ", within the constraint"
        rng = np.random.default_rng(seed)
        wanted, draws = inside(space, where, admit), _draws(space, known, rng)
        try:
            super().__init__(_sample(space, budget, draws, wanted, unique))
        except ValueError as error:
            cure = ", or set searcher.population=all" if known is not None else ""
            raise ValueError(f"{error}{cure} (drawn from {self.population})") from None


def _sample(
    space: Space, budget: int, draws: Iterable[Genotype], wanted: Admit, unique: Unique
) -> list[Genotype]:
    key = space.canonical if unique == "canonical" else str
    found: dict[str, Genotype] = {}
    missed = 0
    for genotype in draws:
        size = len(found)
        if wanted(genotype):
            found.setdefault(key(genotype), genotype)
        missed = 0 if len(found) > size else missed + 1
        if len(found) == budget:
            return list(found.values())
        if missed >= _PATIENCE:
            break
    raise ValueError(
        f"searcher.budget is {budget}, but only {len(found)} different architectures "
        f"(searcher.unique={unique}) were found; ask for fewer, or use searcher=exhaustive"
    )


def _draws(
    space: Space, known: Sequence[Genotype] | None, rng: np.random.Generator
) -> Iterator[Genotype]:
    """Each architecture once in random order; where they can't be listed, draws without end."""
    listed = known if known is not None else space if isinstance(space, Enumerable) else None
    if listed is not None:
        genotypes = list(listed)
        yield from (genotypes[i] for i in rng.permutation(len(genotypes)))
        return
    while True:
        yield space.sample(rng)
