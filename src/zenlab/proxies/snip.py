"""SNIP: how much the loss depends on each weight's presence (Lee et al., ICLR 2019, 1810.02340)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from zenlab.proxies.loss_gradients import LayerGradient, LossGradientProxy


@dataclass(frozen=True)
class Snip(LossGradientProxy):
    """The sum over all weights of |w * dL/dw| on one batch."""

    def value(self, layers: Sequence[LayerGradient]) -> float:
        """See `snip`."""
        return snip(layers)


def snip(layers: Sequence[LayerGradient]) -> float:
    """Return the sum of |w * dL/dw| over the weights of all layers."""
    terms = [(layer.weight * layer.gradient).abs().sum(dtype=torch.float64) for layer in layers]
    return torch.stack(terms).sum().item()
