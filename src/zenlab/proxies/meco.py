"""MeCo: how little the channels of feature maps repeat each other (Jiang et al., NeurIPS 2023).

`Meco` is the proxy; `sum_of_smallest_eigenvalues` is the function under it.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.recording import leaves, watch
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
        initialise(network, self.initialisation, rng)
        return Estimate(sum_of_smallest_eigenvalues(network, batch.images))


def sum_of_smallest_eigenvalues(network: nn.Module, images: Tensor) -> float:
    """Return the sum of the smallest eigenvalues of leaf modules' maps of the first image.

    Raises:
        ArithmeticError: the activations overflowed.
    """
    found: list[Tensor] = []

    def see(_: nn.Module, output: Tensor) -> None:
        if output.dim() > 2:  # one number per channel has no correlation
            maps = output[0].flatten(1)
            if _full_rank(maps.shape):
                found.append(maps.clone())

    watch(network, images, leaves(network), see)
    return math.fsum(smallest_eigenvalues(found))


def smallest_eigenvalues(maps: Sequence[Tensor]) -> list[float]:
    """Return the smallest eigenvalue of each correlation matrix of channels.

    A constant channel correlates with nothing, not even itself: its entries count 0. Where there
    are no more positions than channels the rank isn't full, and the smallest eigenvalue is 0.

    Args:
        maps: each (channels, positions); equal shapes are computed together.
    """
    places = defaultdict(list)
    for place, one in enumerate(maps):
        places[one.shape].append(place)
    found = [0.0] * len(maps)
    for shape, alike in places.items():
        if _full_rank(shape):
            # Transposed, for maps in channels_last are stacked fastest that way.
            together = _smallest(torch.stack([maps[place].T for place in alike]).mT)
            for place, value in zip(alike, together.tolist(), strict=True):
                found[place] = value
    return found


def _full_rank(shape: torch.Size) -> bool:
    channels, positions = shape
    return positions > channels


def _smallest(maps: Tensor) -> Tensor:
    """The smallest eigenvalue of each correlation matrix of (modules, channels, positions)."""
    centred = maps - maps.mean(2, keepdim=True)
    covariances = centred @ centred.mT
    scales = covariances.diagonal(dim1=1, dim2=2).rsqrt()
    correlations = (covariances * scales[:, :, None] * scales[:, None]).nan_to_num(0, 0, 0)
    smallest: Tensor = torch.linalg.eigvalsh(correlations)[:, 0]
    return smallest
