"""AZ-NAS trainability: how well blocks keep the size of gradients (Lee and Ham, CVPR 2024).

arXiv 2403.19232. `AzTrainability` is the proxy; `gradient_preservation` is the function under it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.az_expressivity import images_for
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.settings import Input, check_settings


@dataclass(frozen=True)
class AzTrainability:
    """The mean over blocks of 2 - s - 1/s, with s the gain of a random gradient; 0 is the best.

    `input` says what the network is shown: `noise`, images from N(0, 1), or the `batch`.
    """

    batch_size: int = 64
    input: Input = "noise"
    initialisation: Initialisation = "kaiming_fan_in"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        check_settings(self)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network; minus infinity if a block is the identity. Draws weights, noise, signs.

        Raises:
            ValueError: the network doesn't tell its blocks, or has only one; or a block divides
                the sides by no whole number.
            ArithmeticError: the gradients overflowed.
        """
        initialise(network, self.initialisation, rng)
        images = images_for(self.input, self.batch_size, batch, rng)

        def draw_signs(shape: torch.Size) -> Tensor:
            ones = torch.randint(2, shape, generator=rng, device=rng.device, dtype=torch.int8)
            return (2 * ones - 1).to(images)

        return Estimate(gradient_preservation(network.forward_blocks(images), draw_signs))


def gradient_preservation(
    blocks: Sequence[Tensor], draw_signs: Callable[[torch.Size], Tensor]
) -> float:
    """Return the mean over blocks of 2 - s - 1 / (s + 1e-6), s the gain of each.

    Minus infinity if a block is the identity, or doesn't depend on the one before it.

    Args:
        blocks: features of the stem and of each block, (n, c, h, w), with their graph.
        draw_signs: returns -1 and 1 in a given shape; called from the last block to the second.

    Raises:
        ValueError: there is only one block, or one divides the sides by no whole number.
        ArithmeticError: the gradients overflowed.
    """
    if len(blocks) < 2:
        raise ValueError("the network has only one block; trainability compares each to the next")
    terms = []
    for before, after in zip(blocks[-2::-1], blocks[:0:-1], strict=True):
        signs = draw_signs(after.shape)
        gradient = _pulled_back(signs, before, after)
        if gradient is None or torch.equal(gradient, signs):
            return -math.inf
        gain = _gain(gradient, signs)
        terms.append(2 - gain - 1 / (gain + 1e-6))
    return math.fsum(terms) / len(terms)


def _pulled_back(signs: Tensor, before: Tensor, after: Tensor) -> Tensor | None:
    """The vector-Jacobian product of one block; None if there is no way through it."""
    if not (before.requires_grad and after.requires_grad):
        return None
    return torch.autograd.grad(after, before, signs, retain_graph=True, allow_unused=True)[0]


def _gain(gradient: Tensor, signs: Tensor) -> float:
    """The largest singular value of the mean product of incoming and outgoing gradient."""
    folded = _folded(gradient, signs.shape)
    products = torch.einsum("nihw,nohw->io", folded, signs) / signs[:, 0].numel()
    if not products.isfinite().all():
        raise ArithmeticError(f"the gradients overflowed {gradient.dtype}")
    return float(torch.linalg.matrix_norm(products.double(), 2))


def _folded(gradient: Tensor, shape: torch.Size) -> Tensor:
    """Turn the pixels under one pixel of the output into channels, where a block is strided."""
    stride, remainder = divmod(gradient.shape[2], shape[2])
    if remainder or gradient.shape[3] != stride * shape[3]:
        raise ValueError(
            f"a block makes maps of {shape[2]} x {shape[3]} out of {gradient.shape[2]} x "
            f"{gradient.shape[3]}; trainability needs sides that are divided by a whole number"
        )
    return torch.nn.functional.pixel_unshuffle(gradient, stride)
