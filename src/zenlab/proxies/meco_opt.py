"""MeCo-opt: MeCo on eight random channels of each feature map (Jiang et al., NeurIPS 2023).

`MecoOpt` is the proxy; `sum_of_sampled_eigenvalues` is the function under it.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation
from zenlab.proxies.leaf_maps import covariances, leaf_maps
from zenlab.proxies.meco import draw_weights, smallest_eigenvalues
from zenlab.proxies.recording import leaves
from zenlab.proxies.settings import check_settings

CHANNELS = 8
_BLOCK = 32
"""Channels are drawn for so many modules at a time."""


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
        modules = leaves(network)
        draw_weights(network, modules, self.initialisation, rng)
        chooser = _chooser(rng)
        return Estimate(sum_of_sampled_eigenvalues(network, batch.images, chooser, modules))


def sum_of_sampled_eigenvalues(
    network: nn.Module,
    images: Tensor,
    choose: Callable[[int], Tensor],
    modules: Sequence[nn.Module] | None = None,
) -> float:
    """Return the sum over leaf modules of the smallest eigenvalue of chosen channels, scaled.

    Where there are no more positions than chosen channels, it is 0. Modules that return the same
    maps, up to a shift and a scale of each channel, share what is chosen: in the mean over draws
    the sum is the same as if each had its own.

    Args:
        network: in training mode.
        images: (n, c, h, w); correlations are those of the first one.
        choose: returns the channels to take of maps that have so many, called in the order in
            which modules make them, where their eigenvalue may be another than 0.
        modules: the leaves, where they are known already.

    Raises:
        ArithmeticError: the activations overflowed.
    """
    maps = leaf_maps(
        network,
        images,
        modules or leaves(network),
        lambda c, positions: positions > min(c, CHANNELS),
    )
    chosen = [choose(output.shape[1]) for output in maps.distinct]
    values = [0.0] * len(maps.distinct)
    for channels, (places, of_all) in covariances(maps.distinct).items():
        kept = torch.stack([chosen[place] for place in places]).to(of_all.device)
        rows = torch.arange(len(places), device=of_all.device)[:, None, None]
        smallest = smallest_eigenvalues(of_all[rows, kept[:, :, None], kept[:, None]])
        for place, value in zip(places, smallest.tolist(), strict=True):
            values[place] = value * channels / CHANNELS
    return math.fsum(values[place] for place in maps.made)


def _chooser(rng: torch.Generator) -> Callable[[int], Tensor]:
    """Return what draws channels without replacement."""
    drawn: dict[int, list[Tensor]] = defaultdict(list)

    def choose(channels: int) -> Tensor:
        if not drawn[channels]:
            order = torch.rand(_BLOCK, channels, generator=rng, device=rng.device).argsort(1)
            drawn[channels] = list(order[:, :CHANNELS])
        return drawn[channels].pop()

    return choose
