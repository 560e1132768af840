"""The graph of a NAS-Bench-201 network, for what is computed without building it."""

from functools import lru_cache

from zenlab.graph import (
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
from zenlab.spaces.nb201_cell import EDGES, NODES, Cell

_EDGE_OPERATIONS: dict[str, tuple[Operation, ...]] = {
    "skip_connect": (),
    "avg_pool_3x3": (Pool(3, padding=1),),
    "nor_conv_1x1": (Relu(), Convolution(1), Norm()),
    "nor_conv_3x3": (Relu(), Convolution(3), Norm()),
}


def nb201_graph(cell: Cell, *, C: int, N: int, channels: int, image_size: int) -> Graph:  # noqa: N803
    """Return stem, three stages of N cells with reductions between, last batch norm and ReLU."""
    cells = (_cell_block(cell),) * N
    stem = chain("stem", Convolution(3, C), Norm())
    last = chain("last", Norm(), Relu())
    blocks = (stem, *cells, _reduction(2 * C), *cells, _reduction(4 * C), *cells, last)
    return Graph(channels, image_size, blocks)


def _cell_block(cell: Cell) -> Block:
    nodes: list[Node] = []
    values = [0]  # where the value of each cell node stands in the block
    for target in range(1, NODES):
        incoming = []
        for (source, end), name in zip(EDGES, cell, strict=True):
            if end == target and name != "none":
                incoming.append(values[source])
                for operation in _EDGE_OPERATIONS[name]:
                    nodes.append(Node(operation, (incoming[-1],)))
                    incoming[-1] = len(nodes)
        nodes.append(Node(Add(), tuple(incoming)))
        values.append(len(nodes))
    return Block("cell", tuple(nodes))


@lru_cache
def _reduction(width: int) -> Block:
    main = (Relu(), Convolution(3, width, stride=2), Norm(), Relu(), Convolution(3), Norm())
    return fork("reduction", main, (Pool(2, stride=2), Convolution(1, width)))
