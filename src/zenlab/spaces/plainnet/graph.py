"""The graph of a Zen-NAS network, for what is computed without building it."""

from functools import lru_cache

from zenlab.graphs.graph import (
    Add,
    Block,
    Convolution,
    GlobalPool,
    Multiply,
    Node,
    Norm,
    Operation,
    Relu,
    Sigmoid,
)
from zenlab.spaces.plainnet.layers import EPSILON, Bracket, Layer, brackets, squeezed
from zenlab.spaces.plainnet.structure import SuperBlock

_NORM = Norm(EPSILON)


@lru_cache(maxsize=16384)
def plainnet_block(block: SuperBlock, *, residual: bool, gated: bool, normed: bool) -> Block:
    """Return the operations of a super-block; the options are those of `PlainNetwork`."""
    nodes: list[Node] = []
    source = 0
    for bracket in brackets(block):
        entering = source
        source = _layers(nodes, bracket, source, gated, normed)
        if residual and bracket.link != "none":
            other = entering if bracket.link == "identity" else _project(nodes, bracket, entering)
            source = _append(nodes, Add(), source, other)
        source = _append(nodes, Relu(), source)
    return Block(block.family, tuple(nodes))


def _append(nodes: list[Node], operation: Operation, *inputs: int) -> int:
    nodes.append(Node(operation, inputs))
    return len(nodes)


def _layers(nodes: list[Node], bracket: Bracket, source: int, gated: bool, normed: bool) -> int:
    for place, layer in enumerate(bracket.layers):
        if place:
            source = _append(nodes, Relu(), source)
            if gated and bracket.layers[place - 1].gated:
                source = _gate(nodes, bracket.layers[place - 1].width_out, source)
        source = _append(nodes, _convolution(layer), source)
        if normed:
            source = _append(nodes, _NORM, source)
    return source


def _convolution(layer: Layer) -> Convolution:
    groups = layer.width_in if layer.depthwise else 1
    return Convolution(layer.kernel, layer.width_out, layer.stride, groups)


def _project(nodes: list[Node], bracket: Bracket, source: int) -> int:
    projected = _append(nodes, Convolution(1, bracket.width_out, bracket.stride), source)
    return _append(nodes, _NORM, projected)


def _gate(nodes: list[Node], width: int, source: int) -> int:
    gate = source
    for operation in (
        GlobalPool(),
        Convolution(1, squeezed(width)),
        _NORM,
        Relu(),
        Convolution(1, width),
        _NORM,
        Sigmoid(),
    ):
        gate = _append(nodes, operation, gate)
    return _append(nodes, Multiply(), source, gate)
