"""The scoring pass: each architecture is scored once, by the store, by formula, or by a worker."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from zenlab.core import (
    Genotype,
    NetworkProxy,
    OnScore,
    Partitioned,
    Score,
    Space,
    SymbolicProxy,
)
from zenlab.scoring.measure import Measurement
from zenlab.scoring.store import ScoreStore
from zenlab.scoring.workers import WorkerPool

Represent = Callable[[Genotype], Genotype]


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
    """Answers from the store what is known; workers score the rest, each result kept at once.

    `represent` returns the architecture that is scored in the place of another.
    """

    def __init__(self, store: ScoreStore, workers: WorkerPool, represent: Represent) -> None:
        self._store = store
        self._workers = workers
        self._represent = represent

    def score(self, genotypes: Sequence[Genotype], on_score: OnScore) -> list[Score]:
        """See `Scorer`."""
        members: dict[Genotype, list[Genotype]] = {}
        for genotype in dict.fromkeys(genotypes):
            members.setdefault(self._represent(genotype), []).append(genotype)
        scores: dict[Genotype, Score] = {}
        for made in self._made(members):
            for place, genotype in enumerate(members[made.genotype]):
                shared = place > 0 and not made.reused
                scores[genotype] = replace(made, genotype=genotype, shared=shared)
                on_score(scores[genotype])
        return [scores[genotype] for genotype in genotypes]

    def _made(self, genotypes: Iterable[Genotype]) -> Iterator[Score]:
        known = self._store.known(genotypes)
        yield from known.values()
        for score in self._workers.score([g for g in genotypes if g not in known]):
            self._store.add(score)
            yield score


@contextmanager
def open_stored_scorer(
    measurement: Measurement, devices: Sequence[str], store: Path, identity: Mapping[str, Any]
) -> Iterator[StoredScorer]:
    """Open the store and the workers for one measurement, and close both at the end.

    `identity` is everything that decides a score besides the genotype, ready for JSON.
    """
    represent = _representation(measurement.space, measurement.proxy)
    with ScoreStore(store, identity) as open_store, WorkerPool(measurement, devices) as workers:
        yield StoredScorer(open_store, workers, represent)


def _representation(space: Space, proxy: NetworkProxy) -> Represent:
    """Let equal random functions share a score where the proxy and the space can."""
    if getattr(proxy, "share_equivalent", False) and isinstance(space, Partitioned):
        return space.representative
    return lambda genotype: genotype
