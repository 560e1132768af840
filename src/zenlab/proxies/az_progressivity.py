"""AZ-NAS progressivity: how much expressivity each block adds, at least (Lee and Ham, CVPR 2024).

arXiv 2403.19232. `AzProgressivity` is the proxy; `smallest_step` is the function under it.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from zenlab.core import Estimate
from zenlab.proxies.az_expressivity import BlockEntropyProxy


@dataclass(frozen=True)
class AzProgressivity(BlockEntropyProxy):
    """The smallest step of the features' entropy from one block to the next."""

    def judge(self, seen: Sequence[float]) -> Estimate:
        """Return the smallest step between the entropies of the blocks.

        Raises:
            ValueError: the network has only one block.
        """
        return Estimate(smallest_step(seen))


def smallest_step(entropies: Sequence[float]) -> float:
    """Return the smallest difference of neighbours; minus infinity if one of them is that.

    Raises:
        ValueError: there are fewer than two entropies.
    """
    if len(entropies) < 2:
        raise ValueError("the network has only one block; progressivity compares each to the next")
    if -math.inf in entropies:
        return -math.inf
    return min(after - before for before, after in itertools.pairwise(entropies))
