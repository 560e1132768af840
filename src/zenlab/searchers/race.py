"""A race to the top: a formula for all candidates, random draws for those that may still win.

Successive elimination (Even-Dar, Mannor and Mansour, JMLR 2006, section 3) with a screen before it:
an architecture is drawn again only while its interval says that it may be among the best, and may
not be. Intervals are the mean plus or minus `width` standard errors, from a variance that is shrunk
towards what all contenders have in common, for four draws alone say little of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from zenlab.checks import require_positive, require_whole
from zenlab.core import Admit, Genotype, Score, Space, SymbolicProxy, admit_all
from zenlab.searchers.exhaustive import ExhaustiveSearcher
from zenlab.searchers.random import RandomSearcher
from zenlab.searchers.turns import require_asked

_FIRST = 4
"""Draws of a new contender."""
_PRIOR_DRAWS = 4
"""How many draws the common variance counts for."""


@dataclass
class _Runner:
    """A candidate: what the screen says of it, and the sums of its draws so far."""

    genotype: Genotype
    screen: float
    told: list[Score] = field(default_factory=list)
    draws: int = 0
    total: float = 0.0
    squares: float = 0.0  # summed squared deviations from the mean

    @property
    def mean(self) -> float:
        return self.total / self.draws

    def leave(self, failed: Score) -> None:
        """Forget all draws; nothing is known of an architecture that failed."""
        self.told, self.screen = [failed], -math.inf
        self.draws, self.total, self.squares = 0, 0.0, 0.0

    def add(self, score: Score, draws: int) -> None:
        """Add the mean and standard error of some more draws (Chan, Golub and LeVeque, 1983)."""
        self.told.append(score)
        spread = 0.0 if score.stderr is None else score.stderr**2 * draws * (draws - 1)
        if self.draws:
            gap = score.value - self.mean
            spread += gap**2 * self.draws * draws / (self.draws + draws)
        self.squares += spread
        self.total += score.value * draws
        self.draws += draws


class RaceSearcher:
    """Finds the `k` best of `budget` random candidates, or of the whole space (`budget` None).

    `screen` is a formula close to the mean of the draws. Its error is first taken to be
    `screen_error`, then what the contenders show. Nobody is drawn more than `most` times.
    """

    uniform = True

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        screen: SymbolicProxy,
        budget: int | None = 300,
        k: int = 10,
        most: int = 32,
        width: float = 3.0,
        screen_error: float = 1.5,
        seed: int = 0,
    ) -> None:
        require_whole("searcher.k", k)
        require_whole("searcher.most", most, least=_FIRST)
        require_positive("searcher.width", width)
        require_positive("searcher.screen_error", screen_error)
        candidates = (
            ExhaustiveSearcher(space, admit=admit)
            if budget is None
            else RandomSearcher(space, admit=admit, budget=budget, seed=seed)
        )
        self.population = candidates.population
        genotypes = candidates.ask()
        if k >= len(genotypes):
            raise ValueError(
                f"searcher.k is {k} of {len(genotypes)} candidates; wanted fewer than there are"
            )
        screened = screen.evaluate(space, genotypes)
        self._runners = [
            _Runner(genotype, made.value)
            for genotype, made in zip(genotypes, screened, strict=True)
        ]
        self._k, self._most, self._width = k, most, width
        self._screen_error = screen_error
        self._asked: list[_Runner] = []
        self.draws = range(0)

    def ask(self) -> list[Genotype]:
        """Return those that need more draws; `draws` says which ones."""
        undecided = [runner for runner in self._undecided() if runner.draws < self._most]
        fewest = min((runner.draws for runner in undecided), default=0)
        self._asked = [runner for runner in undecided if runner.draws == fewest]
        self.draws = range(fewest, min(max(2 * fewest, _FIRST), self._most))
        return [runner.genotype for runner in self._asked]

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn the mean of the draws asked last; what failed leaves the race.

        Raises:
            RuntimeError: nothing was asked.
        """
        require_asked(self._asked)
        for runner, score in zip(self._asked, scores, strict=True):
            if score.error is None:
                runner.add(score, len(self.draws))
            else:
                runner.leave(score)
        self._asked = []

    def settled(self) -> list[Score]:
        """Return one score per candidate: the mean of its draws, else the screen plus its bias.

        Terms: `draws`, `screen`, and the interval `low` to `high` by which it was let in or out.
        """
        low, high = self._intervals()
        bias, error = self._screen_bias()
        scores = []
        stderr: float | None
        for place, runner in enumerate(self._runners):
            terms = {
                "draws": float(runner.draws),
                "screen": runner.screen,
                "low": float(low[place]),
                "high": float(high[place]),
            }
            if runner.draws:
                stderr = float(high[place] - low[place]) / 2 / self._width
                made = Score(runner.genotype, runner.mean, stderr, terms=terms)
            elif runner.told:
                made = runner.told[0]
            else:
                stderr = error if math.isfinite(runner.screen) else None
                made = Score(runner.genotype, runner.screen + bias, stderr, terms=terms)
            scores.append(_with_history(made, runner.told))
        return scores

    @property
    def remark(self) -> str:
        """How many draws it took, and what ended it."""
        made, count = sum(runner.draws for runner in self._runners), len(self._runners)
        undecided = len(self._undecided())
        low, high = (np.sort(ends) for ends in self._intervals())
        verdict = (
            f"{undecided} of them and their rivals could not be told apart by {self._most} draws"
            if undecided
            else f"they are above {low[-self._k]:.2f}, all others below {high[-self._k - 1]:.2f}"
        )
        return (
            f"race: {made:,} draws for the best {self._k} of {count:,} ({self._most} for each "
            f"would be {self._most * count:,}); {verdict} ({self._width:g} standard errors)"
        )

    def _undecided(self) -> list[_Runner]:
        """Those that may be among the k best and may not be; before any draw, all that may be."""
        low, high = self._intervals()
        last_in = np.sort(low)[-self._k]
        first_out = np.sort(high)[-self._k - 1]
        return [
            runner
            for place, runner in enumerate(self._runners)
            if high[place] >= last_in
            and (low[place] <= first_out or not runner.draws)
            and high[place] > -math.inf
        ]

    def _intervals(self) -> tuple[np.ndarray, np.ndarray]:
        """Return low and high ends, both (candidates,)."""
        common = self._common_variance()
        bias, error = self._screen_bias()
        middle, half = np.empty(len(self._runners)), np.empty(len(self._runners))
        for place, runner in enumerate(self._runners):
            if runner.draws:
                spread = runner.squares + _PRIOR_DRAWS * common
                variance = spread / (runner.draws - 1 + _PRIOR_DRAWS)
                middle[place], half[place] = runner.mean, math.sqrt(variance / runner.draws)
            else:
                middle[place], half[place] = runner.screen + bias, error
        return middle - self._width * half, middle + self._width * half

    def _common_variance(self) -> float:
        drawn = [runner for runner in self._runners if runner.draws]
        freedom = sum(runner.draws - 1 for runner in drawn)
        return sum(runner.squares for runner in drawn) / freedom if freedom else 0.0

    def _screen_bias(self) -> tuple[float, float]:
        """Return how far draws lie above the screen, and the standard deviation of that."""
        gaps = [r.mean - r.screen for r in self._runners if r.draws and math.isfinite(r.screen)]
        if len(gaps) < 2:
            return 0.0, self._screen_error
        return float(np.mean(gaps)), float(np.std(gaps, ddof=1))


def _with_history(score: Score, told: Sequence[Score]) -> Score:
    """Let a score cost what all that it was made of did, and be new if any part was."""
    if not told:
        return score
    reused = all(part.reused for part in told)
    shared = not reused and all(part.reused or part.shared for part in told)
    seconds = sum(part.seconds for part in told)
    return replace(score, seconds=seconds, reused=reused, shared=shared)
