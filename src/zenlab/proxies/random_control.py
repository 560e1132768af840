"""A control: a score that knows nothing, which every proxy must beat (Li and Talwalkar, UAI 2019).

Random search with such a score is random search without one (arXiv 1902.07638).
"""

from dataclasses import dataclass

import torch

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.settings import check_settings


@dataclass(frozen=True)
class RandomControl:
    """A uniform number from 0 to 1, drawn for each live architecture.

    Dead ones score minus infinity as for every proxy, so over all architectures it knows a little.
    """

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
        """One image, which isn't looked at."""
        return 1

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Draw a number, whatever the network."""
        return Estimate(torch.rand((), generator=rng, dtype=torch.float64).item())
