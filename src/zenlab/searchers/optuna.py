"""Optuna's samplers, by its ask and tell: TPE, and NSGA-II for one goal or two.

Tree-structured Parzen estimators (Bergstra et al., NeurIPS 2011) and NSGA-II (Deb et al., IEEE
Transactions on Evolutionary Computation, 2002) choose an option for each factor of a space.
"""

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from zenlab.abilities import Factored
from zenlab.checks import require_one_of, require_whole
from zenlab.core import Admit, Genotype, Score, Space, admit_all
from zenlab.searchers.admitted import draw_admitted
from zenlab.searchers.turns import require_asked

if TYPE_CHECKING:
    import optuna  # an extra, and it takes a second: imported where a search starts

Sampler = Literal["tpe", "nsga2"]

LATENCY = "latency_ms"
"""The one objective that comes with the scores and not from the space."""


class _Study:
    """Asks Optuna for admitted architectures, and tells it values; None marks a failure."""

    def __init__(
        self,
        space: Space,
        admit: Admit,
        sampler: "optuna.samplers.BaseSampler",
        goals: Sequence[Literal["maximize", "minimize"]],
    ) -> None:
        import optuna

        self._space, self._admit = _factored(space), admit
        self._study = optuna.create_study(sampler=sampler, directions=goals)
        choose = optuna.distributions.CategoricalDistribution
        factors = self._space.factors()
        self._factors: dict[str, optuna.distributions.BaseDistribution] = {
            name: choose(options) for name, options in factors.items()
        }
        self._open: list[optuna.Trial] = []
        self._failed = optuna.trial.TrialState.FAIL

    def ask(self, count: int) -> list[Genotype]:
        return [draw_admitted(self._propose, self._take) for _ in range(count)]

    def tell(self, values: Sequence[list[float] | None]) -> None:
        require_asked(self._open)
        trials, self._open = self._open, []
        for trial, value in zip(trials, values, strict=True):
            self._study.tell(trial, value, state=None if value else self._failed)

    @property
    def best(self) -> list[Genotype]:
        """Those that no other beats in every goal, each once."""
        found = (self._space.compose(trial.params) for trial in self._study.best_trials)
        return list(dict.fromkeys(found))

    def _propose(self) -> Genotype:
        self._open.append(self._study.ask(self._factors))
        return self._space.compose(self._open[-1].params)

    def _take(self, genotype: Genotype) -> bool:
        """Let the constraint decide; what it rejects is a failure to Optuna."""
        admitted = self._admit(genotype)
        if not admitted:
            self._study.tell(self._open.pop(), state=self._failed)
        return admitted


class OptunaSearcher:
    """Lets Optuna look for the highest score, one architecture after another.

    An architecture that comes again is an evaluation again. Generations of NSGA-II have
    `population_size` architectures, which are asked at once; TPE has none.

    Raises:
        ValueError: a parameter is wrong, Optuna is not installed, the space has no factors, or the
            constraint rejects all that is proposed.
    """

    uniform = False
    population = "what Optuna asked for"

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        sampler: Sampler = "tpe",
        budget: int = 300,
        population_size: int = 50,
        seed: int = 0,
    ) -> None:
        require_one_of("searcher.sampler", sampler, get_args(Sampler))
        self.budget = budget
        self._pace = _Pace(budget, population_size if sampler == "nsga2" else 1)
        self._study = _Study(space, admit, _sampler(sampler, population_size, seed), ["maximize"])

    @property
    def members(self) -> list[Genotype]:
        """The best one; several if they score the same."""
        return self._study.best

    def ask(self) -> list[Genotype]:
        """Return Optuna's next proposals."""
        return self._study.ask(self._pace.next())

    def tell(self, scores: Sequence[Score]) -> None:
        """Tell Optuna the scores; it learns of a failure only that there was one.

        Raises:
            RuntimeError: nothing was asked.
        """
        self._study.tell([None if score.error else [score.value] for score in scores])


class NSGA2Searcher:
    """Looks for architectures of high score and low `objective`: a Pareto front.

    `objective` is a descriptor of the space, such as params or flops, or `latency_ms`, measured on
    the device of the constraint. Each generation has `population_size` architectures.

    Raises:
        ValueError: a parameter is wrong, Optuna is not installed, the space has no factors or no
            such descriptor, or the constraint rejects all that is proposed.
    """

    uniform = False
    population = "what NSGA-II asked for"

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        objective: str = "params",
        budget: int = 300,
        population_size: int = 50,
        seed: int = 0,
    ) -> None:
        self.budget, self.objective = budget, objective
        self._pace = _Pace(budget, population_size)
        sampler = _sampler("nsga2", population_size, seed)
        self._study = _Study(space, admit, sampler, ["maximize", "minimize"])
        self._cost = _cost(space, objective, seed)

    @property
    def members(self) -> list[Genotype]:
        """The Pareto front of all that was evaluated."""
        return self._study.best

    def ask(self) -> list[Genotype]:
        """Return the next generation."""
        return self._study.ask(self._pace.next())

    def tell(self, scores: Sequence[Score]) -> None:
        """Tell NSGA-II scores and costs; an unknown latency is a failure too.

        Raises:
            RuntimeError: nothing was asked.
        """
        self._study.tell([self._values(score) for score in scores])

    def _values(self, score: Score) -> list[float] | None:
        cost = self._cost(score)
        return None if score.error or cost is None else [score.value, cost]


class _Pace:
    """How many architectures to ask next: a generation, as long as the budget allows."""

    def __init__(self, budget: int, generation: int) -> None:
        require_whole("searcher.budget", budget)
        require_whole("searcher.population_size", generation)
        self._left, self._generation = budget, generation

    def next(self) -> int:
        count = min(self._generation, self._left)
        self._left -= count
        return count


def _sampler(name: Sampler, population_size: int, seed: int) -> "optuna.samplers.BaseSampler":
    require_whole("searcher.seed", seed, least=0)
    try:
        from optuna import samplers
    except ModuleNotFoundError:
        raise ValueError(
            f"searcher: {name} comes from Optuna, which is not installed; "
            f"pip install 'zenlab[optuna]'"
        ) from None
    logging.getLogger("optuna").setLevel(logging.WARNING)  # else it writes over the bar
    if name == "tpe":
        return samplers.TPESampler(seed=seed)
    return samplers.NSGAIISampler(population_size=population_size, seed=seed)


def _factored(space: Space) -> Factored:
    if isinstance(space, Factored):
        return space
    raise ValueError(
        f"searcher: Optuna chooses one option for each factor, and {type(space).__name__} has no "
        f"factors; use searcher=regularized_evolution or searcher=local_search"
    )


def _cost(space: Space, objective: str, seed: int) -> Callable[[Score], float | None]:
    """Return what knows the objective of a scored architecture; None is unknown."""
    if objective == LATENCY:
        return lambda score: score.terms.get(LATENCY)
    known = space.describe(space.sample(np.random.default_rng(seed)))
    if objective not in known:
        raise ValueError(
            f"searcher.objective is {objective!r}; wanted {LATENCY}, or a descriptor of the "
            f"space: {', '.join(known)}"
        )
    return lambda score: space.describe(score.genotype)[objective]
