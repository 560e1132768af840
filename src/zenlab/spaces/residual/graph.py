"""The graph of a residual network, for what is computed without building it."""

from functools import lru_cache

from zenlab.graphs.graph import (
    Add,
    Block,
    Convolution,
    GlobalPool,
    Graph,
    Multiply,
    Node,
    Norm,
    Operation,
    Relu,
    Sigmoid,
    chain,
)
from zenlab.spaces.residual.plan import BlockPlan, NetworkPlan, width_of


def residual_graph(plan: NetworkPlan, image_size: int) -> Graph:
    """Return stem and blocks; equal blocks of a stage are one object."""
    blocks = [chain("stem", plan.stem, Norm(), Relu())]
    for block in plan.blocks:
        blocks += [_block(block)] * block.times
    return Graph(plan.channels, image_size, plan.classes, tuple(blocks))


@lru_cache(maxsize=16384)
def _block(plan: BlockPlan) -> Block:
    nodes: list[Node] = []
    end = _main(nodes, plan)
    if plan.residual:
        shortcut = 0
        if plan.projection is not None:
            shortcut = _append(nodes, Norm(), _append(nodes, plan.projection, 0))
        end = _append(nodes, Add(), end, shortcut)
    _append(nodes, Relu(), end)
    shrinks = any(convolution.stride > 1 for convolution in plan.convolutions)
    return Block("reduction" if shrinks else "cell", tuple(nodes))


def _main(nodes: list[Node], plan: BlockPlan) -> int:
    end = 0
    for place, convolution in enumerate(plan.convolutions, 1):
        end = _append(nodes, Norm(), _append(nodes, convolution, end))
        if place < len(plan.convolutions):
            end = _append(nodes, Relu(), end)
        if place == 2 and plan.gate is not None:
            end = _gate(nodes, end, width_of(convolution), plan.gate)
    return end


def _gate(nodes: list[Node], source: int, width: int, inner: int) -> int:
    end = source
    for operation in (
        GlobalPool(),
        Convolution(1, inner),
        Relu(),
        Convolution(1, width),
        Sigmoid(),
    ):
        end = _append(nodes, operation, end)
    return _append(nodes, Multiply(), source, end)


def _append(nodes: list[Node], operation: Operation, *inputs: int) -> int:
    """Add a node and return its number."""
    nodes.append(Node(operation, inputs))
    return len(nodes)
