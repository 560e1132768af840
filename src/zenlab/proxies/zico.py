"""ZiCo: how alike the gradients of different batches are (Li et al., ICLR 2023, arXiv 2301.11300).

The mean size of each weight's gradient over its deviation from batch to batch.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise


@dataclass(frozen=True)
class Zico:
    """The sum over layers of the logarithm of how steady their gradients are.

    The images are split into `batches` equal parts. Minus infinity where no layer has a gradient
    that varies. Float32 is noise here: another kernel for convolutions moves a score by 3%.
    """

    needs_labels: ClassVar[bool] = True

    batches: int = 2
    batch_size: int = 128
    initialisation: Initialisation = "default"
    dtype: Literal["float32", "float64"] = "float64"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("proxy.batches", self.batches, least=2)
        require_whole("proxy.batch_size", self.batch_size)
        _check_parts(self.batch_size, self.batches)
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.dtype", self.dtype, ("float32", "float64"))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))
        require_whole("proxy.seed", self.seed, least=0)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by its gradients on the parts of `batch`.

        Raises:
            ArithmeticError: a gradient isn't finite.
            ValueError: the batch can't be split into equal parts.
        """
        initialise(network, self.initialisation, rng)
        dtype = getattr(torch, self.dtype)
        # Convolutions on a CPU are faster in channels_last.
        network.to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        parts = [
            Batch(part.images.to(dtype, memory_format=torch.channels_last), part.labels, False)
            for part in split(batch, self.batches)
        ]
        steadiness = layer_steadiness(network, parts)
        if not steadiness.isfinite().all():
            raise ArithmeticError(f"the gradients of the loss overflowed {self.dtype}")
        return Estimate(zico(steadiness) if steadiness.any() else -math.inf)


def split(batch: Batch, parts: int) -> list[Batch]:
    """Split a batch into equal parts, in the order of its images.

    Raises:
        ValueError: it can't be split into equal parts of two images or more.
    """
    _check_parts(len(batch.images), parts)
    pairs = zip(batch.images.chunk(parts), batch.labels.chunk(parts), strict=True)
    return [Batch(images, labels, batch.synthetic) for images, labels in pairs]


def layer_steadiness(network: nn.Module, batches: Sequence[Batch]) -> Tensor:
    """Return the steadiness of each convolution and linear layer, (layers,), in module order.

    Their gradients are those of the mean cross-entropy of each batch, with the same weights.
    """
    layers = [m.weight for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    network.requires_grad_(False)
    for weight in layers:
        weight.requires_grad_()
    gradients = [_gradients(network, layers, batch) for batch in batches]
    return torch.stack([steadiness(torch.stack(g)) for g in zip(*gradients, strict=True)])


def steadiness(gradients: Tensor) -> Tensor:
    """Return the sum over weights of mean |g| over the deviation of g, (); 0 if nothing varies.

    Means and deviations (without Bessel's correction) are over batches; weights whose gradient
    doesn't vary don't count.

    Args:
        gradients: of one layer, (batches, ...).
    """
    size, deviation = gradients.abs().mean(0), gradients.std(0, correction=0)
    varies = deviation != 0
    return (size[varies] / deviation[varies]).sum()


def zico(steadiness: Tensor) -> float:
    """Return the sum of ln over the layers, (layers,), whose steadiness is above 0."""
    return steadiness[steadiness > 0].double().log().sum().item()


def _gradients(network: nn.Module, weights: Sequence[Tensor], batch: Batch) -> Iterator[Tensor]:
    loss = F.cross_entropy(network(batch.images), batch.labels)
    return iter(torch.autograd.grad(loss, weights, materialize_grads=True))


def _check_parts(images: int, parts: int) -> None:
    if images % parts or images < 2 * parts:
        raise ValueError(
            f"proxy.batch_size is {images}, which is to be split into proxy.batches={parts} equal "
            f"parts; wanted a multiple of {parts}, of at least {2 * parts}"
        )
