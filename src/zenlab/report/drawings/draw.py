"""Which picture an architecture has: a cell, a row of blocks, or its spelling alone."""

import textwrap
from dataclasses import replace

import zenlab.report.drawings.blocks as drawn
import zenlab.spaces.nb201.cell as nb201_cell
import zenlab.spaces.nb201_supernet.cell as supernet_cell
from zenlab.core import Genotype, Space
from zenlab.report.drawings.cells import cell_picture
from zenlab.report.drawings.chains import ROW, chain_parts, chain_picture
from zenlab.report.drawings.picture import Picture, text
from zenlab.spaces.nats_size import NatsSize
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201_supernet import NB201Supernet
from zenlab.spaces.nb201_width import NB201Width
from zenlab.spaces.nb_macro import NBMacro
from zenlab.spaces.plainnet import PlainNet
from zenlab.spaces.regnet import RegNet
from zenlab.spaces.resnet import ResNet
from zenlab.spaces.transnas_macro import TransNASMacro

_LETTERS, _LINES = 46, 8


def draw(space: Space, genotype: Genotype) -> str:
    """Return an architecture as one SVG element of less than 4 kB.

    Lines and words follow the light or dark scheme of the reader. Spaces without a picture of
    their own give a card with the spelling.

    Raises:
        ValueError: `genotype` doesn't belong to `space`.
    """
    return str(picture(space, genotype))


def picture(space: Space, genotype: Genotype) -> Picture:
    """Return an architecture as a picture in parts, which other architectures may share."""
    match space:
        case NB201():
            return _cell(genotype, genotype)
        case NB201Supernet():
            return cell_picture(genotype, supernet_cell.parse(genotype))
        case NB201Width():
            return _cell_with_widths(genotype, space.N)
        case NatsSize():
            return chain_picture(genotype, drawn.nats_size_blocks(genotype))
        case NBMacro():
            return chain_picture(genotype, drawn.nb_macro_blocks(genotype))
        case TransNASMacro():
            return chain_picture(genotype, drawn.transnas_macro_blocks(genotype))
        case ResNet():
            return chain_picture(genotype, drawn.resnet_blocks(space, genotype))
        case RegNet():
            return chain_picture(genotype, drawn.regnet_blocks(space, genotype))
        case PlainNet():
            return chain_picture(genotype, drawn.plainnet_blocks(genotype, space.channels))
        case _:
            return _card(genotype)


def _cell(title: str, cell: str) -> Picture:
    return cell_picture(title, [(operation,) for operation in nb201_cell.parse(cell)])


def _cell_with_widths(genotype: Genotype, cells: int) -> Picture:
    """Draw the cell, and below it the stages."""
    widths, _, cell = genotype.partition(" ")
    above = _cell(genotype, cell)
    stages = chain_parts(drawn.stage_blocks(widths, cells), 98, above.height + ROW - 46)
    return replace(
        above,
        description=f"{above.description}; widths {widths}",
        height=above.height + ROW - 12,
        parts=(*above.parts, *stages),
    )


def _card(genotype: Genotype) -> Picture:
    """Write the spelling, in lines of a fixed length."""
    lines = textwrap.wrap(genotype, _LETTERS, break_on_hyphens=False)
    if len(lines) > _LINES:
        lines = [*lines[: _LINES - 1], "…"]
    width, height = 340, 24 + 16 * len(lines)
    frame = (
        f'<rect x="1" y="1" width="{width - 2}" height="{height - 2}" rx="6" '
        f'stroke="currentColor" opacity=".4"/>'
    )
    mono = ' font-family="ui-monospace,monospace"'
    words = (text(width / 2, 24 + 16 * i, line, more=mono) for i, line in enumerate(lines))
    return Picture(genotype, f"architecture {genotype[:200]}", width, height, (frame, *words))
