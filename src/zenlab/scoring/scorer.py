"""The scoring pass: each architecture is scored once, by the store, by formula, or by a worker."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from zenlab.core import Genotype, OnScore, Score, Space, SymbolicProxy
from zenlab.scoring.measure import Measurement
from zenlab.scoring.store import ScoreStore
from zenlab.scoring.workers import WorkerPool


class Scorer(Protocol):
    """Scores architectures, whatever the kind of proxy."""

    def score(self, genotypes: Sequence[Genotype], on_score: OnScore) -> list[Score]:
        """Return one score for each of `genotypes`, in their order; equal ones are scored once.

        `on_score` gets every different one as it arrives.
        """


class SymbolicScorer:
    """Scores by formula: too cheap to store."""

    def __init__(self, space: Space, proxy: SymbolicProxy) -> None:
        self._space = space
        self._proxy = proxy

    def score(self, genotypes: Sequence[Genotype], on_score: OnScore) -> list[Score]:
        """See `Scorer`."""
        different = list(dict.fromkeys(genotypes))
        start = time.perf_counter()
        estimates = self._proxy.evaluate(self._space, different)
        each = (time.perf_counter() - start) / max(len(different), 1)
        scores = {
            genotype: Score(genotype, made.value, made.stderr, each, terms=made.terms)
            for genotype, made in zip(different, estimates, strict=True)
        }
        for score in scores.values():
            on_score(score)
        return [scores[genotype] for genotype in genotypes]


class StoredScorer:
    """Answers from the store what is known; workers score the rest, each result kept at once."""

    def __init__(self, store: ScoreStore, workers: WorkerPool) -> None:
        self._store = store
        self._workers = workers

    def score(self, genotypes: Sequence[Genotype], on_score: OnScore) -> list[Score]:
        """See `Scorer`."""
        scores = self._store.known(dict.fromkeys(genotypes))
        for score in scores.values():
            on_score(score)
        unknown = [genotype for genotype in dict.fromkeys(genotypes) if genotype not in scores]
        for score in self._workers.score(unknown):
            self._store.add(score)
            scores[score.genotype] = score
            on_score(score)
        return [scores[genotype] for genotype in genotypes]


@contextmanager
def open_stored_scorer(
    measurement: Measurement, devices: Sequence[str], store: Path, identity: Mapping[str, Any]
) -> Iterator[StoredScorer]:
    """Open the store and the workers for one measurement, and close both at the end.

    `identity` is everything that decides a score besides the genotype, ready for JSON.
    """
    with ScoreStore(store, identity) as open_store, WorkerPool(measurement, devices) as workers:
        yield StoredScorer(open_store, workers)
