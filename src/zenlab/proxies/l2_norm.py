"""The size of initial weights, without data (Abdelfattah et al., ICLR 2021, arXiv 2101.08134)."""

from dataclasses import dataclass

import torch
from torch import nn

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.loss_gradients import finite_estimate, weighted_layers
from zenlab.proxies.settings import check_settings


@dataclass(frozen=True)
class L2Norm:
    """The sum over layers of the Euclidean norm of the weight: a count of widths and depth."""

    initialisation: Initialisation = "default"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        check_settings(self)

    @property
    def batch_size(self) -> int:
        """One image, which isn't looked at."""
        return 1

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by its weights alone.

        Raises:
            ValueError: the network has no convolution or linear layer.
            ArithmeticError: a weight isn't finite, so there is no score.
        """
        initialise(network, self.initialisation, rng)
        return finite_estimate(l2_norm(network), "l2_norm")


@torch.no_grad()
def l2_norm(network: nn.Module) -> float:
    """Return the sum of the Euclidean norms of the weights of all layers.

    Raises:
        ValueError: the network has no convolution or linear layer.
    """
    norms = [layer.weight.double().norm() for layer in weighted_layers(network)]
    return torch.stack(norms).sum().item()
