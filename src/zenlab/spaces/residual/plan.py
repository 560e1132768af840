"""Residual networks as plans: what there is to build, to trace and to count (He et al., CVPR 2016).

A plan is a stem, residual blocks one after another, global pooling and a linear classifier. Each
convolution is followed by batch norm, and by ReLU but at the end of a block, where ReLU comes after
the sum with the shortcut.
"""

from typing import NamedTuple

from zenlab.graphs.graph import Convolution


class BlockPlan(NamedTuple):
    """A residual block; `times` equal ones follow one another.

    `projection` stands in the shortcut where the shape changes. `gate` is the inner width of
    squeeze-excitation behind the second convolution. Without `residual` there is no shortcut.
    """

    width_in: int
    convolutions: tuple[Convolution, ...]
    projection: Convolution | None = None
    residual: bool = True
    gate: int | None = None
    times: int = 1


class NetworkPlan(NamedTuple):
    """A stem for images of so many channels, blocks, and a classifier for so many classes."""

    channels: int
    stem: Convolution
    blocks: tuple[BlockPlan, ...]
    classes: int

    @property
    def width(self) -> int:
        """The channels of the features."""
        return width_of(self.blocks[-1].convolutions[-1])


def width_of(convolution: Convolution) -> int:
    """Return the channels that a convolution of a plan gives; a plan always says them."""
    return convolution.width or 0


def stage_plan(
    width_in: int,
    depth: int,
    first: tuple[Convolution, ...],
    others: tuple[Convolution, ...],
    *,
    residual: bool = True,
    gates: tuple[int, int] | None = None,
) -> tuple[BlockPlan, ...]:
    """Return the blocks of a stage: one that may change the shape, and equal ones behind it.

    `gates` are the inner widths of squeeze-excitation in the first block and in the others.
    """
    width = width_of(first[-1])
    stride = max(convolution.stride for convolution in first)
    gate, other_gate = gates or (None, None)
    changes = residual and (width_in != width or stride != 1)
    projection = Convolution(1, width, stride) if changes else None
    opening = BlockPlan(width_in, first, projection, residual, gate)
    if depth == 1:
        return (opening,)
    return opening, BlockPlan(width, others, None, residual, other_gate, depth - 1)
