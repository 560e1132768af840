"""A network as a graph of operations, for what can be computed without building it.

A network is a chain of blocks; a block is a small graph with one input and one output. Weights and
biases don't appear: who reads a graph reasons about random weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import torch

from zenlab.core import Batch, Estimate, Genotype


@dataclass(frozen=True)
class Convolution:
    """Convolution with zero padding (kernel - 1) / 2; `width` None keeps the number of channels."""

    kernel: int
    width: int | None = None
    stride: int = 1
    groups: int = 1


@dataclass(frozen=True)
class Norm:
    """Batch norm in training mode; `epsilon` is added to the variance."""

    epsilon: float = 1e-5


@dataclass(frozen=True)
class Relu:
    """Rectification."""


@dataclass(frozen=True)
class Pool:
    """Average pooling whose window counts pixels of the image only."""

    kernel: int
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True)
class GlobalPool:
    """The mean over a map, as a map of one pixel."""


@dataclass(frozen=True)
class Sigmoid:
    """1 / (1 + exp(-x))."""


@dataclass(frozen=True)
class Add:
    """The sum of all inputs; of none of them: zero."""


@dataclass(frozen=True)
class Multiply:
    """The product of all inputs; a map of one pixel weighs the channels of others."""


Operation = Convolution | Norm | Relu | Pool | GlobalPool | Sigmoid | Add | Multiply


class Node(NamedTuple):
    """An operation and where its inputs come from: 0 is the block's input, i its i-th node."""

    operation: Operation
    inputs: tuple[int, ...]


class Block(NamedTuple):
    """Nodes in an order in which they can be computed; the last one is the block's output.

    `role` says what the block is for in its space: `stem`, `cell`, `reduction`, `last`.
    """

    role: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True)
class Graph:
    """Blocks from the image to the features before pooling, and how many classes come after it.

    Convolutions stand in the order of the network's `modules()`; the classifier is the last one.
    """

    channels: int
    image_size: int
    classes: int
    blocks: tuple[Block, ...]


@runtime_checkable
class Traced(Protocol):
    """A space that can tell the graph of an architecture."""

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""


@runtime_checkable
class GraphProxy(Protocol):
    """A proxy of networks that can do without one where a space tells its graph."""

    @property
    def runs_graphs(self) -> bool:
        """Whether its parameters allow it."""

    def measure_graph(self, graph: Graph, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Return what `measure` returns for the network of a graph and the same `rng`."""


def chain(role: str, *operations: Operation) -> Block:
    """Make a block of operations one after another."""
    return Block(role, tuple(Node(made, (i,)) for i, made in enumerate(operations)))


def fork(role: str, *branches: Sequence[Operation]) -> Block:
    """Make a block of branches from one input whose ends are added."""
    nodes: list[Node] = []
    ends = []
    for branch in branches:
        source = 0
        for operation in branch:
            nodes.append(Node(operation, (source,)))
            source = len(nodes)
        ends.append(source)
    return Block(role, (*nodes, Node(Add(), tuple(ends))))
