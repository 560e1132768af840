"""MeCo-opt: MeCo on eight random channels of each feature map (Jiang et al., NeurIPS 2023).

`MecoOpt` is the proxy; `sum_of_sampled_eigenvalues` is the function under it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.meco import smallest_eigenvalues
from zenlab.proxies.recording import leaves, watch
from zenlab.proxies.settings import check_settings

CHANNELS = 8


@dataclass(frozen=True)
class MecoOpt:
    """The sum over modules of the smallest eigenvalue for 8 random channels, times channels / 8.

    What counts is as in `Meco`. A module of fewer channels is taken whole.
    """

    batch_size: int = 1
    initialisation: Initialisation = "default"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        check_settings(self)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network.

        Raises:
            ArithmeticError: the activations overflowed.
        """
        initialise(network, self.initialisation, rng)

        def choose(channels: int) -> Tensor:
            return torch.randperm(channels, generator=rng, device=rng.device)[:CHANNELS]

        return Estimate(sum_of_sampled_eigenvalues(network, batch.images, choose))


def sum_of_sampled_eigenvalues(
    network: nn.Module, images: Tensor, choose: Callable[[int], Tensor]
) -> float:
    """Return the sum over leaf modules of the smallest eigenvalue of chosen channels, scaled.

    Args:
        network: in training mode.
        images: (n, c, h, w); correlations are those of the first one.
        choose: returns the channels to take of a module that has so many, called in the order in
            which the modules run.

    Raises:
        ArithmeticError: the activations overflowed.
    """
    found: list[Tensor] = []
    scales: list[float] = []

    def see(_: nn.Module, output: Tensor) -> None:
        if output.dim() > 2:  # one number per channel has no correlation
            maps = output[0].flatten(1)
            found.append(maps[choose(len(maps)).to(maps.device)])
            scales.append(len(maps) / CHANNELS)

    watch(network, images, leaves(network), see)
    values = smallest_eigenvalues(found)
    return math.fsum(value * scale for value, scale in zip(values, scales, strict=True))
