"""The spelling of a cell whose edges hold several operations: NAS-Bench-201's, with commas.

`|nor_conv_1x1,nor_conv_3x3~0|+|...~0|...~1|+|...~0|...~1|...~2|`; with one operation on each edge
it is the spelling of NAS-Bench-201 itself.
"""

from collections.abc import Sequence
from functools import lru_cache

from zenlab.core import Genotype
from zenlab.spaces.nb201.cell import EDGES, NODES
from zenlab.spaces.nb201.cell import OPERATIONS as _OF_NB201

OPERATIONS = tuple(name for name in _OF_NB201 if name != "none")

Edges = tuple[tuple[str, ...], ...]
"""The operations left on each of the six edges, in the order of `EDGES` and of `OPERATIONS`."""


def spell(edges: Edges) -> Genotype:
    """Write the operations left on each edge."""
    nodes = [""] * NODES
    for (source, node), left in zip(EDGES, edges, strict=True):
        nodes[node] += f"|{','.join(left)}~{source}"
    return Genotype("+".join(f"{node}|" for node in nodes[1:]))


def parse(text: str) -> Edges:
    """Read a cell; blanks, the order of edges into a node and of operations don't matter.

    Raises:
        ValueError: `text` is no cell; says in which node and edge it goes wrong.
    """
    nodes = "".join(text.split()).split("+")
    if len(nodes) != NODES - 1:
        raise _no_cell(text, f"it has {len(nodes)} nodes between '+', wanted {NODES - 1}")
    read: dict[tuple[int, int], tuple[str, ...]] = {}
    for node, written in enumerate(nodes, 1):
        entries = written.split("|")
        if len(entries) != node + 2 or entries[0] or entries[-1]:
            raise _no_cell(text, f"node {node} is {written!r}, wanted {node} edges between '|'")
        for entry in entries[1:-1]:
            source, left = _edge(text, node, entry)
            if (source, node) in read:
                raise _no_cell(text, f"node {node} has two edges from node {source}")
            read[source, node] = left
    return tuple(read[edge] for edge in EDGES)


def in_order(left: Sequence[str]) -> tuple[str, ...]:
    """Return the operations of an edge in the order of `OPERATIONS`.

    Raises:
        ValueError: there is none, one comes twice, or one isn't in the supernet.
    """
    if not left:
        raise ValueError("an edge has no operation; wanted at least one")
    for name in left:
        if name not in OPERATIONS:
            raise ValueError(f"{name!r} is no operation; wanted some of {', '.join(OPERATIONS)}")
    if len(set(left)) < len(left):
        raise ValueError(f"{','.join(left)} names an operation twice")
    return tuple(name for name in OPERATIONS if name in left)


def _edge(text: str, node: int, entry: str) -> tuple[int, tuple[str, ...]]:
    operations, _, source = entry.rpartition("~")
    if not source.isdecimal() or int(source) >= node:
        raise _no_cell(text, f"{entry!r} enters node {node}; wanted ~ and a node before {node}")
    try:
        return int(source), _left(operations)
    except ValueError as error:
        raise _no_cell(text, f"edge {source} to {node}: {error}") from None


@lru_cache(maxsize=1024)
def _left(operations: str) -> tuple[str, ...]:
    return in_order(operations.split(","))


def _no_cell(text: str, why: str) -> ValueError:
    return ValueError(
        f"not a cell of the NAS-Bench-201 supernet: {why}, in {text!r}; cells look like "
        f"'|op,op~0|+|op~0|op~1|+|op,op,op~0|op~1|op~2|'"
    )
