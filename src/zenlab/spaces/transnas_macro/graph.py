"""The graph of a TransNAS-Bench-101 macro network, for what is computed without building it."""

from collections.abc import Sequence
from functools import lru_cache

from zenlab.graphs.graph import Block, Convolution, Graph, Norm, Operation, Relu, chain, fork
from zenlab.spaces.transnas_macro.modules import STEM_WIDTH, ResidualBlock

_STEM = chain(
    "stem",
    Convolution(3, STEM_WIDTH // 2, stride=2),
    Norm(),
    Relu(),
    Convolution(3, STEM_WIDTH, stride=2),
    Norm(),
)


def transnas_macro_graph(
    blocks: Sequence[ResidualBlock],
    *,
    residual: bool,
    channels: int,
    image_size: int,
    classes: int,
) -> Graph:
    """Return stem and residual blocks; the last sum, not rectified, is what is pooled."""
    made = (_STEM, *(_block(block, residual) for block in blocks))
    return Graph(channels, image_size, classes, made)


@lru_cache
def _block(block: ResidualBlock, residual: bool) -> Block:
    role = "reduction" if block.projects else "cell"
    main: tuple[Operation, ...] = (
        Relu(),
        Convolution(3, block.width_out, block.stride),
        Norm(),
        Relu(),
        Convolution(3, block.width_out),
        Norm(),
    )
    if not residual:
        return chain(role, *main)
    projection = (Convolution(1, block.width_out, block.stride), Norm())
    return fork(role, main, projection if block.projects else ())
