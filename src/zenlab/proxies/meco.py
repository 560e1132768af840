"""MeCo: how little the channels of feature maps repeat each other (Jiang et al., NeurIPS 2023).

`Meco` is the proxy; `sum_of_smallest_eigenvalues` is the function under it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.default_weights import draw_default_weights
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.leaf_maps import covariances, leaf_maps
from zenlab.proxies.recording import leaves
from zenlab.proxies.settings import check_settings


@dataclass(frozen=True)
class Meco:
    """The sum over modules of the smallest eigenvalue of their channels' correlation matrix.

    Only modules that contain no other count. The authors count containers too, so that their value
    depends on how a program nests its modules. Correlations are those of the first image; any
    further ones take part in batch norm only.
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
        return Estimate(sum_of_smallest_eigenvalues(network, batch.images, modules))


def draw_weights(
    network: nn.Module, modules: Sequence[nn.Module], how: Initialisation, rng: torch.Generator
) -> None:
    """Draw the weights of a network, of which `modules` are the leaves, the fastest way."""
    if how == "default":
        draw_default_weights(modules, rng)
    else:
        initialise(network, how, rng)


def sum_of_smallest_eigenvalues(
    network: nn.Module, images: Tensor, modules: Sequence[nn.Module] | None = None
) -> float:
    """Return the sum of the smallest eigenvalues of leaf modules' maps of the first image.

    Where there are no more positions than channels, correlations haven't full rank, and the
    smallest eigenvalue is 0. `modules` are the leaves, where they are known already.

    Raises:
        ArithmeticError: the activations overflowed.
    """
    maps = leaf_maps(
        network,
        images,
        modules or leaves(network),
        lambda channels, positions: positions > channels,
    )
    values = [0.0] * len(maps.distinct)
    for places, matrices in covariances(maps.distinct).values():
        for place, value in zip(places, smallest_eigenvalues(matrices).tolist(), strict=True):
            values[place] = value
    return math.fsum(values[place] for place in maps.made)


@torch.no_grad()
def smallest_eigenvalues(covariances: Tensor) -> Tensor:
    """Return the smallest eigenvalue of the correlations behind covariances (n, c, c), (n,).

    A constant channel correlates with nothing, not even itself: its entries count 0.
    """
    scales = covariances.diagonal(dim1=1, dim2=2).rsqrt()
    correlations = (covariances * scales[:, :, None]).mul_(scales[:, None]).nan_to_num_(0, 0, 0)
    smallest: Tensor = torch.linalg.eigvalsh(correlations)[:, 0]
    return smallest
