"""Random search: a uniform sample of the space without replacement."""

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Enumerable, Genotype, Score, Space

Unique = Literal["genotype", "canonical"]

_PATIENCE = 100_000
"""Draws in a row without anything new after which a space counts as exhausted."""


class RandomSearcher:
    """Asks once, for `budget` different architectures; a larger budget begins with the same ones.

    `where` narrows the space: `live`, or a descriptor that must be 1.

    `unique=canonical` skips architectures that a search may take for duplicates of one drawn
    before (`space.canonical`), so the sample is no longer uniform over genotypes.
    """

    def __init__(
        self,
        space: Space,
        *,
        budget: int = 100,
        where: str | None = None,
        unique: Unique = "genotype",
        seed: int = 0,
    ) -> None:
        require_whole("searcher.budget", budget)
        require_whole("searcher.seed", seed, least=0)
        require_one_of("searcher.unique", unique, get_args(Unique))
        self.uniform = unique == "genotype"
        self.population = "all genotypes" if self.uniform else "canonical classes"
        if where is not None:
            self.population += f" that are {where}"
        self._waiting = _sample(space, budget, where, unique, np.random.default_rng(seed))

    def ask(self) -> list[Genotype]:
        """Return the whole sample, then nothing."""
        asked, self._waiting = self._waiting, []
        return asked

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn nothing: a random search doesn't look at scores."""


def _sample(
    space: Space, budget: int, where: str | None, unique: Unique, rng: np.random.Generator
) -> list[Genotype]:
    key = space.canonical if unique == "canonical" else str
    seen: dict[str, Genotype] = {}
    for genotype in _draws(space, rng):
        if where is not None and not _holds(space, genotype, where):
            continue
        seen.setdefault(key(genotype), genotype)
        if len(seen) == budget:
            return list(seen.values())
    raise ValueError(
        f"searcher.budget is {budget}, but only {len(seen)} different architectures "
        f"(searcher.unique={unique}) were found; ask for fewer, or use searcher=exhaustive"
    )


def _holds(space: Space, genotype: Genotype, where: str) -> bool:
    described = space.describe(genotype)
    if where == "live":
        return described["dead"] == 0
    if where not in described:
        names = ", ".join(name for name, value in described.items() if value in (0.0, 1.0))
        raise ValueError(
            f"searcher.where is {where!r}; wanted live, or a descriptor of the space that is 0 or "
            f"1, such as {names}"
        )
    return described[where] == 1


def _draws(space: Space, rng: np.random.Generator) -> Iterator[Genotype]:
    """Each architecture once in random order; where they can't be listed, draws until stale."""
    if isinstance(space, Enumerable):
        genotypes = list(space)
        yield from (genotypes[i] for i in rng.permutation(len(genotypes)))
        return
    stale, seen = 0, set()
    while stale < _PATIENCE:
        genotype = space.sample(rng)
        stale = stale + 1 if genotype in seen else 0
        seen.add(genotype)
        yield genotype
