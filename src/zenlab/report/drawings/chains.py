"""Networks as rows of blocks: the taller, the wider; `x3` repeats, `÷2` halves the sides."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from zenlab.report.drawings.picture import Picture, text

_PITCH, _BOX = 50, 44
ROW = 116
"""The height of a row of blocks."""
_FOOT = 82
_PER_ROW, _MOST = 8, 16
_COLOURS = {
    "plain": "#3b82c4",
    "residual": "#2f9663",
    "bottleneck": "#8a63c9",
    "mobile": "#c76a2b",
    "cell": "#d1495b",
    "nothing": "#7f8a96",
}


class Block(NamedTuple):
    """A block: what it is (a colour), what is written in it, channels, stride and repetitions."""

    kind: str
    label: str
    width: int
    stride: int = 1
    times: int = 1


def chain_picture(title: str, blocks: Sequence[Block]) -> Picture:
    """Draw blocks from left to right, in rows of up to eight; a long chain lacks its middle."""
    shown = _shortened(blocks)
    rows = math.ceil(len(shown) / _PER_ROW)
    columns = math.ceil(len(shown) / rows)
    parts = tuple(
        _box(block, _PITCH * (place % columns) + 6, ROW * (place // columns) + _FOOT)
        for place, block in enumerate(shown)
    )
    return Picture(title, _described(blocks), _PITCH * columns + 6, ROW * rows, parts)


def chain_parts(blocks: Sequence[Block], x: float, y: float) -> tuple[str, ...]:
    """Return one row of blocks as parts of another picture; y is where they stand."""
    return tuple(_box(block, x + _PITCH * place, y) for place, block in enumerate(blocks))


def _shortened(blocks: Sequence[Block]) -> list[Block]:
    if len(blocks) <= _MOST:
        return list(blocks)
    half = _MOST // 2
    left_out = len(blocks) - _MOST + 1
    return [*blocks[:half], Block("nothing", f"+{left_out}", 0), *blocks[-(half - 1) :]]


def _box(block: Block, x: float, foot: float) -> str:
    height = _height(block.width)
    middle = x + _BOX / 2
    drawn = (
        f'<rect x="{x:g}" y="{foot - height:g}" width="{_BOX}" height="{height}" rx="5" '
        f'fill="{_COLOURS[block.kind]}"/>'
    )
    drawn += text(middle, foot - height / 2 + 4, block.label, fill="#fff")
    if block.width:
        drawn += text(middle, foot + 14, str(block.width))
    if block.stride > 1:
        drawn += text(middle, foot + 28, f"÷{block.stride}")
    if block.times > 1:
        drawn += text(middle, foot - height - 5, f"x{block.times}")
    return drawn


def _height(width: int) -> int:
    """Return the height of a box, which grows by 5 with each doubling from 8 channels on."""
    return round(min(20 + 5 * max(0.0, math.log2(max(width, 1) / 8)), 64))


def _described(blocks: Sequence[Block]) -> str:
    told = ", ".join(_in_words(block) for block in blocks[:24])
    return f"{len(blocks)} blocks in a row: {told}" + (", and more" if len(blocks) > 24 else "")


def _in_words(block: Block) -> str:
    if not block.width:
        return block.label
    words = f"{block.label} {block.width}"
    words += f" stride {block.stride}" if block.stride > 1 else ""
    return words + (f" times {block.times}" if block.times > 1 else "")
