"""Fisher information of the channels (Theis et al., 2018, 1801.05787; Turner et al., ICLR 2020)."""

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
class Fisher:
    """The Fisher information of each channel before batch norm, times the weights that feed it.

    The factor is part of the published numbers, whose program copies the information of a channel
    to each of its weights. The loss is a mean over the batch, so the score shrinks about like
    1 / batch_size^2.
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
        return finite_estimate(fisher(seen), "fisher")


def fisher(layers: Sequence[LayerGradient]) -> float:
    """Return the sum over all channels of fisher times the number of weights of the channel."""
    terms = [
        layer.channel_fisher.sum(dtype=torch.float64) * layer.weight[0].numel() for layer in layers
    ]
    return torch.stack(terms).sum().item()
