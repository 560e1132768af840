"""NTK: how evenly a network learns different images (TE-NAS; Chen et al., ICLR 2021).

arXiv 2102.11535. The condition number of the neural tangent kernel at initialisation, in which
batch norm couples the images of a batch.
"""

import math
from dataclasses import dataclass, replace
from typing import get_args

import torch
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.repeats import mean_of_draws
from zenlab.proxies.settings import Precision


@dataclass(frozen=True)
class Ntk:
    """Minus the logarithm of the kernel's condition number: 0 at best.

    The mean over `repeats` draws of weights, which are its terms `draw_0`, `draw_1` ... where there
    are several. Minus infinity where a draw's smallest eigenvalue is not positive. Each draw sees
    the next `images_per_repeat` images of the batch (None: all of it); the time grows with their
    square. Below a condition number of about 1e7 float32 is enough.
    """

    repeats: int = 1
    batch_size: int = 32
    images_per_repeat: int | None = None
    initialisation: Initialisation = "kaiming_fan_out"
    dtype: Precision = "float32"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("proxy.repeats", self.repeats)
        require_whole("proxy.batch_size", self.batch_size, least=2)
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.dtype", self.dtype, get_args(Precision))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))
        require_whole("proxy.seed", self.seed, least=0)
        if self.images_per_repeat is not None:
            require_whole("proxy.images_per_repeat", self.images_per_repeat, least=2)
            if self.repeats * self.images_per_repeat > self.batch_size:
                raise ValueError(
                    f"proxy.batch_size is {self.batch_size}; wanted at least {self.repeats} "
                    f"(proxy.repeats) x {self.images_per_repeat} (proxy.images_per_repeat)"
                )
        if self.repeats > 1 and self.initialisation == "keep":
            raise ValueError(
                f"proxy.repeats is {self.repeats}, but proxy.initialisation=keep draws no weights, "
                f"so all repeats would be alike; wanted proxy.repeats=1"
            )

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by its kernel on the images of `batch`.

        Raises:
            ArithmeticError: a gradient isn't finite.
            ValueError: no parameter of the network is called a weight.
        """
        dtype = getattr(torch, self.dtype)
        # Convolutions on a CPU are about twice as fast in channels_last.
        network.to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        images = batch.images.to(dtype, memory_format=torch.channels_last)
        draws = []
        for repeat in range(self.repeats):
            initialise(network, self.initialisation, rng)
            kernel = tangent_kernel(network, self._images_of(repeat, images))
            draws.append(-math.log(condition_number(kernel)))
        mean = Estimate(-math.inf) if -math.inf in draws else mean_of_draws(draws)
        return replace(mean, terms=_named(draws))

    def _images_of(self, repeat: int, images: Tensor) -> Tensor:
        count = self.images_per_repeat
        return images if count is None else images[repeat * count :][:count]


def tangent_kernel(network: nn.Module, images: Tensor) -> Tensor:
    """Return the products of the images' gradients, (n, n), in float64.

    The gradient of image i is that of the sum of its logits, with respect to all parameters whose
    name contains `weight`, batch norm's too. All images go forward in one batch.

    Raises:
        ArithmeticError: a gradient isn't finite.
        ValueError: no parameter is called a weight.
    """
    weights = [weight for name, weight in network.named_parameters() if "weight" in name]
    if not weights:
        raise ValueError("the NTK differentiates weights; this network has none")
    sums = network(images).sum(1)  # (n,)
    gradients = [images.new_empty(len(sums), weight.numel()) for weight in weights]
    # One row at a time: as fast on a CPU as a batch of rows, in a fraction of the memory.
    for row in range(len(sums)):
        last = row == len(sums) - 1
        found = torch.autograd.grad(
            sums[row], weights, retain_graph=not last, materialize_grads=True
        )
        for gradient, part in zip(gradients, found, strict=True):
            gradient[row] = part.flatten()
    return _products(gradients)


def condition_number(kernel: Tensor) -> float:
    """Return the largest over the smallest eigenvalue of a symmetric matrix, (n, n).

    Infinity where the smallest isn't positive.
    """
    eigenvalues = torch.linalg.eigvalsh(kernel.double())
    smallest, largest = eigenvalues[0].item(), eigenvalues[-1].item()
    return largest / smallest if smallest > 0 else math.inf


def _named(draws: list[float]) -> dict[str, float]:
    return {f"draw_{i}": draw for i, draw in enumerate(draws)} if len(draws) > 1 else {}


def _products(gradients: list[Tensor]) -> Tensor:
    """Sum G G^T over tensors G, each (n, weights), one at a time to spare memory."""
    rows = len(gradients[0])
    kernel = gradients[0].new_zeros(rows, rows, dtype=torch.float64)
    for gradient in gradients:
        exact = gradient.double()
        kernel += exact @ exact.T
    if not kernel.isfinite().all():
        raise ArithmeticError(f"the gradients of the logits overflowed {gradients[0].dtype}")
    return kernel
