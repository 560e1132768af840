"""AZ-NAS expressivity: how evenly features use their dimensions (Lee and Ham, CVPR 2024).

arXiv 2403.19232. `AzExpressivity` is the proxy; `BlockEntropies` is what it looks at, which
AZ-NAS progressivity shares; `block_entropy` is the function under both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.settings import Input, check_settings


@dataclass(frozen=True)
class BlockEntropies:
    """A look at the entropy of the features of the stem and of each block after it."""

    batch_size: int
    input: Input
    initialisation: Initialisation

    @torch.no_grad()
    def take(self, network: Network, batch: Batch, *, rng: torch.Generator) -> list[float]:
        """Return the entropy of each block; draws the weights, then the noise.

        Raises:
            ValueError: the network doesn't tell its blocks.
            ArithmeticError: the features overflowed.
        """
        initialise(network, self.initialisation, rng)
        images = images_for(self.input, self.batch_size, batch, rng)
        # Convolutions follow the layout of the images; on a CPU this one is twice as fast.
        blocks = network.forward_blocks(images.clone(memory_format=torch.channels_last))
        return [block_entropy(features) for features in blocks]


@dataclass(frozen=True)
class BlockEntropyProxy:
    """What expressivity and progressivity have in common: all but the value.

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

    @property
    def look(self) -> BlockEntropies:
        """The pass over the network."""
        return BlockEntropies(self.batch_size, self.input, self.initialisation)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network; for what is raised see `BlockEntropies.take` and `judge`."""
        return self.judge(self.look.take(network, batch, rng=rng))

    def judge(self, seen: Sequence[float]) -> Estimate:
        """Return the score from the entropies of the blocks."""
        raise NotImplementedError


@dataclass(frozen=True)
class AzExpressivity(BlockEntropyProxy):
    """The sum over blocks of the entropy of the features' principal components."""

    def judge(self, seen: Sequence[float]) -> Estimate:
        """Add the entropies of the blocks; minus infinity if a block's features are constant."""
        return Estimate(math.fsum(seen))


def images_for(wanted: Input, batch_size: int, batch: Batch, rng: torch.Generator) -> Tensor:
    """Return the images of the batch, or noise N(0, 1) of their shape, type and device."""
    if wanted == "batch":
        return batch.images
    shape = (batch_size, *batch.images.shape[1:])
    noise = torch.randn(shape, generator=rng, dtype=batch.images.dtype, device=rng.device)
    return noise.to(batch.images.device)


def block_entropy(features: Tensor) -> float:
    """Return the entropy of the shares of variance of the principal components of features.

    Features are (n, c, h, w), and a vector of c entries at each position. In float64, with shares
    below 0 taken for 0: in float32 they make the reference fail on some live networks. Minus
    infinity if the features are constant.

    Raises:
        ArithmeticError: the features overflowed.
    """
    vectors = features.transpose(0, 1).flatten(1).to(torch.float64, copy=True)  # (c, n h w)
    vectors -= vectors.mean(1, keepdim=True)
    covariance = vectors @ vectors.T / vectors.shape[1]
    if not covariance.isfinite().all():
        raise ArithmeticError(f"the features overflowed {features.dtype}")
    variances = torch.linalg.eigvalsh(covariance).clamp(min=0)
    if not variances.any():
        return -math.inf
    shares = variances / variances.sum()
    return -float((shares * (shares + 1e-8).log()).sum())
