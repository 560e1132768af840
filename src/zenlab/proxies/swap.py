"""SWAP: how many distinct patterns the units make over a batch (Peng et al., ICLR 2024).

arXiv 2403.04161. `Swap` is the proxy; under it lie `count_unit_patterns` and `size_penalty`.
"""

import math
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_positive, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.binary_patterns import (
    count_distinct_rows,
    pack,
    relus,
    rows_of,
    switched_on,
)
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.recording import watch
from zenlab.proxies.repeats import mean_of_draws


@dataclass(frozen=True)
class Swap:
    """The number of distinct patterns over the images, one per unit of a ReLU; mean of re-draws.

    There are at most 2^`batch_size` patterns, and no more than units. `mu` and `sigma`, both given
    or both null, multiply the score by exp(-(P - mu)^2 / sigma), where P is the number of
    parameters in thousands: networks of `mu` thousand parameters are preferred.
    """

    repeats: int = 32
    mu: float | None = None
    sigma: float | None = None
    batch_size: int = 16
    initialisation: Initialisation = "gaussian"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        for name in ("repeats", "batch_size"):
            require_whole(f"proxy.{name}", getattr(self, name))
        require_whole("proxy.seed", self.seed, least=0)
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))
        if self.initialisation == "keep" and self.repeats > 1:
            raise ValueError(
                f"proxy.repeats is {self.repeats}, but proxy.initialisation=keep draws no weights "
                f"and gives the same number each time; wanted proxy.repeats=1"
            )
        if (self.mu is None) != (self.sigma is None):
            raise ValueError(
                f"proxy.mu is {self.mu} and proxy.sigma is {self.sigma}; wanted two numbers, or "
                f"null for both"
            )
        if self.mu is not None and self.share_equivalent:
            raise ValueError(
                "proxy.share_equivalent can't be true where proxy.mu is given: architectures that "
                "are the same random function may have different numbers of parameters"
            )
        if self.mu is not None:
            require_positive("proxy.mu", self.mu)
            require_positive("proxy.sigma", self.sigma)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network; the batch stays the same, the weights are drawn anew each time.

        Raises:
            ValueError: the network has no ReLU that returns feature maps.
            ArithmeticError: the activations overflowed.
        """
        penalty = 1.0
        if self.mu is not None and self.sigma is not None:
            penalty = size_penalty(network, mu=self.mu, sigma=self.sigma)
        draws = []
        for _ in range(self.repeats):
            initialise(network, self.initialisation, rng)
            draws.append(penalty * count_unit_patterns(network, batch.images))
        return mean_of_draws(draws)


def count_unit_patterns(network: nn.Module, images: Tensor) -> int:
    """Count the distinct rows of the matrix (units, images) that says for what a unit is on.

    Units are the outputs of every ReLU that returns feature maps.

    Raises:
        ValueError: the network has no such ReLU.
        ArithmeticError: the activations overflowed.
    """
    packed = []

    def see(_: nn.Module, output: Tensor) -> None:
        if output.dim() == 4:
            packed.append(pack(switched_on(rows_of(output)).T))

    watch(network, images, relus(network), see)
    if not packed:
        raise ValueError("the network has no ReLU that returns feature maps (n, c, h, w)")
    return count_distinct_rows(torch.cat(packed))


def size_penalty(network: nn.Module, *, mu: float, sigma: float) -> float:
    """Return exp(-(P - mu)^2 / sigma) for P thousand parameters; `sigma` is not squared."""
    thousands = sum(weight.numel() for weight in network.parameters()) / 1000
    return math.exp(-((thousands - mu) ** 2) / sigma)
