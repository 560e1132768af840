"""How large TransNAS-Bench-101's macro networks are, counted without building them.

`flops` are those of NAS-Bench-Suite-Zero: multiply-adds, 2 for each output of a batch norm, 1 for
each input of a ReLU, and (side + 1)^2 for each channel of the global pooling.
"""

from functools import lru_cache
from typing import NamedTuple

from zenlab.core import Genotype
from zenlab.spaces.transnas_macro.modules import STEM_WIDTH, ResidualBlock, blocks


class Sizes(NamedTuple):
    """Params (batch norm included), multiply-adds, and what `flops` count besides."""

    params: int
    macs: int
    other_flops: int


def sizes_of(
    genotype: Genotype, *, residual: bool, channels: int, image_size: int, classes: int
) -> Sizes:
    """Add up stem, residual blocks, pooling and classifier."""
    parts = [_stem(channels, image_size)]
    side = side_after(image_size, 2)
    for block in blocks(genotype):
        parts.append(_block(block, side, residual))
        side = side_after(side, block.stride - 1)
    width = block.width_out
    parts.append(Sizes((width + 1) * classes, width * classes, width * (side + 1) ** 2))
    return Sizes(*map(sum, zip(*parts, strict=True)))


def side_after(side: int, halvings: int) -> int:
    """Return the side of a map after strides of 2, which round up."""
    return -(-side >> halvings)


@lru_cache
def _stem(channels: int, image_size: int) -> Sizes:
    half, width = STEM_WIDTH // 2, STEM_WIDTH
    first, second = 9 * channels * half, 9 * half * width
    pixels = [side_after(image_size, halvings) ** 2 for halvings in (1, 2)]
    return Sizes(
        first + second + 2 * (half + width),
        first * pixels[0] + second * pixels[1],
        3 * half * pixels[0] + 2 * width * pixels[1],
    )


@lru_cache(maxsize=1024)
def _block(block: ResidualBlock, side: int, residual: bool) -> Sizes:
    width_in, width = block.width_in, block.width_out
    pixels = side_after(side, block.stride - 1) ** 2
    weights = 9 * width_in * width + 9 * width * width
    params, norms = weights + 4 * width, 2
    if residual and block.projects:
        weights += width_in * width
        params, norms = params + width_in * width + 2 * width, 3
    rectified = width_in * side**2 + width * pixels
    return Sizes(params, weights * pixels, 2 * norms * width * pixels + rectified)
