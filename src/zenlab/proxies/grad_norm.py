"""The size of the loss's gradient (Abdelfattah et al., ICLR 2021, arXiv 2101.08134)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from zenlab.proxies.loss_gradients import LayerGradient, LossGradientProxy


@dataclass(frozen=True)
class GradNorm(LossGradientProxy):
    """The sum over layers of the Euclidean norm of the gradient of the weight: a sum of norms."""

    def value(self, layers: Sequence[LayerGradient]) -> float:
        """See `grad_norm`."""
        return grad_norm(layers)


def grad_norm(layers: Sequence[LayerGradient]) -> float:
    """Return the sum over layers of the Euclidean norm of dL/dw."""
    terms = [layer.gradient.double().norm() for layer in layers]
    return torch.stack(terms).sum().item()
