"""Sizes of any network, seen in one pass: what no formula of a space tells."""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from zenlab.spaces.module.network import ModuleNetwork, read_one_image

_COUNTED = ("convolution", "addmm", "mm")
"""What convolutions and linear layers call; products of attention (bmm) are neither."""
_LAYERS = {"ConvolutionBackward0", "AddmmBackward0", "MmBackward0"}


class Sizes(NamedTuple):
    """What one image shows of a network.

    `macs` are multiply-adds of convolutions and linear layers, whether modules or functions do
    them; `depth` is how many of these lie on the longest way from image to scores.
    """

    params: int
    macs: int
    depth: int
    outputs: int


def sizes_of(network: ModuleNetwork) -> Sizes:
    """Run a copy of a network once, on an image of zeros, and count.

    Raises:
        ValueError: the network can't read an image of its shape, or answers no class scores.
    """
    with FlopCounterMode(display=False) as counter:
        scores = read_one_image(network, torch.device("cpu"))
    counts = counter.get_flop_counts().get("Global", {})  # nothing: no layers
    flops = sum(number for operation, number in counts.items() if _name(operation) in _COUNTED)
    params = sum(weight.numel() for weight in network.parameters())
    return Sizes(params, flops // 2, _depth(scores), scores.shape[1])


def _name(operation: Any) -> str:
    return str(operation).removeprefix("aten.")


def _depth(scores: Tensor) -> int:
    """Walk back through what autograd has recorded; without recursion, for networks may be deep."""
    depths: dict[Any, int] = {None: 0}
    waiting: list[Any] = [scores.grad_fn]
    while waiting:
        node = waiting[-1]
        before = [earlier for earlier, _ in node.next_functions] if node else []
        if missing := [earlier for earlier in before if earlier not in depths]:
            waiting += missing
            continue
        if node not in depths:
            deepest = max((depths[earlier] for earlier in before), default=0)
            depths[node] = deepest + (node.name() in _LAYERS)
        waiting.pop()
    return depths[scores.grad_fn]
