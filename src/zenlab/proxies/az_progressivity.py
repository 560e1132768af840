"""AZ-NAS progressivity: how much expressivity each block adds, at least (Lee and Ham, CVPR 2024).

arXiv 2403.19232. `AzProgressivity` is the proxy; `smallest_step` is the function under it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

import torch

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.az_expressivity import BlockEntropies, Input
from zenlab.proxies.initialisation import Initialisation


@dataclass(frozen=True)
class AzProgressivity:
    """The smallest step of the features' entropy from one block to the next.

    `input` says what the network is shown: `noise`, images from N(0, 1), or the `batch`.
    """

    batch_size: int = 64
    input: Input = "noise"
    initialisation: Initialisation = "kaiming_fan_in"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("proxy.batch_size", self.batch_size)
        require_whole("proxy.seed", self.seed, least=0)
        require_one_of("proxy.input", self.input, get_args(Input))
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))

    @property
    def look(self) -> BlockEntropies:
        """The pass over the network, the same as for expressivity."""
        return BlockEntropies(self.batch_size, self.input, self.initialisation)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network; for what is raised see `BlockEntropies.take` and `judge`."""
        return self.judge(self.look.take(network, batch, rng=rng))

    def judge(self, seen: list[float]) -> Estimate:
        """Return the smallest step between the entropies of the blocks.

        Raises:
            ValueError: the network has only one block.
        """
        return Estimate(smallest_step(seen))


def smallest_step(entropies: Sequence[float]) -> float:
    """Return the smallest difference of neighbours; minus infinity if one of them is that.

    Raises:
        ValueError: there are fewer than two entropies.
    """
    if len(entropies) < 2:
        raise ValueError("the network has only one block; progressivity compares each to the next")
    if -math.inf in entropies:
        return -math.inf
    return min(after - before for before, after in itertools.pairwise(entropies))
