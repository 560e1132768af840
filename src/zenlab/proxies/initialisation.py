"""Initial weights: what each proxy's paper starts from, drawn from a given generator."""

import math
from typing import Literal

import torch
from torch import Tensor, nn

Initialisation = Literal["keep", "default", "kaiming_fan_in", "kaiming_fan_out", "gaussian"]
_BATCH_NORMS = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


@torch.no_grad()
def initialise(network: nn.Module, how: Initialisation, rng: torch.Generator) -> None:
    """Draw the weights of all convolutions and linear layers, in the order of `modules()`.

    `keep` leaves everything as it is. Otherwise batch norms get scale 1, shift 0 and fresh running
    statistics, and weights are: `default`, PyTorch's uniform with bound 1 / sqrt(fan_in), biases
    too; `kaiming_fan_in` and `kaiming_fan_out`, N(0, 2 / fan) (He et al., ICCV 2015); `gaussian`,
    N(0, 1); with biases 0. Draws are made on the generator's device, whatever the network's.
    """
    if how == "keep":
        return
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(_drawn(module.weight, how, rng))
            if module.bias is not None:
                _draw_bias(module.bias, module.weight, how, rng)
        elif isinstance(module, _BATCH_NORMS):
            module.reset_running_stats()
            if module.affine:
                module.weight.fill_(1)
                module.bias.zero_()


def fan_in(weight: Tensor) -> int:
    """Return how many inputs one output of a layer has, from weights (out, in / groups, ...)."""
    return math.prod(weight.shape[1:])


def _drawn(weight: Tensor, how: Initialisation, rng: torch.Generator) -> Tensor:
    if how == "default":
        return _uniform(weight, 1 / math.sqrt(fan_in(weight)), rng)
    fan = fan_in(weight) if how == "kaiming_fan_in" else weight[:, 0].numel()
    drawn = torch.randn(weight.shape, generator=rng, dtype=weight.dtype, device=rng.device)
    return drawn if how == "gaussian" else drawn * math.sqrt(2 / fan)


def _draw_bias(bias: Tensor, weight: Tensor, how: Initialisation, rng: torch.Generator) -> None:
    if how == "default":
        bias.copy_(_uniform(bias, 1 / math.sqrt(fan_in(weight)), rng))
    else:
        bias.zero_()


def _uniform(like: Tensor, bound: float, rng: torch.Generator) -> Tensor:
    drawn = torch.empty(like.shape, dtype=like.dtype, device=rng.device)
    return drawn.uniform_(-1, 1, generator=rng).mul_(bound)
