"""Proxies for tests: they count their calls, wait, fail, or end their own process."""

import math
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from zenlab.core import Batch, Estimate, Network


@dataclass(frozen=True)
class Counting:
    """Appends one line to `log` at each call, waits, then returns a random number."""

    log: str
    seconds: float = 0.0
    batch_size: int = 2
    seed: int = 0
    share_equivalent: bool = False

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        with Path(self.log).open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(self.seconds)
        weights = sum(p.double().sum().item() for p in network.parameters())
        return Estimate(torch.rand((), generator=rng).item() + weights)


@dataclass(frozen=True)
class Failing:
    """Fails in the way that `how` says on networks with more than `params` parameters."""

    how: str
    params: int = 0
    batch_size: int = 2
    seed: int = 0

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        if sum(p.numel() for p in network.parameters()) <= self.params:
            return Estimate(1.0)
        match self.how:
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "raise":
                raise RuntimeError("gone wrong")
            case "nan":
                return Estimate(math.nan)
            case "bug":
                raise KeyError("a mistake in the proxy")
        return Estimate(0.0)
