"""Local search: climb to the best neighbour, start anew at the top (White et al., UAI 2021)."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from zenlab.abilities import Connected
from zenlab.checks import require_whole
from zenlab.core import Admit, Genotype, Score, Space, admit_all
from zenlab.searchers.admitted import draw_admitted
from zenlab.searchers.turns import require_asked

_PATIENCE = 1_000
"""Climbs in a row without anything new after which the space counts as exhausted."""


class LocalSearcher:
    """Evaluates all neighbours, moves to the best, and starts anew where none is strictly better.

    `budget` counts different architectures: none is asked twice. A space that can't list its
    neighbours is asked for `neighbours` mutants at each step.

    Raises:
        ValueError: a parameter is wrong, or the constraint rejects all that is drawn.
    """

    uniform = False
    population = "what local search asked for"

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        budget: int = 300,
        neighbours: int = 24,
        seed: int = 0,
    ) -> None:
        require_whole("searcher.budget", budget)
        require_whole("searcher.neighbours", neighbours)
        require_whole("searcher.seed", seed, least=0)
        self.budget = budget
        self.members: list[Genotype] = []
        """The optima found, the first one first."""
        self._space, self._admit, self._count = space, admit, neighbours
        self._rng = np.random.default_rng(seed)
        self._known: dict[Genotype, float] = {}
        self._asked = False
        self._wanted = self._climbs()

    def ask(self) -> list[Genotype]:
        """Return a new start, or the unknown neighbours of where the climb stands."""
        left = self.budget - len(self._known)
        asked = next(self._wanted, [])[:left] if left > 0 else []
        self._asked = bool(asked)
        return asked

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn the heights of the architectures asked last; what failed is the lowest.

        Raises:
            RuntimeError: nothing was asked.
        """
        require_asked(self._asked)
        self._asked = False
        for score in scores:
            self._known[score.genotype] = score.value if score.error is None else -math.inf

    def _climbs(self) -> Iterator[list[Genotype]]:
        """Yield what must be evaluated to climb on, from start to start."""
        stale = 0
        while stale < _PATIENCE:
            before = len(self._known)
            yield from self._climb(draw_admitted(self._draw, self._admit))
            stale = 0 if len(self._known) > before else stale + 1

    def _climb(self, place: Genotype) -> Iterator[list[Genotype]]:
        yield from self._unknown([place])
        while True:
            around = self._neighbours(place)
            yield from self._unknown(around)
            best = max(around, key=self._known.__getitem__, default=place)
            if self._known[best] <= self._known[place]:
                break
            place = best
        if place not in self.members:
            self.members.append(place)

    def _unknown(self, genotypes: Sequence[Genotype]) -> Iterator[list[Genotype]]:
        if unknown := [genotype for genotype in genotypes if genotype not in self._known]:
            yield unknown

    def _draw(self) -> Genotype:
        return self._space.sample(self._rng)

    def _neighbours(self, place: Genotype) -> list[Genotype]:
        if isinstance(self._space, Connected):
            near = self._space.neighbours(place)
        else:
            mutants = (self._space.mutate(place, self._rng) for _ in range(self._count))
            near = list(dict.fromkeys(mutants))
        return [genotype for genotype in near if self._admit(genotype)]
