"""Counts a built network by running it: the brute-force twin of what a space tells by formula."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def count_params(network: nn.Module) -> int:
    """All weights that are trained."""
    return sum(weight.numel() for weight in network.parameters())


def count_macs(network: nn.Module, image_size: int, channels: int = 3) -> int:
    """Multiply-adds of convolutions and linear layers for one image, biases not counted."""
    return _count(network, image_size, channels, _macs)


def count_flops(network: nn.Module, image_size: int, channels: int = 3) -> int:
    """Convention T without global pooling: 2 per batch norm output, 1 per ReLU input, windows."""
    return _count(network, image_size, channels, lambda *seen: _macs(*seen) + _others(*seen))


def _count(
    network: nn.Module,
    image_size: int,
    channels: int,
    cost: Callable[[nn.Module, Tensor, Tensor], int],
) -> int:
    total = 0

    def see(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        nonlocal total
        total += cost(module, inputs[0], output)

    leaves = [module for module in network.modules() if not list(module.children())]
    hooks = [module.register_forward_hook(see) for module in leaves]
    with torch.no_grad():
        network.eval()(torch.zeros(1, channels, image_size, image_size))
    for hook in hooks:
        hook.remove()
    return total


def _macs(module: nn.Module, _: Tensor, output: Tensor) -> int:
    match module:
        case nn.Conv2d():
            return output.numel() * module.weight[0].numel()
        case nn.Linear():
            return module.weight.numel()
    return 0


def _others(module: nn.Module, entering: Tensor, output: Tensor) -> int:
    match module:
        case nn.BatchNorm2d():
            return 2 * output.numel()
        case nn.ReLU():
            return entering.numel()
        case nn.AvgPool2d():
            return int(module.kernel_size) ** 2 * output.numel()  # type: ignore[arg-type]
    return 0
