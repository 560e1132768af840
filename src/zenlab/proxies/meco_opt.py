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

Choose = Callable[[int, int], Tensor]
"""Which channels to take, (maps, 8), of so many maps with so many channels."""


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
    choose: Choose,
    modules: Sequence[nn.Module] | None = None,
) -> float:
    """Return the sum over leaf modules of the smallest eigenvalue of chosen channels, scaled.

    Where there are no more positions than chosen channels, it is 0. Modules that return the same
    maps, up to a shift and a scale of each channel, share what is chosen: in the mean over draws
    the sum is the same as if each had its own.

    Args:
        network: in training mode.
        images: (n, c, h, w); correlations are those of the first one.
        choose: returns the channels to take, (maps, 8) or all where there are fewer, of so many
            maps that have so many channels; called once for each number of channels.
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
    values = [0.0] * len(maps.distinct)
    sampled: dict[int, list[Tensor]] = defaultdict(list)  # by size, for all of one size are quicker
    shares: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for channels, (places, of_all) in covariances(maps.distinct).items():
        kept = choose(len(places), channels).to(of_all.device)
        rows = torch.arange(len(places), device=of_all.device)[:, None, None]
        sampled[kept.shape[1]].append(of_all[rows, kept[:, :, None], kept[:, None]])
        shares[kept.shape[1]] += [(place, channels / CHANNELS) for place in places]
    for size, matrices in sampled.items():
        smallest = smallest_eigenvalues(torch.cat(matrices)).tolist()
        for (place, share), value in zip(shares[size], smallest, strict=True):
            values[place] = value * share
    return math.fsum(values[place] for place in maps.made)


def _chooser(rng: torch.Generator) -> Choose:
    """Return what draws channels without replacement."""

    def choose(maps: int, channels: int) -> Tensor:
        order = torch.rand(maps, channels, generator=rng, device=rng.device).argsort(1)
        return order[:, :CHANNELS]

    return choose
