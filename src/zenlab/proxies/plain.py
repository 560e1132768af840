"""How the loss changes as all weights grow (Abdelfattah et al., ICLR 2021, arXiv 2101.08134)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation
from zenlab.proxies.loss_gradients import (
    LayerGradient,
    LossGradients,
    Precision,
    check_settings,
    finite_estimate,
)


@dataclass(frozen=True)
class Plain:
    """The sum over all weights of w * dL/dw, signed.

    It is next to zero for a layer before batch norm, whose scale the loss hardly feels, so only the
    few others contribute: published values are noise.
    """

    needs_labels: ClassVar[bool] = True

    batch_size: int = 64
    initialisation: Initialisation = "default"
    dtype: Precision = "float32"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        check_settings(self)

    @property
    def look(self) -> LossGradients:
        """One forward and backward pass of the loss."""
        return LossGradients(self.initialisation, self.dtype)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by one forward and backward pass of the loss.

        Raises:
            ValueError: the network has no convolution or linear layer.
            ArithmeticError: the gradients overflowed, so there is no score.
        """
        return self.judge(self.look.take(network, batch, rng=rng))

    def judge(self, seen: Sequence[LayerGradient]) -> Estimate:
        """Score what the look has taken.

        Raises:
            ArithmeticError: the gradients overflowed, so there is no score.
        """
        return finite_estimate(plain(seen), "plain")


def plain(layers: Sequence[LayerGradient]) -> float:
    """Return the sum of w * dL/dw over the weights of all layers."""
    terms = [(layer.weight * layer.gradient).sum(dtype=torch.float64) for layer in layers]
    return torch.stack(terms).sum().item()
