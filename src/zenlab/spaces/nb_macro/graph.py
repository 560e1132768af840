"""The graph of a NAS-Bench-Macro network, for what is computed without building it."""

from collections.abc import Sequence
from functools import lru_cache

from zenlab.graphs.graph import Block, Convolution, Graph, Norm, Operation, Relu, chain, fork
from zenlab.spaces.nb_macro.layers import HEAD_WIDTH, STEM_WIDTH, Layer

_STEM = chain("stem", Convolution(3, STEM_WIDTH), Norm(), Relu())
_HEAD = chain("last", Convolution(1, HEAD_WIDTH), Norm(), Relu())


def nb_macro_graph(
    layers: Sequence[Layer], *, residual: bool, channels: int, image_size: int, classes: int
) -> Graph:
    """Return stem, layers, and the 1x1 convolution, batch norm and ReLU before pooling."""
    blocks = (_STEM, *(_block(layer, residual) for layer in layers), _HEAD)
    return Graph(channels, image_size, classes, blocks)


@lru_cache
def _block(layer: Layer, residual: bool) -> Block:
    role = "reduction" if layer.stride > 1 else "cell"
    main = _operations(layer)
    return fork(role, main, ()) if residual and layer.stride == 1 else chain(role, *main)


def _operations(layer: Layer) -> tuple[Operation, ...]:
    if layer.expansion == 0:
        return Convolution(1, layer.width_out, layer.stride), Norm()
    return (
        Convolution(1, layer.hidden),
        Norm(),
        Relu(),
        Convolution(layer.kernel, stride=layer.stride, groups=layer.hidden),
        Norm(),
        Relu(),
        Convolution(1, layer.width_out),
        Norm(),
    )
