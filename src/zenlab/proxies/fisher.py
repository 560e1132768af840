"""Fisher information of the channels (Theis et al., 2018, 1801.05787; Turner et al., ICLR 2020)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from zenlab.proxies.loss_gradients import LayerGradient, LossGradientProxy


@dataclass(frozen=True)
class Fisher(LossGradientProxy):
    """The Fisher information of each channel before batch norm, times the weights that feed it.

    The factor is part of the published numbers, whose program copies the information of a channel
    to each of its weights. The loss is a mean over the batch, so the score shrinks about like
    1 / batch_size^2.
    """

    def value(self, layers: Sequence[LayerGradient]) -> float:
        """See `fisher`."""
        return fisher(layers)


def fisher(layers: Sequence[LayerGradient]) -> float:
    """Return the sum over all channels of fisher times the number of weights of the channel."""
    terms = [
        layer.channel_fisher.sum(dtype=torch.float64) * layer.weight[0].numel() for layer in layers
    ]
    return torch.stack(terms).sum().item()
