"""How large the networks of NAS-Bench-Macro are, counted as the benchmark does, without building.

`macs` are multiply-adds of convolutions and classifier, biases not counted: its FLOPs.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from zenlab.core import Genotype
from zenlab.spaces.nb_macro.layers import (
    DIGITS,
    HEAD_WIDTH,
    LENGTH,
    REDUCING,
    STEM_WIDTH,
    Layer,
    layer,
)


class Sizes(NamedTuple):
    """Params (batch norm included), multiply-adds, convolutions in a row, inputs added."""

    params: int
    macs: int
    depth: int
    residual_links: int


_NOTHING = Sizes(0, 0, 0, 0)


def sizes_of(genotype: Genotype, *, channels: int, image_size: int, classes: int) -> Sizes:
    """Add up stem, layers, head and classifier; links are counted as if all were there."""
    known = _sizes_of_layers(image_size)
    parts = [known[place, digit] for place, digit in enumerate(genotype)]
    parts.append(_sizes_of_ends(channels, image_size, classes))
    return Sizes(*map(sum, zip(*parts, strict=True)))


@lru_cache
def _sizes_of_ends(channels: int, image_size: int, classes: int) -> Sizes:
    stem, head = 9 * channels * STEM_WIDTH, 8 * STEM_WIDTH * HEAD_WIDTH
    classifier = HEAD_WIDTH * classes
    params = stem + head + 2 * (STEM_WIDTH + HEAD_WIDTH) + classifier + classes
    macs = stem * image_size**2 + head * _halved(image_size, 3) ** 2 + classifier
    return Sizes(params, macs, 2, 0)


@lru_cache
def _sizes_of_layers(image_size: int) -> Mapping[tuple[int, str], Sizes]:
    """The sizes of each layer by place (0 to 7) and digit."""
    found: dict[tuple[int, str], Sizes] = {}
    halvings = 0
    for place in range(LENGTH):
        before = _halved(image_size, halvings) ** 2
        halvings += place in REDUCING
        after = _halved(image_size, halvings) ** 2
        for digit in DIGITS:
            made = layer(place, digit)
            found[place, digit] = _sizes(made, before, after) if made else _NOTHING
    return found


def _sizes(layer: Layer, pixels_before: int, pixels_after: int) -> Sizes:
    width_in, width_out, hidden = layer.width_in, layer.width_out, layer.hidden
    if layer.expansion == 0:
        weights = width_in * width_out
        return Sizes(weights + 2 * width_out, weights * pixels_after, 1, 0)
    expand, depthwise, project = width_in * hidden, layer.kernel**2 * hidden, hidden * width_out
    return Sizes(
        expand + depthwise + project + 2 * (hidden + hidden + width_out),
        expand * pixels_before + (depthwise + project) * pixels_after,
        3,
        int(layer.stride == 1),
    )


def _halved(side: int, times: int) -> int:
    """The side of a map after strides of 2, which round up."""
    return -(-side >> times)
