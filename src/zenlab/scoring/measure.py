"""What a score is: one network, measured with the randomness of its own genotype."""

import copy
import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from zenlab.abilities import Coupled
from zenlab.core import (
    Batch,
    Estimate,
    Genotype,
    LookingProxy,
    Network,
    NetworkProxy,
    Score,
    Space,
)
from zenlab.graphs.graph import GraphProxy, Traced


@dataclass(frozen=True)
class Measurement:
    """A proxy, with everything that a worker needs to score any architecture of a run with it."""

    space: Space
    proxy: NetworkProxy
    batch: Batch

    def to(self, device: torch.device) -> "Measurement":
        """Return the same measurement with its batch on another device."""
        return Measurement(self.space, self.proxy, self.batch.to(device))

    def score(self, genotype: Genotype, views: "Views | None" = None) -> Score:
        """Score one architecture; the same genotype and seed give the same value, whoever asks.

        A dead architecture scores minus infinity and is never built. What goes wrong with one
        network (too large for memory, numbers that overflow, an assumption of the proxy that fails)
        becomes the error of its score. `views` are what other proxies have seen of it before.
        """
        if self.space.describe(genotype).get("dead"):
            return Score(genotype, -math.inf)
        start = time.perf_counter()
        try:
            estimate, shared_s = self._measure(genotype, views or Views(shared=False))
        except (ValueError, RuntimeError, ArithmeticError) as error:
            return self.failed(genotype, _reason(error), time.perf_counter() - start)
        seconds = time.perf_counter() - start + shared_s
        return Score(genotype, estimate.value, estimate.stderr, seconds, terms=estimate.terms)

    def failed(self, genotype: Genotype, reason: str, seconds: float = 0.0) -> Score:
        """Return the score of an architecture that could not be measured."""
        return Score(genotype, math.nan, seconds=seconds, error=reason)

    def _measure(self, genotype: Genotype, views: "Views") -> tuple[Estimate, float]:
        """Return the estimate, and the seconds that others have paid for it before."""
        seed = seed_of(self.proxy.seed, _seed_key(self.space, genotype))
        rng = torch.Generator().manual_seed(seed)
        proxy, space = self.proxy, self.space
        if isinstance(proxy, GraphProxy) and proxy.runs_graphs and isinstance(space, Traced):
            return _checked(proxy.measure_graph(space.graph(genotype), self.batch, rng=rng)), 0.0

        built_s = views.built_s(seed)  # paid by another, if it is built already

        def network() -> Network:
            return views.network(self.space, genotype, seed).to(self.batch.images.device)

        if isinstance(self.proxy, LookingProxy):
            look = self.proxy.look
            key = (look, seed, id(self.batch))
            seen, shared_s = views.seen(key, lambda: look.take(network(), self.batch, rng=rng))
            return _checked(self.proxy.judge(seen)), built_s + shared_s
        return _checked(self.proxy.measure(network(), self.batch, rng=rng)), built_s


@dataclass(frozen=True)
class Panel:
    """Several measurements of one space, by name, that share networks and looks."""

    members: Mapping[str, Measurement]

    def to(self, device: torch.device) -> "Panel":
        """Return the same panel with its batches on another device; equal ones stay shared."""
        batches = {id(m.batch): m.batch for m in self.members.values()}
        moved = {key: batch.to(device) for key, batch in batches.items()}
        return Panel(
            {
                name: Measurement(m.space, m.proxy, moved[id(m.batch)])
                for name, m in self.members.items()
            }
        )

    def score(self, task: "Task") -> dict[str, Score]:
        """Score one architecture with some members; each value is that of the member alone."""
        genotype, names = task
        views = Views()
        return {name: self.members[name].score(genotype, views) for name in names}

    def failed(self, task: "Task", reason: str) -> dict[str, Score]:
        """Return the scores of an architecture that could not be measured."""
        genotype, names = task
        return {name: self.members[name].failed(genotype, reason) for name in names}


Task = tuple[Genotype, tuple[str, ...]]
"""An architecture, and the members of a panel that shall score it."""


class Views:
    """What has been built and seen of one architecture, so that several proxies pay for it once.

    If they are not `shared`, the one proxy that asks gets the network itself, not a copy.
    """

    def __init__(self, *, shared: bool = True) -> None:
        self._shared = shared
        self._networks: dict[int, Network] = {}
        self._built_s: dict[int, float] = {}
        self._seen: dict[Any, tuple[Any, float]] = {}

    def network(self, space: Space, genotype: Genotype, seed: int) -> Network:
        """Return a network of its own for whoever asks, with the initial weights of `seed`."""
        if seed not in self._networks:
            start = time.perf_counter()
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(seed)
                self._networks[seed] = space.build(genotype)
            self._built_s[seed] = time.perf_counter() - start
        return copy.deepcopy(self._networks[seed]) if self._shared else self._networks.pop(seed)

    def built_s(self, seed: int) -> float:
        """Return the seconds that building a network took, 0 if it hasn't been built."""
        return self._built_s.get(seed, 0.0)

    def seen(self, key: Any, take: Callable[[], Any]) -> tuple[Any, float]:
        """Return what was seen, and the seconds that it took if it had been seen before.

        A look that fails fails for all who share it.
        """
        if key in self._seen:
            seen, seconds = self._seen[key]
            if isinstance(seen, Exception):
                raise seen
            return seen, seconds
        start, before_s = time.perf_counter(), sum(self._built_s.values())
        try:
            seen = take()
        except (ValueError, RuntimeError, ArithmeticError) as error:
            self._seen[key] = error, 0.0
            raise
        building_s = sum(self._built_s.values()) - before_s  # counted for itself
        self._seen[key] = seen, time.perf_counter() - start - building_s
        return seen, 0.0


def seed_of(seed: int, key: str) -> int:
    """Derive the seed of one architecture: alike on every machine, whatever else is scored.

    `key` is its genotype or, in a `Coupled` space, what the space names.
    """
    digest = hashlib.blake2b(f"{seed} {key}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _seed_key(space: Space, genotype: Genotype) -> str:
    return space.seed_key(genotype) if isinstance(space, Coupled) else genotype


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _checked(estimate: Estimate) -> Estimate:
    if math.isnan(estimate.value) or estimate.value == math.inf:
        raise ArithmeticError(f"the proxy returned {estimate.value}, which is no score")
    return estimate
