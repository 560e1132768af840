"""The graph of a NAS-Bench-201 network, for what is computed without building it."""

import itertools
from collections.abc import Hashable
from dataclasses import replace
from functools import lru_cache

from zenlab.core import Genotype
from zenlab.graphs.equivalence import Forms
from zenlab.graphs.graph import (
    Add,
    Block,
    Convolution,
    Graph,
    Node,
    Norm,
    Operation,
    Pool,
    Relu,
    chain,
    fork,
)
from zenlab.spaces.nb201.cell import EDGES, NODES, Cell, official_order, parse
from zenlab.spaces.nb201.network import Stages, equal_cells

_ADD = Add()
_EDGE_OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "skip_connect": (),
    "avg_pool_3x3": (Pool(3, padding=1),),
    "nor_conv_1x1": (Relu(), Convolution(1), Norm()),
    "nor_conv_3x3": (Relu(), Convolution(3), Norm()),
}
_LAST = chain("last", Norm(), Relu())


def nb201_graph(
    cell: Cell,
    *,
    C: int,  # noqa: N803
    N: int,  # noqa: N803
    channels: int,
    image_size: int,
    classes: int,
) -> Graph:
    """Return the graph of `NB201Network`: three stages of N equal cells at widths C, 2C, 4C."""
    return staged_graph(
        cell,
        stages=equal_cells((C, 2 * C, 4 * C), N),
        channels=channels,
        image_size=image_size,
        classes=classes,
    )


def staged_graph(
    cell: Cell, *, stages: Stages, channels: int, image_size: int, classes: int
) -> Graph:
    """Return stem, stages of cells with reductions between, last batch norm and ReLU."""
    blocks = []
    for number, (current, *widths) in enumerate(stages):
        blocks.append(_reduction(current) if number else _stem(current))
        for width in widths:
            blocks.append(_cell_block(cell, None if width == current else width))
            current = width
    return Graph(channels, image_size, classes, (*blocks, _LAST))


@lru_cache(maxsize=1)
def representatives() -> dict[Genotype, Genotype]:
    """Return, for each cell, the cell of lowest official index that is the same random function."""
    forms = Forms()
    first: dict[Hashable, Genotype] = {}
    return {
        cell: first.setdefault(forms.of(_cell_block(parse(cell))), cell)
        for cell in official_order()
    }


@lru_cache
def _cell_block(cell: Cell, width: int | None = None) -> Block:
    """A cell; where a width is given, the operations from the input node change to it."""
    nodes: list[Node] = []
    values = [0]  # where the value of each cell node stands in the block
    edges = iter(zip(EDGES, cell, strict=True))
    for target in range(1, NODES):
        incoming = []
        for (source, _), name in itertools.islice(edges, target):
            if name != "none":
                end = values[source]
                for operation in _on_edge(name, None if source else width):
                    nodes.append(Node(operation, (end,)))
                    end = len(nodes)
                incoming.append(end)
        nodes.append(Node(_ADD, tuple(incoming)))
        values.append(len(nodes))
    return Block("cell", tuple(nodes))


def _on_edge(name: str, width: int | None) -> tuple[Operation, ...]:
    if width is None:
        return _EDGE_OPERATIONS[name]
    if name == "skip_connect":
        return (Convolution(1, width), Norm())
    return tuple(
        replace(operation, width=width) if isinstance(operation, Convolution) else operation
        for operation in _EDGE_OPERATIONS[name]
    )


@lru_cache
def _stem(width: int) -> Block:
    return chain("stem", Convolution(3, width), Norm())


@lru_cache
def _reduction(width: int) -> Block:
    main = (Relu(), Convolution(3, width, stride=2), Norm(), Relu(), Convolution(3), Norm())
    return fork("reduction", main, (Pool(2, stride=2), Convolution(1, width)))
