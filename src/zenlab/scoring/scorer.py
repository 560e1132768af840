"""The scoring pass: each architecture is scored once, by the store, by formula, or by a worker."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from zenlab.abilities import Partitioned
from zenlab.core import Genotype, NetworkProxy, OnScore, Score, Space, SymbolicProxy
from zenlab.scoring.measure import Measurement, Panel, Task
from zenlab.scoring.store import ScoreStore
from zenlab.scoring.workers import LOST, WorkerPool

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
    """Scores with the members of a panel: from the stores what is known, by workers the rest.

    Each result is kept at once. `represent` returns, for each member, the architecture that it
    scores in the place of another.
    """

    def __init__(
        self,
        stores: Mapping[str, ScoreStore],
        workers: WorkerPool[Task, dict[str, Score]],
        represent: Mapping[str, Represent],
    ) -> None:
        self._stores = stores
        self._workers = workers
        self._represent = represent

    def score(self, genotypes: Sequence[Genotype], on_score: OnScore) -> list[Score]:
        """See `Scorer`; for a panel of one."""
        (scores,) = self.score_all(genotypes, on_score).values()
        return scores

    def score_all(self, genotypes: Sequence[Genotype], on_score: OnScore) -> dict[str, list[Score]]:
        """Return, for each member, one score for each of `genotypes`, in their order."""
        members = {name: self._classes(name, genotypes) for name in self._stores}
        scores: dict[str, dict[Genotype, Score]] = {name: {} for name in self._stores}
        for name, made in self._made(members):
            for place, genotype in enumerate(members[name][made.genotype]):
                shared = place > 0 and not made.reused
                scores[name][genotype] = replace(made, genotype=genotype, shared=shared)
                on_score(scores[name][genotype])
        return {name: [found[g] for g in genotypes] for name, found in scores.items()}

    def _classes(self, name: str, genotypes: Sequence[Genotype]) -> dict[Genotype, list[Genotype]]:
        """Return the architectures that a member scores, with those that they stand for."""
        classes: dict[Genotype, list[Genotype]] = {}
        for genotype in dict.fromkeys(genotypes):
            classes.setdefault(self._represent[name](genotype), []).append(genotype)
        return classes

    def _made(
        self, wanted: Mapping[str, Mapping[Genotype, list[Genotype]]]
    ) -> Iterator[tuple[str, Score]]:
        """Yield every score once, with its member: known ones first."""
        missing: dict[Genotype, list[str]] = {}
        for name, genotypes in wanted.items():
            known = self._stores[name].known(genotypes)
            yield from ((name, score) for score in known.values())
            for genotype in genotypes:
                if genotype not in known:
                    missing.setdefault(genotype, []).append(name)
        lost: list[Task] = []
        tasks = [(genotype, tuple(names)) for genotype, names in missing.items()]
        for made in self._workers.score(tasks):
            if len(made) > 1 and all(_is_lost(score) for score in made.values()):
                lost += [(score.genotype, (name,)) for name, score in made.items()]
                continue
            yield from self._kept(made)
        for made in self._workers.score(lost):  # one at a time, for one of them is to blame
            yield from self._kept(made)

    def _kept(self, made: Mapping[str, Score]) -> Iterator[tuple[str, Score]]:
        for name, score in made.items():
            self._stores[name].add(score)
            yield name, score


def _is_lost(score: Score) -> bool:
    return score.error is not None and score.error.startswith(LOST)


@contextmanager
def open_stored_scorer(
    members: Mapping[str, Measurement],
    devices: Sequence[str],
    store: Path,
    identities: Mapping[str, Mapping[str, Any]],
) -> Iterator[StoredScorer]:
    """Open the store and the workers for some measurements, and close both at the end.

    `identities` are, for each, everything that decides a score besides the genotype, for JSON.
    """
    with ExitStack() as stack:
        stores: dict[str, ScoreStore] = {}
        for name in members:  # one connection for all: there may be hundreds
            first = next(iter(stores.values()), None)
            stores[name] = (
                first.beside(identities[name])
                if first
                else stack.enter_context(ScoreStore(store, identities[name]))
            )
        workers = stack.enter_context(WorkerPool(Panel(members), devices))
        represent = {name: _representation(m.space, m.proxy) for name, m in members.items()}
        yield StoredScorer(stores, workers, represent)


def _representation(space: Space, proxy: NetworkProxy) -> Represent:
    """Let equal random functions share a score where the proxy and the space can."""
    if getattr(proxy, "share_equivalent", False) and isinstance(space, Partitioned):
        return space.representative
    return lambda genotype: genotype
