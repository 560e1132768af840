"""Watching chosen modules of a network at work, without keeping what they return."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn


@torch.no_grad()
def watch(
    network: nn.Module,
    images: Tensor,
    modules: Iterable[nn.Module],
    see: Callable[[nn.Module, Tensor], None],
    *,
    layout: torch.memory_format = torch.channels_last,
) -> None:
    """Run a network once on images, and show `see` every output of `modules` as it is made.

    A module that is called twice is seen twice. The next module may write into an output, so `see`
    copies what it wants to keep. Convolutions on a CPU are two to three times as fast in
    channels_last; they follow the images, whatever the layout of their weights.

    Raises:
        ArithmeticError: the network's answer isn't finite, so nor is what was seen.
    """
    handles = [
        module.register_forward_hook(lambda module, _inputs, output: see(module, output))
        for module in modules
    ]
    try:
        answer = network(images.clone(memory_format=layout))
    finally:
        for handle in handles:
            handle.remove()
    if not answer.isfinite().all():
        raise ArithmeticError(f"the activations overflowed {answer.dtype}")


def leaves(network: nn.Module) -> list[nn.Module]:
    """Return the modules that contain no other, each once, in the order of `modules()`."""
    return [module for module in network.modules() if not any(module.children())]
