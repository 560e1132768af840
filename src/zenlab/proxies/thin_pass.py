"""The fast pass behind linear regions: batches of small maps run together through a thin network.

A thin network has one channel, and its images a few pixels, so that calling modules takes nearly
all of its time. Here all batches run at once: they take the place of the channel, and every module
treats each of them alone. A convolution or a pooling is a product with a small matrix: what the
module makes of each image with one pixel on.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from zenlab.proxies.binary_patterns import count_distinct_rows, switched_on
from zenlab.proxies.recording import leaves, replaced_forwards, require_finite

NO_MAPS = "the network has no ReLU that returns feature maps (n, c, h, w)"

_BITS = 21
"""So many bits are a whole number of float32, and three such numbers one of int64."""


def runs_together(network: nn.Module, batches: Sequence[Tensor]) -> bool:
    """Return whether batches are alike, and all leaf modules known and of one channel."""
    shapes = {batch.shape for batch in batches}
    return len(shapes) == 1 and all(_is_thin(module) for module in leaves(network))


def _is_thin(module: nn.Module) -> bool:
    if type(module) is nn.Conv2d:
        return (
            module.in_channels == module.out_channels == 1
            and module.bias is None
            and module.padding_mode == "zeros"
            and not isinstance(module.padding, str)
        )
    if type(module) is nn.BatchNorm2d:
        return module.num_features == 1 and module.training
    return type(module) in (nn.ReLU, nn.AvgPool2d, nn.Identity)


@torch.no_grad()
def count_regions_together(network: nn.Module, batches: Sequence[Tensor]) -> int:
    """Count what `count_regions` counts; an output within rounding of 0 may fall differently.

    Args:
        network: one that `runs_together`.
        batches: (n, 1, h, w) each.

    Raises:
        ValueError: the network has no ReLU that returns feature maps.
        ArithmeticError: the activations overflowed.
    """
    patterns: list[Tensor] = []

    def rectify(forward: Callable[[Tensor], Tensor], maps: Tensor) -> Tensor:
        output = forward(maps)
        if output.dim() == 4:
            patterns.append(_values(switched_on(output)))
        return output

    forwards: dict[nn.Module, Callable[..., Any]] = {}
    for module in leaves(network):
        if isinstance(module, nn.ReLU):
            forwards[module] = partial(rectify, module.forward)
        elif isinstance(module, nn.BatchNorm2d):
            forwards[module] = partial(_normalise, module)
        elif isinstance(module, nn.Conv2d):
            forwards[module] = partial(_convolve, module)
        elif isinstance(module, nn.AvgPool2d):
            forwards[module] = partial(_pool, module.forward)
    images = torch.stack([batch.flatten(1).T for batch in batches])  # (batches, pixels, n)
    with replaced_forwards(forwards):
        require_finite(network(_maps(images, *batches[0].shape[2:])))
    if not patterns:
        raise ValueError(NO_MAPS)
    return _count_distinct(torch.cat(patterns, dim=1))


def _values(maps: Tensor) -> Tensor:
    """Return maps (n, batches, h, w) in the order in which they lie, (batches, pixels, n)."""
    return maps.permute(1, 2, 3, 0).flatten(1, 2)


def _maps(values: Tensor, height: int, width: int) -> Tensor:
    """Return values (batches, pixels, n) as maps (n, batches, h, w)."""
    batches, _, n = values.shape
    return values.view(batches, height, width, n).permute(3, 0, 1, 2)


def _pool(pool: Callable[[Tensor], Tensor], maps: Tensor) -> Tensor:
    pooled = pool(_pixels(maps))
    return _maps(pooled.flatten(1).T @ _values(maps), *pooled.shape[2:])


def _convolve(layer: nn.Conv2d, maps: Tensor) -> Tensor:
    kernel, padding = layer.kernel_size, (int(layer.padding[0]), int(layer.padding[1]))
    windows = F.unfold(_pixels(maps), kernel, layer.dilation, padding, layer.stride)
    matrix = layer.weight.flatten() @ windows  # (pixels, pixels of the output)
    sides = (
        (side + 2 * margin - reach * (taps - 1) - 1) // step + 1
        for side, margin, reach, taps, step in zip(
            maps.shape[2:], padding, layer.dilation, kernel, layer.stride, strict=True
        )
    )
    return _maps(matrix.T @ _values(maps), *sides)


def _pixels(maps: Tensor) -> Tensor:
    """Return one map for each pixel, which is on in it, (pixels, 1, h, w)."""
    height, width = maps.shape[2:]
    on = torch.eye(height * width, dtype=maps.dtype, device=maps.device)
    return on.view(-1, 1, height, width)


def _normalise(norm: nn.BatchNorm2d, maps: Tensor) -> Tensor:
    """Normalise each batch by itself."""
    values = _values(maps)
    made = F.layer_norm(values, values.shape[1:], eps=norm.eps)
    if norm.affine:
        made = torch.addcmul(norm.bias, made, norm.weight)
    return _maps(made, *maps.shape[2:])


def _count_distinct(patterns: Tensor) -> int:
    """Count the distinct patterns of ones and zeros, (batches, units, n), over all batches."""
    powers = 2.0 ** torch.arange(_BITS, device=patterns.device)
    words = [
        (powers[: part.shape[1]] @ part).long().flatten()
        for part in torch.split(patterns, _BITS, dim=1)
    ]
    if len(words) > 3:
        return count_distinct_rows(torch.stack(words, dim=1))
    together = words[0]
    for place, word in enumerate(words[1:], 1):
        together = together + (word << place * _BITS)
    return len(torch.unique(together))
