"""Regularised evolution: the oldest dies, never the worst (Real et al., AAAI 2019)."""

import math
from collections import deque
from collections.abc import Sequence

import numpy as np

from zenlab.checks import require_whole
from zenlab.core import Admit, Genotype, Score, Space, admit_all
from zenlab.searchers.admitted import draw_admitted
from zenlab.searchers.turns import require_asked


class RegularizedEvolutionSearcher:
    """Mutates the best of a sample of the population; the child takes the place of the oldest.

    It begins with `population_size` random architectures, asked at once, and then asks for one
    child of the best of `sample_size` members, drawn with replacement, until `budget` evaluations
    are made. An architecture that comes again is evaluated again. The answer of the search is the
    best architecture ever evaluated, not the best member.

    Raises:
        ValueError: a parameter is wrong, or the constraint rejects all that is drawn.
    """

    uniform = False
    population = "what regularised evolution asked for"

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        budget: int = 300,
        population_size: int = 10,
        sample_size: int = 3,
        seed: int = 0,
    ) -> None:
        for name, value in (("population_size", population_size), ("sample_size", sample_size)):
            require_whole(f"searcher.{name}", value)
        require_whole("searcher.budget", budget)
        require_whole("searcher.seed", seed, least=0)
        self.budget = budget
        self._space, self._admit = space, admit
        self._sample_size = sample_size
        self._rng = np.random.default_rng(seed)
        self._living: deque[tuple[float, Genotype]] = deque(maxlen=population_size)
        self._first = min(population_size, budget)
        self._evaluated = 0
        self._asked = False

    @property
    def members(self) -> list[Genotype]:
        """The population, the oldest first."""
        return [genotype for _, genotype in self._living]

    def ask(self) -> list[Genotype]:
        """Return the first population, then one child at a time."""
        if not self._evaluated:
            asked = [self._draw() for _ in range(self._first)]
        else:
            asked = [self._child()] if self._evaluated < self.budget else []
        self._asked = bool(asked)
        return asked

    def tell(self, scores: Sequence[Score]) -> None:
        """Let the architectures asked last live; what failed counts as worst.

        Raises:
            RuntimeError: nothing was asked.
        """
        require_asked(self._asked)
        self._asked = False
        self._evaluated += len(scores)
        self._living.extend(
            (score.value if score.error is None else -math.inf, score.genotype) for score in scores
        )

    def _draw(self) -> Genotype:
        return draw_admitted(lambda: self._space.sample(self._rng), self._admit)

    def _child(self) -> Genotype:
        return draw_admitted(lambda: self._space.mutate(self._parent(), self._rng), self._admit)

    def _parent(self) -> Genotype:
        places = self._rng.integers(len(self._living), size=self._sample_size)
        return max((self._living[place] for place in places), key=lambda member: member[0])[1]
