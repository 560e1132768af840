"""What a score is: one network, measured with the randomness of its own genotype."""

import hashlib
import math
import time
from dataclasses import dataclass

import torch

from zenlab.core import Batch, Estimate, Genotype, NetworkProxy, Score, Space
from zenlab.graphs.graph import GraphProxy, Traced


@dataclass(frozen=True)
class Measurement:
    """Everything that a worker needs to score any architecture of a run."""

    space: Space
    proxy: NetworkProxy
    batch: Batch

    def to(self, device: torch.device) -> "Measurement":
        """Return the same measurement with its batch on another device."""
        return Measurement(self.space, self.proxy, self.batch.to(device))

    def score(self, genotype: Genotype) -> Score:
        """Score one architecture; the same genotype and seed give the same value, whoever asks.

        A dead architecture scores minus infinity and is never built. What goes wrong with one
        network (too large for memory, numbers that overflow, an assumption of the proxy that fails)
        becomes the error of its score.
        """
        if self.space.describe(genotype).get("dead"):
            return Score(genotype, -math.inf)
        start = time.perf_counter()
        try:
            estimate = _checked(self._measure(genotype))
        except (ValueError, RuntimeError, ArithmeticError) as error:
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            return Score(genotype, math.nan, seconds=time.perf_counter() - start, error=reason)
        return Score(
            genotype,
            estimate.value,
            estimate.stderr,
            time.perf_counter() - start,
            terms=estimate.terms,
        )

    def _measure(self, genotype: Genotype) -> Estimate:
        seed = seed_of(self.proxy.seed, genotype)
        if isinstance(self.proxy, GraphProxy) and isinstance(self.space, Traced):
            rng = torch.Generator().manual_seed(seed)
            return self.proxy.measure_graph(self.space.graph(genotype), self.batch, rng=rng)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self.space.build(genotype)
        rng = torch.Generator().manual_seed(seed)
        return self.proxy.measure(network.to(self.batch.images.device), self.batch, rng=rng)


def seed_of(seed: int, genotype: Genotype) -> int:
    """Derive the seed of one architecture: alike on every machine, whatever else is scored."""
    digest = hashlib.blake2b(f"{seed} {genotype}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _checked(estimate: Estimate) -> Estimate:
    if math.isnan(estimate.value) or estimate.value == math.inf:
        raise ArithmeticError(f"the proxy returned {estimate.value}, which is no score")
    return estimate
