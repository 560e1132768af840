"""SynFlow: the flow through all paths of a network's weights, without data.

Tanaka et al. (NeurIPS 2020, arXiv 2006.05467); the sum over all weights is of Abdelfattah et al.
(ICLR 2021, arXiv 2101.08134).
"""

import math
from dataclasses import dataclass
from itertools import chain

import torch
from torch import Tensor, nn

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.loss_gradients import weighted_layers
from zenlab.proxies.settings import check_settings

_BATCH_NORMS = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


@dataclass(frozen=True)
class Synflow:
    """The logarithm of the sum over all weights of |w * dR/dw|, with all weights made positive.

    R is the sum of the logits of one image of ones, without batch norm. Computed in float64, since
    sums reach 1e49.
    """

    initialisation: Initialisation = "default"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        check_settings(self)

    @property
    def batch_size(self) -> int:
        """One image, of which only the shape counts."""
        return 1

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network on ones in the shape of an image; minus infinity if nothing flows.

        Raises:
            ValueError: the network has no convolution or linear layer.
            ArithmeticError: the flow overflowed float64, so there is no score.
        """
        initialise(network, self.initialisation, rng)
        ones = torch.ones(1, *batch.images.shape[1:], dtype=torch.float64)
        flow = synflow(network.double(), ones.to(batch.images.device))
        if not flow < math.inf:
            raise ArithmeticError(
                f"synflow is {flow}: the flow overflowed float64; set another proxy.initialisation"
            )
        return Estimate(math.log(flow) if flow > 0 else -math.inf)


def synflow(network: nn.Module, images: Tensor) -> float:
    """Return the sum of |w * dR/dw| over the weights of all layers, R the sum of all logits.

    The network loses its batch norms and its signs for good; `images` are of its type.

    Raises:
        ValueError: the network has no convolution or linear layer.
    """
    weights = [layer.weight for layer in weighted_layers(network)]
    _remove_batch_norms(network)
    _make_positive(network)
    total = network.eval()(images).sum()  # no random dropping
    gradients = torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
    terms = [(w * g).abs().sum() for w, g in zip(weights, gradients, strict=True)]
    return torch.stack(terms).sum().item()


def _remove_batch_norms(network: nn.Module) -> None:
    for path, module in list(network.named_modules(remove_duplicate=False)):
        if isinstance(module, _BATCH_NORMS):
            parent, _, name = path.rpartition(".")
            setattr(network.get_submodule(parent), name, nn.Identity())


@torch.no_grad()
def _make_positive(network: nn.Module) -> None:
    for values in chain(network.parameters(), network.buffers()):
        values.abs_()
