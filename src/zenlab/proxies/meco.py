"""MeCo: how little the channels of feature maps repeat each other (Jiang et al., NeurIPS 2023).

`Meco` is the proxy; `sum_of_smallest_eigenvalues` is the function under it.
"""

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
    """Return the sum over leaf modules of `smallest_eigenvalue` of their maps of the first image.

    Raises:
        ArithmeticError: the activations overflowed.
    """
    found: list[Tensor] = []

    def see(_: nn.Module, output: Tensor) -> None:
        if output.dim() > 2:  # one number per channel has no correlation
            found.append(smallest_eigenvalue(output[0].flatten(1)))

    watch(network, images, leaves(network), see)
    return float(sum(value.item() for value in found))


def smallest_eigenvalue(maps: Tensor) -> Tensor:
    """Return the smallest eigenvalue of the correlation matrix of channels (channels, positions).

    A constant channel correlates with nothing, not even itself: its entries count 0. Where there
    are no more positions than channels the rank isn't full, and the smallest eigenvalue is 0.
    """
    channels, positions = maps.shape
    if positions <= channels:
        return maps.new_zeros(())
    correlations = maps.corrcoef().reshape(channels, channels)
    smallest: Tensor = torch.linalg.eigvalsh(correlations.nan_to_num(0, 0, 0))[0]
    return smallest
