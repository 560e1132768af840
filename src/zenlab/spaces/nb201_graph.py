"""The graph of a NAS-Bench-201 network, for what is computed without building it."""

import itertools
from collections.abc import Hashable
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
from zenlab.spaces.nb201_cell import EDGES, NODES, Cell, official_order, parse

_ADD = Add()
_EDGE_OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "skip_connect": (),
    "avg_pool_3x3": (Pool(3, padding=1),),
    "nor_conv_1x1": (Relu(), Convolution(1), Norm()),
    "nor_conv_3x3": (Relu(), Convolution(3), Norm()),
}


def nb201_graph(
    cell: Cell,
    *,
    C: int,  # noqa: N803
    N: int,  # noqa: N803
    channels: int,
    image_size: int,
    classes: int,
) -> Graph:
    """Return stem, three stages of N cells with reductions between, last batch norm and ReLU."""
    stem, first, second, last = _skeleton(C)
    cells = (_cell_block(cell),) * N
    blocks = (stem, *cells, first, *cells, second, *cells, last)
    return Graph(channels, image_size, classes, blocks)


@lru_cache(maxsize=1)
def representatives() -> dict[Genotype, Genotype]:
    """Return, for each cell, the cell of lowest official index that is the same random function."""
    forms = Forms()
    first: dict[Hashable, Genotype] = {}
    return {
        cell: first.setdefault(forms.of(_cell_block(parse(cell))), cell)
        for cell in official_order()
    }


def _cell_block(cell: Cell) -> Block:
    nodes: list[Node] = []
    values = [0]  # where the value of each cell node stands in the block
    edges = iter(zip(EDGES, cell, strict=True))
    for target in range(1, NODES):
        incoming = []
        for (source, _), name in itertools.islice(edges, target):
            if name != "none":
                end = values[source]
                for operation in _EDGE_OPERATIONS[name]:
                    nodes.append(Node(operation, (end,)))
                    end = len(nodes)
                incoming.append(end)
        nodes.append(Node(_ADD, tuple(incoming)))
        values.append(len(nodes))
    return Block("cell", tuple(nodes))


@lru_cache
def _skeleton(width: int) -> tuple[Block, Block, Block, Block]:
    """Stem, the two reductions, and what comes last."""
    stem = chain("stem", Convolution(3, width), Norm())
    return stem, _reduction(2 * width), _reduction(4 * width), chain("last", Norm(), Relu())


def _reduction(width: int) -> Block:
    main = (Relu(), Convolution(3, width, stride=2), Norm(), Relu(), Convolution(3), Norm())
    return fork("reduction", main, (Pool(2, stride=2), Convolution(1, width)))
