"""NASWOT: how differently the ReLUs switch for different images (Mellor et al., ICML 2021).

arXiv 2006.04647. `Naswot` is the proxy; under it lie `count_agreements` and `log_determinant`.
"""

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.binary_patterns import relus, rows_of, switched_on
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.recording import watch

Count = Literal["once", "twice"]
_EXACT = 2**24
"""A float32 holds every whole number up to this one."""


@dataclass(frozen=True)
class Naswot:
    """The log determinant of the matrix that counts on how many ReLUs two images agree.

    `count` says how often a ReLU counts: `once`; or `twice`, where it is the first module of a
    Sequential with a convolution and a batch norm. The authors count any module whose class name
    contains "ReLU", and so in NAS-Bench-201 the container ReLUConvBN besides the ReLU in it: every
    ReLU but the last. That adds almost a constant, `batch_size` times log 2.

    The score grows with `batch_size`: compare scores of one batch size only.
    """

    batch_size: int = 128
    count: Count = "once"
    initialisation: Initialisation = "default"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("proxy.batch_size", self.batch_size, least=2)
        require_whole("proxy.seed", self.seed, least=0)
        require_one_of("proxy.count", self.count, get_args(Count))
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network; minus infinity if two images switch all its ReLUs alike.

        Raises:
            ValueError: the network has no ReLU.
            ArithmeticError: the activations overflowed.
        """
        initialise(network, self.initialisation, rng)
        agreements = count_agreements(network, batch.images, count=self.count)
        return Estimate(log_determinant(agreements))


def count_agreements(network: nn.Module, images: Tensor, *, count: Count) -> Tensor:
    """Count for each pair of images the ReLUs that are on for both or off for both, (n, n).

    Every call of a ReLU module counts. For `count` see `Naswot`.

    Raises:
        ValueError: the network has no ReLU.
        ArithmeticError: the activations overflowed.
    """
    weights = _weights(network, count)
    agreements = images.new_zeros(len(images), len(images), dtype=torch.float64)

    def see(relu: nn.Module, output: Tensor) -> None:
        for units in torch.split(rows_of(output), _EXACT, dim=1):
            on = switched_on(units)
            both = on @ on.T
            count_on = both.diagonal()
            off = units.shape[1] - count_on[:, None] - count_on + both
            agreements.add_(both + off, alpha=weights[relu])

    watch(network, images, relus(network), see)
    return agreements


def log_determinant(agreements: Tensor) -> float:
    """Return log |det| of `count_agreements`, minus infinity if two rows are equal.

    Two rows are equal where two images agree on everything, which rounding can hide from LU.
    """
    if (agreements.triu(1) == agreements[0, 0]).any():
        return -math.inf
    return float(torch.linalg.slogdet(agreements).logabsdet)


def _weights(network: nn.Module, count: Count) -> dict[nn.Module, int]:
    weights: dict[nn.Module, int] = defaultdict(lambda: 1)
    if count == "twice":
        for block in network.modules():
            if isinstance(block, nn.Sequential) and _has_conv_and_norm(block):
                weights[block[0]] = 2  # read for ReLUs only
    return weights


def _has_conv_and_norm(block: nn.Sequential) -> bool:
    return all(
        any(isinstance(module, wanted) for module in block)
        for wanted in (nn.Conv2d, nn.BatchNorm2d)
    )
