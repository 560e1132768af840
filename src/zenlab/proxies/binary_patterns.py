"""Which ReLUs are on: finding them in a network, and counting distinct patterns of on and off."""

import torch
from torch import Tensor, nn

from zenlab.proxies.recording import leaves

_BITS = 24
"""A float32 holds every whole number below 2^24."""


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


def switched_on(output: Tensor) -> Tensor:
    """Return 1 where an output is above zero and 0 elsewhere, in float32."""
    # Into numbers at once: to make booleans and convert them takes ten times as long.
    return torch.gt(output, 0, out=torch.empty_like(output, dtype=torch.float32))


def pack(patterns: Tensor) -> Tensor:
    """Write each row of a 0-1 matrix (rows, columns) as few integers (rows, words)."""
    powers = 2.0 ** torch.arange(_BITS, device=patterns.device)
    words = [part @ powers[: part.shape[1]] for part in torch.split(patterns, _BITS, dim=1)]
    return torch.stack(words, dim=1).long()


def count_distinct_rows(packed: Tensor) -> int:
    """Count the distinct rows of a matrix (rows, words) from `pack`."""
    if packed.shape[1] > 1:
        return len({row.tobytes() for row in packed.cpu().numpy()})
    words = packed[:, 0]
    if words.max() < len(words):  # a table of all words is short, and much faster
        return int(torch.bincount(words).count_nonzero())
    return len(torch.unique(words))
