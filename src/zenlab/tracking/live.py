"""What is known of a run while it goes on: the best score, the rank correlation, the population."""

import math
import time
from collections.abc import Callable, Mapping

import numpy as np

from zenlab.abilities import Learning
from zenlab.analysis.correlation import kendall
from zenlab.analysis.ranked import rank
from zenlab.core import Genotype, Score, Searcher, Table

Metrics = dict[str, float]

_SECONDS_BETWEEN_TAUS = 5.0
_SECONDS_BETWEEN_POPULATIONS = 1.0
_SHARE = 0.025
"""Of the run's time, for each of the two."""


class Live:
    """Collects scores as they come and tells metrics of all of them so far.

    Where the scores come from several proxies (`comparable` is False), only what was rejected is
    told. `rejected` counts candidates by the limit that they broke, and goes on counting.
    """

    def __init__(
        self,
        *,
        table: Table | None = None,
        searcher: Searcher | None = None,
        rejected: Mapping[str, int] | None = None,
        comparable: bool = True,
    ) -> None:
        self._table = table
        self._searcher = searcher
        self._rejected = rejected if rejected is not None else {}
        self._comparable = comparable
        self._values: dict[Genotype, float] = {}
        self._last, self._best = math.nan, -math.inf
        self._dear = [
            _Sparing(self._ranking, _SECONDS_BETWEEN_TAUS),
            _Sparing(self._population, _SECONDS_BETWEEN_POPULATIONS),
        ]

    def add(self, score: Score) -> None:
        """Take a score; of an architecture that comes again the latest counts."""
        if score.error is None and self._comparable:
            self._values[score.genotype] = self._last = score.value
            self._best = max(self._best, score.value)

    def metrics(self, seconds: float, *, final: bool = False) -> Metrics:
        """Return what is known `seconds` after the start.

        The dear ones are left out unless some time has passed; they take a twentieth of it at most.
        At the end, `final`, all are told.
        """
        told = {f"rejected/{limit}": float(count) for limit, count in self._rejected.items()}
        if self._comparable:
            told |= {"score": self._last, "best_so_far": self._best}
            for dear in self._dear:
                told |= dear.metrics(seconds, final=final)
        return told

    def _ranking(self) -> Metrics:
        return running_tau(self._values, self._table) if self._table else {}

    def _population(self) -> Metrics:
        if not isinstance(self._searcher, Learning):
            return {}
        known = (self._values.get(member, math.nan) for member in self._searcher.members)
        return population_metrics(np.fromiter(known, dtype=float))


def running_tau(values: Mapping[Genotype, float], table: Table) -> Metrics:
    """Kendall's tau-b of scores against the table, and how many architectures have both.

    The tau is nan where it is undefined, as for fewer than two.
    """
    joined = [genotype for genotype in values if genotype in table.values]
    if len(joined) < 2:
        return {"running_tau": math.nan, "running_joined": len(joined)}
    scores = np.array([values[genotype] for genotype in joined], dtype=float)
    accuracies = np.array([table.values[genotype] for genotype in joined], dtype=float)
    return {"running_tau": kendall(rank(scores, accuracies)), "running_joined": len(joined)}


def population_metrics(values: np.ndarray) -> Metrics:
    """Return size, best score and standard deviation of a population with scores (n,).

    Failed (nan) and dead (minus infinity) members count for the size only.
    """
    alive = values[np.isfinite(values)]
    return {
        "population/size": len(values),
        "population/best": float(alive.max()) if len(alive) else math.nan,
        "population/spread": float(alive.std()) if len(alive) else math.nan,
    }


class _Sparing:
    """Computes metrics when `least` seconds have passed, and more if they take long."""

    def __init__(self, compute: Callable[[], Metrics], least: float) -> None:
        self._compute, self._least = compute, least
        self._due = least

    def metrics(self, seconds: float, *, final: bool) -> Metrics:
        if seconds < self._due and not final:
            return {}
        begun = time.perf_counter()
        told = self._compute()
        took = time.perf_counter() - begun
        self._due = seconds + max(self._least, took / _SHARE)
        return told
