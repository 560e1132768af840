"""jacob_cov: how unlike the gradients at different images are (Mellor et al., arXiv 2006.04647v1).

This is the first version of "Neural Architecture Search without Training" (ICML 2021).
"""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation
from zenlab.proxies.input_jacobian import InputJacobian, SeenJacobian, correlations

_OFFSET = 1e-5


@dataclass(frozen=True)
class JacobCov:
    """Near minus `batch_size` where gradients at the images are uncorrelated, else far below.

    Minus infinity where the gradient at an image is constant, as in a dead network: then it has no
    correlation with others.
    """

    batch_size: int = 64
    initialisation: Initialisation = "default"
    dtype: Literal["float32", "float64"] = "float32"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("proxy.batch_size", self.batch_size, least=2)
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.dtype", self.dtype, ("float32", "float64"))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))
        require_whole("proxy.seed", self.seed, least=0)

    @property
    def look(self) -> InputJacobian:
        """The gradient of the logits at the images."""
        return InputJacobian(self.initialisation, self.dtype)

    def judge(self, seen: SeenJacobian) -> Estimate:
        """Return the score of a Jacobian."""
        value = jacob_cov(seen.jacobian)
        return Estimate(-math.inf if math.isnan(value) else value)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by the gradient of its logits at the images of `batch`."""
        return self.judge(self.look.take(network, batch, rng=rng))


def jacob_cov(jacobian: Tensor) -> float:
    """Return -sum(ln(v + k) + 1 / (v + k)) over eigenvalues v of the rows' correlations, k = 1e-5.

    It is nan where a row of the Jacobian, (n, inputs), is constant.
    """
    matrix = correlations(jacobian)  # (n, n)
    if matrix.isnan().any():
        return math.nan
    shifted = torch.linalg.eigvalsh(matrix) + _OFFSET
    total: float = (shifted.log() + 1 / shifted).sum().item()
    return -total
