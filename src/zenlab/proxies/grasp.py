"""GraSP: what the gradient's flow owes to each weight (Wang et al., ICLR 2020, 2002.07376)."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation
from zenlab.proxies.loss_gradients import finite_estimate, prepare, weighted_layers
from zenlab.proxies.settings import Precision, check_settings


@dataclass(frozen=True)
class Grasp:
    """Minus the sum over all weights of w * (H g), with the loss's gradient g and Hessian H.

    The sign is that under which higher was found to be better. Heavy tails: another seed changes
    a score by its own size.
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

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by a backward pass through the backward pass of the loss.

        Raises:
            ValueError: the network has no convolution or linear layer.
            ArithmeticError: the gradients overflowed, so there is no score.
        """
        prepared = prepare(network, batch, self.initialisation, self.dtype, rng)
        return finite_estimate(grasp(network, prepared), "grasp")


def grasp(network: nn.Module, batch: Batch) -> float:
    """Return minus w' H g over the weights of all layers; the images are of the network's type.

    The published program computes g in a pass of its own; it is the same gradient.

    Raises:
        ValueError: the network has no convolution or linear layer.
    """
    weights = [layer.weight for layer in weighted_layers(network)]
    loss = cross_entropy(network(batch.images), batch.labels)
    gradients = _gradients(loss, weights, create_graph=True)
    flow = torch.stack([(g.detach() * g).sum() for g in gradients]).sum()
    products = _gradients(flow, weights)
    terms = [(w * hg).sum(dtype=torch.float64) for w, hg in zip(weights, products, strict=True)]
    return -torch.stack(terms).sum().item()


def _gradients(of: Tensor, weights: list[Tensor], *, create_graph: bool = False) -> list[Tensor]:
    """The gradient of each weight, zero where `of` doesn't depend on it."""
    found = torch.autograd.grad(
        of, weights, create_graph=create_graph, allow_unused=True, materialize_grads=True
    )
    return list(found)
