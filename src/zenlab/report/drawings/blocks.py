"""Macro architectures as blocks to be drawn, one function for each family of spaces."""

import zenlab.spaces.nb_macro.layers as nb_macro_layers
import zenlab.spaces.plainnet.structure as plainnet_structure
import zenlab.spaces.regnet.design as regnet_design
import zenlab.spaces.resnet.design as resnet_design
import zenlab.spaces.transnas_macro.modules as transnas_modules
from zenlab.core import Genotype
from zenlab.report.drawings.chains import Block
from zenlab.spaces.nb201.widths import parse_widths
from zenlab.spaces.regnet import RegNet
from zenlab.spaces.resnet import ResNet

_PLAINNET = {
    "conv": ("plain", "{k}x{k}"),
    "basic": ("residual", "{k}·{k}"),
    "bottleneck": ("bottleneck", "1·{k}·1"),
    "mobile": ("mobile", "e{e} k{k}"),
}


def plainnet_blocks(genotype: Genotype, channels: int) -> list[Block]:
    """Return the super-blocks; kernels one after another, or expansion (e) and kernel (k)."""
    made = []
    for block in plainnet_structure.parse(genotype, channels):
        kind, label = _PLAINNET[block.family]
        words = label.format(k=block.kernel, e=block.expansion)
        made.append(Block(kind, words, block.width_out, block.stride, block.layers))
    return made


def nb_macro_blocks(genotype: Genotype) -> list[Block]:
    """Return stem, eight layers and head; an identity keeps its place."""
    made = [Block("plain", "3x3", nb_macro_layers.STEM_WIDTH)]
    for place, digit in enumerate(genotype):
        layer = nb_macro_layers.layer(place, digit)
        if layer is None:
            made.append(Block("nothing", "id", 0))
        elif layer.expansion:
            label = f"e{layer.expansion} k{layer.kernel}"
            made.append(Block("mobile", label, layer.width_out, layer.stride))
        else:
            made.append(Block("plain", "1x1", layer.width_out, layer.stride))
    return [*made, Block("plain", "1x1", nb_macro_layers.HEAD_WIDTH)]


def transnas_macro_blocks(genotype: Genotype) -> list[Block]:
    """Return the stem, then one block for each module, which is two residual blocks."""
    firsts = transnas_modules.blocks(genotype)[::2]
    modules = [Block("residual", "3·3", first.width_out, first.stride, 2) for first in firsts]
    return [Block("plain", "stem", transnas_modules.STEM_WIDTH, 4), *modules]


def resnet_blocks(space: ResNet, genotype: Genotype) -> list[Block]:
    """Return the stem and the stages."""
    kind, depths, widths = resnet_design.parse(genotype)
    basic = kind == "basic"
    colour, label = ("residual", "3·3") if basic else ("bottleneck", "1·3·1")
    growth = 1 if basic else resnet_design.EXPANSION
    stages = [
        Block(colour, label, growth * width, 2 if place else 1, depth)
        for place, (depth, width) in enumerate(zip(depths, widths, strict=True))
    ]
    return [Block("plain", "3x3", widths[0], space.stem_stride), *stages]


def regnet_blocks(space: RegNet, genotype: Genotype) -> list[Block]:
    """Return the stem and the stages, whose label is the width of their groups."""
    stages = regnet_design.stages(regnet_design.parse(genotype))
    return [
        Block("plain", "3x3", space.stem_width, space.stem_stride),
        *(
            Block("bottleneck", f"g{stage.group_width}", stage.width, 2, stage.depth)
            for stage in stages
        ),
    ]


def nats_size_blocks(genotype: Genotype) -> list[Block]:
    """Return cells and the reductions between them, with their widths."""
    widths = parse_widths(genotype, count=5)
    return [
        Block("residual", "3·3", width, 2) if place % 2 else Block("cell", "cell", width)
        for place, width in enumerate(widths)
    ]


def stage_blocks(widths: str, cells: int) -> list[Block]:
    """Return the three stages of NAS-Bench-201 at such widths, with so many cells each."""
    return [
        Block("cell", "cell", width, 2 if place else 1, cells)
        for place, width in enumerate(parse_widths(widths, count=3))
    ]
