"""The evolutionary search of Zen-NAS (Lin et al., ICCV 2021): keep the best, vary them.

No crossover, no tournament, no ageing: a child of a random member enters, and the worst leaves.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from zenlab.abilities import Varying
from zenlab.checks import require_whole
from zenlab.core import Admit, Genotype, Score, Space, admit_all
from zenlab.searchers.turns import require_asked

_FOUNDERS = 10
"""While the population is no larger than this, children descend from the space's own start."""

_PATIENCE = 100_000
"""Children in a row without a new one after which a search without `iterations` ends."""


class EvolutionSearcher:
    """Asks for children of a population that keeps the best `population_size` of those told.

    The first children are one change away from where the space says that its searches start (else
    random architectures), later ones up to two changes away from a random member. What `admit`
    rejects uses up one of the `iterations`, but none of the `budget`, the evaluations; null means
    no limit. An architecture that was told before is not asked again; with `duplicates` it
    enters the population once more, as in the authors' program. `members` are the population,
    `batch` how many children are asked at a time: more than one keeps several workers busy.
    """

    uniform = False

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        budget: int | None = 1000,
        iterations: int | None = None,
        population_size: int = 512,
        duplicates: bool = False,
        batch: int = 1,
        seed: int = 0,
    ) -> None:
        for name, value in (("budget", budget), ("iterations", iterations)):
            if value is not None:
                require_whole(f"searcher.{name}", value)
        require_whole("searcher.population_size", population_size)
        require_whole("searcher.batch", batch)
        require_whole("searcher.seed", seed, least=0)
        if budget is None and iterations is None:
            raise ValueError(
                "searcher.budget and searcher.iterations are both null, so the search would never "
                "end; set one of them"
            )
        self.population = "what an evolutionary search asked for"
        self.budget = budget
        self._space, self._admit = space, admit
        self._varying = space if isinstance(space, Varying) else None
        self._iterations = iterations
        self._size, self._duplicates, self._batch = population_size, duplicates, batch
        self._rng = np.random.default_rng(seed)
        self._told: dict[Genotype, float | None] = {}  # None: it failed
        self._members: list[tuple[float, Genotype]] = []
        self._asked: list[Genotype] = []
        self._children = self._bear()

    @property
    def members(self) -> list[Genotype]:
        """The population, best first."""
        ranked = sorted(self._members, key=lambda member: -member[0])  # ties: the older first
        return [genotype for _, genotype in ranked[: self._size]]

    def ask(self) -> list[Genotype]:
        """Return the next children that have not been told yet; nothing ends the search."""
        asked: list[Genotype] = []
        most = self._batch
        if self.budget is not None:
            most = min(most, self.budget - len(self._told))
        while len(asked) < most and (child := next(self._children, None)) is not None:
            if child not in self._told:
                if child not in asked:
                    asked.append(child)
            elif self._duplicates:
                self._enter(child)
        self._asked = asked
        return list(asked)

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn the scores of the children asked last; what failed stays out.

        Raises:
            RuntimeError: nothing has been asked.
        """
        require_asked(self._asked)
        for genotype, score in zip(self._asked, scores, strict=True):
            self._told[genotype] = None if score.error else score.value
            self._enter(genotype)
        self._asked = []

    def _enter(self, genotype: Genotype) -> None:
        value = self._told[genotype]
        if value is not None:
            self._members.append((value, genotype))

    def _bear(self) -> Iterator[Genotype]:
        """Yield admitted children of the population as it is when they are wanted."""
        iteration, stale = 0, 0
        while stale < _PATIENCE if self._iterations is None else iteration < self._iterations:
            iteration, stale = iteration + 1, stale + 1
            while len(self._members) > self._size:
                self._members.remove(min(self._members, key=lambda member: member[0]))
            child = self._child()
            if self._admit(child):
                stale = stale if child in self._told else 0
                yield child

    def _child(self) -> Genotype:
        rng, own = self._rng, self._varying
        if len(self._members) <= min(_FOUNDERS, self._size - 1):
            return own.vary(own.start, rng, times=1) if own else self._space.sample(rng)
        _, parent = self._members[int(rng.integers(len(self._members)))]
        if own:
            return own.vary(parent, rng, times=2)
        return self._space.mutate(self._space.mutate(parent, rng), rng)
