"""How the loss changes as all weights grow (Abdelfattah et al., ICLR 2021, arXiv 2101.08134)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from zenlab.proxies.loss_gradients import LayerGradient, LossGradientProxy


@dataclass(frozen=True)
class Plain(LossGradientProxy):
    """The sum over all weights of w * dL/dw, signed.

    It is next to zero for a layer before batch norm, whose scale the loss hardly feels, so only the
    few others contribute: published values are noise.
    """

    def value(self, layers: Sequence[LayerGradient]) -> float:
        """See `plain`."""
        return plain(layers)


def plain(layers: Sequence[LayerGradient]) -> float:
    """Return the sum of w * dL/dw over the weights of all layers."""
    terms = [(layer.weight * layer.gradient).sum(dtype=torch.float64) for layer in layers]
    return torch.stack(terms).sum().item()
