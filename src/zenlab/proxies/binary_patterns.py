"""Which ReLUs are on: finding them in a network, and counting distinct patterns of on and off."""

import torch
from torch import Tensor, nn

from zenlab.proxies.recording import leaves

_BITS = 52
"""A float64 holds every whole number below 2^53."""


def relus(network: nn.Module) -> list[nn.Module]:
    """Return the modules of all kinds of ReLU (leaky, capped and so on), each once.

    Raises:
        ValueError: the network has none.
    """
    found = [module for module in leaves(network) if "ReLU" in type(module).__name__]
    if not found:
        raise ValueError("the network has no ReLU modules, so it has no pattern of on and off")
    return found


def rows_of(output: Tensor) -> Tensor:
    """Return an output as a matrix (n, units), in whatever order of units needs no copy."""
    if output.dim() == 4 and output.is_contiguous(memory_format=torch.channels_last):
        output = output.permute(0, 2, 3, 1)
    return output.flatten(1)


def pack(patterns: Tensor) -> Tensor:
    """Write each row of a matrix of booleans (rows, columns) as few integers (rows, words)."""
    rows, columns = patterns.shape
    width = min(columns, _BITS)
    padded = nn.functional.pad(patterns, (0, -columns % width))
    powers = 2.0 ** torch.arange(width, dtype=torch.float64, device=patterns.device)
    return (padded.reshape(rows, -1, width).double() @ powers).long()


def count_distinct_rows(packed: Tensor) -> int:
    """Count the distinct rows of a matrix (rows, words)."""
    if packed.shape[1] == 1:
        return len(torch.unique(packed))
    return len(torch.unique(packed, dim=0))
