"""How the class scores of a random network move with its images: what two proxies look at.

jacob_cov (Mellor et al., 2020, arXiv 2006.04647v1) and EPE-NAS (Lopes et al., ICANN 2021, arXiv
2102.08099) judge the same Jacobian.
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from zenlab.core import Batch, Network
from zenlab.proxies.initialisation import Initialisation, initialise


@dataclass(frozen=True)
class SeenJacobian:
    """The gradient of the sum of all logits with respect to each image, (n, c * h * w).

    `labels` (n,) say which of the `classes` an image is of; `synthetic`, that they are made up.
    """

    jacobian: Tensor
    labels: Tensor
    classes: int
    synthetic: bool


@dataclass(frozen=True)
class InputJacobian:
    """One forward and backward pass, from all logits to the images."""

    initialisation: Initialisation
    dtype: Literal["float32", "float64"]

    def take(self, network: Network, batch: Batch, *, rng: torch.Generator) -> SeenJacobian:
        """Initialise a network and return its Jacobian on a batch.

        Raises:
            ArithmeticError: the gradient isn't finite.
        """
        initialise(network, self.initialisation, rng)
        dtype = getattr(torch, self.dtype)
        # Convolutions on a CPU are about twice as fast in channels_last.
        network.to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        images = batch.images.to(dtype, memory_format=torch.channels_last)
        jacobian, classes = input_jacobian(network, images)
        if not jacobian.isfinite().all():
            raise ArithmeticError(f"the gradient at the images overflowed {self.dtype}")
        return SeenJacobian(jacobian, batch.labels, classes, batch.synthetic)


def input_jacobian(network: nn.Module, images: Tensor) -> tuple[Tensor, int]:
    """Return the gradient of the sum of all logits, (n, c * h * w), and the number of classes.

    Batch norm in training mode couples images, so row i holds the effect of image i on all logits.
    """
    network.requires_grad_(False)
    images = images.detach().requires_grad_()
    logits = network(images)  # (n, classes)
    if not logits.requires_grad:  # a dead network
        return torch.zeros_like(images).detach().flatten(1), logits.shape[1]
    (gradient,) = torch.autograd.grad(logits.sum(), images, materialize_grads=True)
    return gradient.flatten(1), logits.shape[1]


def correlations(jacobian: Tensor) -> Tensor:
    """Return the Pearson correlations between rows, (n, n), in float64.

    A row without variance correlates with nothing: nan.
    """
    rows = jacobian.double()
    rows = rows - rows.mean(1, keepdim=True)
    rows = rows / torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    products: Tensor = rows @ rows.T
    return products.clamp(-1, 1)
