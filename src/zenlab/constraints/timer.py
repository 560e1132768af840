"""Latency on this machine, for whoever has no table: the network is built and run."""

import statistics
import time

import torch
from torch import Tensor

from zenlab.core import Genotype, Network, Space

_WARM_UP = 3
_PASSES = 9


class Timer:
    """Measures the milliseconds of one image, in one thread of the CPU, each architecture once.

    The median of nine passes in evaluation mode, after three that don't count. It depends on what
    else runs on the machine: a search under such a limit doesn't come out the same again.
    """

    def __init__(self, space: Space, *, channels: int, image_size: int) -> None:
        self._space = space
        self._image = torch.zeros(1, channels, image_size, image_size)
        self._known: dict[Genotype, float] = {}

    def __call__(self, genotype: Genotype) -> float:
        """Return the latency of an architecture in milliseconds."""
        if genotype not in self._known:
            network = self._space.build(genotype).eval()
            self._known[genotype] = _median_ms(network, self._image)
        return self._known[genotype]


@torch.inference_mode()
def _median_ms(network: Network, image: Tensor) -> float:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(_WARM_UP):
            network(image)
        return statistics.median(_pass_ms(network, image) for _ in range(_PASSES))
    finally:
        torch.set_num_threads(threads)


def _pass_ms(network: Network, image: Tensor) -> float:
    start = time.perf_counter()
    network(image)
    return (time.perf_counter() - start) * 1000
