"""The size of the loss's gradient (Abdelfattah et al., ICLR 2021, arXiv 2101.08134)."""

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
class GradNorm:
    """The sum over layers of the Euclidean norm of the gradient of the weight: a sum of norms."""

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
        return finite_estimate(grad_norm(seen), "grad_norm")


def grad_norm(layers: Sequence[LayerGradient]) -> float:
    """Return the sum over layers of the Euclidean norm of dL/dw."""
    terms = [layer.gradient.double().norm() for layer in layers]
    return torch.stack(terms).sum().item()
