"""How a ResNet is spelt: `basic:3x16,3x32,3x64`, the depth and the width of each stage."""

import re
from functools import lru_cache
from typing import Literal, NamedTuple, get_args

from zenlab.core import Genotype
from zenlab.graphs.graph import Convolution
from zenlab.spaces.residual.plan import BlockPlan, stage_plan

Kind = Literal["basic", "bottleneck"]
KINDS: tuple[Kind, ...] = get_args(Kind)
EXPANSION = 4
"""A bottleneck block of width w gives 4 w channels."""


class Design(NamedTuple):
    """The kind of the blocks, and how many of which width each stage has."""

    kind: str
    depths: tuple[int, ...]
    widths: tuple[int, ...]


def spell(design: Design) -> Genotype:
    """Write a design, such as `basic:3x16,3x32,3x64`: blocks x width, stage after stage."""
    stages = ",".join(f"{d}x{w}" for d, w in zip(design.depths, design.widths, strict=True))
    return Genotype(f"{design.kind}:{stages}")


def parse(text: str) -> Design:
    """Read a design; blanks and capitals don't matter.

    Raises:
        ValueError: `text` is no design; says in which stage.
    """
    kind, colon, rest = re.sub(r"\s+", "", text).lower().partition(":")
    if kind not in KINDS or not colon:
        raise ValueError(_message(text, f"wanted {' or '.join(KINDS)} and a colon at the start"))
    depths, widths = [], []
    for place, stage in enumerate(rest.split(","), 1):
        found = re.fullmatch(r"([0-9]{1,6})x([0-9]{1,6})", stage)
        if found is None:
            raise ValueError(
                _message(text, f"stage {place} is {stage!r}; wanted blocks x width, such as 3x16")
            )
        depths.append(int(found[1]))
        widths.append(int(found[2]))
    return Design(kind, tuple(depths), tuple(widths))


def blocks(design: Design, *, residual: bool) -> tuple[BlockPlan, ...]:
    """Return the blocks of all stages; each stage but the first begins by halving the sides."""
    plans: list[BlockPlan] = []
    entering, stride = design.widths[0], 1
    for depth, width in zip(design.depths, design.widths, strict=True):
        plans += _stage(design.kind, entering, depth, width, stride, residual)
        entering, stride = (EXPANSION if design.kind == "bottleneck" else 1) * width, 2
    return tuple(plans)


@lru_cache(maxsize=16384)
def _stage(
    kind: str, entering: int, depth: int, width: int, stride: int, residual: bool
) -> tuple[BlockPlan, ...]:
    first = _convolutions(kind, width, stride=stride)
    others = _convolutions(kind, width, stride=1)
    return stage_plan(entering, depth, first, others, residual=residual)


def _convolutions(kind: str, width: int, *, stride: int) -> tuple[Convolution, ...]:
    if kind == "basic":
        return Convolution(3, width, stride), Convolution(3, width)
    return Convolution(1, width), Convolution(3, width, stride), Convolution(1, EXPANSION * width)


def _message(text: str, fault: str) -> str:
    return f"not a ResNet: {fault}, in {text!r}; ResNets look like 'basic:3x16,3x32,3x64'"
