"""Sizes of Zen-NAS networks: true counts, and those of the authors' own counters.

The official counters decide what their searches may take: they always count links, never
squeeze-excitation, one number for each batch norm channel and for the bias of the classifier, and a
projection with a stride at the size of its output divided by the stride once more.
"""

from functools import lru_cache
from typing import NamedTuple

from zenlab.spaces.plainnet.layers import Bracket, Layer, brackets, squeezed
from zenlab.spaces.plainnet.structure import Structure, SuperBlock


class Size(NamedTuple):
    """Trained weights, multiply-adds, channels of batch norms, and how many batch norms."""

    params: float
    macs: float
    norms: int


def true_size(
    structure: Structure,
    image_size: int,
    classes: int,
    *,
    residual: bool,
    gated: bool,
    normed: bool,
) -> Size:
    """Return what a network has and does for an image of `image_size` pixels a side."""
    side, params, macs, norms = image_size, 0.0, 0.0, 0
    for block in structure:
        of_block = _true_block(block, side, residual, gated, normed)
        side = _true_side(side, block.stride)
        params, macs, norms = params + of_block[0], macs + of_block[1], norms + of_block[2]
    last = structure[-1].width_out
    return Size(params + (last + 1) * classes, macs + last * classes, norms)


@lru_cache(maxsize=65536)
def _true_block(block: SuperBlock, side: int, residual: bool, gated: bool, normed: bool) -> Size:
    params, macs, norms = 0, 0, 0
    for bracket in brackets(block):
        outer = _true_side(side, bracket.stride)
        if residual and bracket.link == "projection":
            width_in, width = bracket.width_in, bracket.width_out
            params += width_in * width + 3 * width
            macs += width_in * width * outer**2
            norms += 1
        for layer in bracket.layers:
            side = _true_side(side, layer.stride)
            params += layer.weights + 2 * layer.width_out * normed
            macs += layer.weights * side**2
            norms += normed
            if gated and layer.gated:
                width, inner = layer.width_out, squeezed(layer.width_out)
                params += 2 * width * inner + 2 * inner + 2 * width
                macs += 2 * width * inner
                norms += 2
    return Size(params, macs, norms)


def _true_side(side: int, stride: int) -> int:
    return (side - 1) // stride + 1


def official_size(
    structure: Structure,
    image_size: int,
    classes: int,
    *,
    residual: bool = True,
    gated: bool = False,
) -> tuple[float, float]:
    """Return params and FLOPs as the authors count them (idstcv/ZenNAS).

    Their searches count with links and without squeeze-excitation, which are the defaults.
    """
    side, params, flops = image_size, 0.0, 0.0
    for block in structure:
        of_block = _official_block(block, side, residual, gated)
        side //= block.stride
        params, flops = params + of_block[0], flops + of_block[1]
    last = structure[-1].width_out
    return params + last * classes + 1, flops + last * classes


@lru_cache(maxsize=65536)
def _official_block(
    block: SuperBlock, side: int, residual: bool, gated: bool
) -> tuple[float, float]:
    params, flops = 0.0, 0.0
    for bracket in brackets(block):
        entering = side
        for layer in bracket.layers:
            flops += layer.weights * side**2 // layer.stride**2
            side //= layer.stride
            params += layer.weights + layer.width_out
            flops += side**2 * layer.width_out
            if gated and layer.gated:
                added = _official_gate(layer, side)
                params, flops = params + added[0], flops + added[1]
        if residual and bracket.link == "projection":
            added = _official_projection(bracket, entering // bracket.stride)
            params, flops = params + added[0], flops + added[1]
    return params, flops


def _official_gate(layer: Layer, side: int) -> tuple[float, float]:
    width, inner = layer.width_out, squeezed(layer.width_out)
    params = 2 * width * inner + 2 * inner + 2 * width
    return params, 2 * width * inner + width + width * side**2


def _official_projection(bracket: Bracket, side: int) -> tuple[float, float]:
    weights = bracket.width_in * bracket.width_out + bracket.width_out
    return weights, weights * (side / bracket.stride) ** 2


def layers_of(structure: Structure) -> int:
    """Return the layers as the authors count them: those that the blocks name."""
    return sum(block.layers for block in structure)
