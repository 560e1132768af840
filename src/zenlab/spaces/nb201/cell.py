"""The cell of NAS-Bench-201 (Dong and Yang, 2020): spelling, official order, paths, duplicates.

A cell is a tuple of six operations, one per edge in the order of `EDGES`; node 0 is its input,
node 3 its output, and a node is the sum of what its incoming edges deliver.
"""

import itertools
import random
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NoReturn

from zenlab.core import Genotype

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
NODES = 4

Cell = tuple[str, ...]


def spell(cell: Cell) -> Genotype:
    """Write a cell as the benchmark does: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`."""
    nodes = (
        "".join(f"|{operation}~{source}" for source, operation in node) for node in _by_node(cell)
    )
    return Genotype("+".join(f"{node}|" for node in nodes))


def parse(text: str) -> Cell:
    """Read a cell from the benchmark's spelling or from its official index.

    Blanks and the order of the edges that enter one node don't matter.

    Raises:
        ValueError: `text` is neither; says at which character it goes wrong.
    """
    if known := _official_order()[2].get(text):
        return known
    if re.fullmatch(r"\s*\d+\s*", text):
        return _by_index(int(text))
    scanner = _Scanner(text)
    operations: dict[tuple[int, int], str] = {}
    for node in range(1, NODES):
        if node > 1:
            scanner.take(r"\+", "'+' before the next node")
        scanner.take(r"\|", "'|'")
        for _ in range(node):
            source, operation = _read_edge(scanner, node, operations)
            operations[source, node] = operation
            scanner.take(r"\|", "'|'")
    scanner.take(r"$", "the end")
    return tuple(operations[edge] for edge in EDGES)


def official_order() -> tuple[Genotype, ...]:
    """Return all 15,625 cells in the order of the benchmark's official index."""
    return _official_order()[0]


def official_index(genotype: Genotype) -> int:
    """Return the place of a cell in the official order.

    Raises:
        ValueError: `genotype` is not a canonical spelling.
    """
    try:
        return _official_order()[1][genotype]
    except KeyError:
        raise ValueError(f"{genotype!r} is not a canonical NAS-Bench-201 spelling") from None


def paths(cell: Cell) -> list[list[tuple[int, int]]]:
    """Return every path from input to output through operations other than `none`, as edges."""
    live = [edge for edge, operation in zip(EDGES, cell, strict=True) if operation != "none"]
    return list(_paths_from(0, live))


def paper_class(cell: Cell) -> str:
    """Return the string by which the paper counts 6,466 distinct cells (appendix of the paper).

    It is a rule of thumb, not an equivalence: dead cells fall into several classes, and two equal
    operations with one source merge. Good for skipping duplicates, never for sharing scores.
    """
    names = ["0"]
    for node in _by_node(cell):
        names.append(
            "+".join(sorted(_term(operation, names[source]) for source, operation in node))
        )
    return names[-1]


def _by_node(cell: Cell) -> Iterator[list[tuple[int, str]]]:
    for node in range(1, NODES):
        yield [(i, op) for (i, j), op in zip(EDGES, cell, strict=True) if j == node]


def _by_index(index: int) -> Cell:
    order = official_order()
    if index >= len(order):
        raise ValueError(
            f"index {index} is too large: the official indices go from 0 to {len(order) - 1}"
        )
    return parse(order[index])


class _Scanner:
    """Takes one token after another from a text and knows where it stands."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    def take(self, pattern: str, wanted: str) -> str:
        match = re.compile(rf"\s*({pattern})").match(self.text, self.position)
        if match is None:
            self.fail(wanted)
        self.position = match.end()
        return match[1]

    def fail(self, wanted: str) -> NoReturn:
        found = repr(self.text[self.position :][:20]) if self.text[self.position :] else "the end"
        raise ValueError(
            f"not a NAS-Bench-201 cell: at position {self.position} wanted {wanted}, found {found} "
            f"in {self.text!r}; cells look like '|op~0|+|op~0|op~1|+|op~0|op~1|op~2|'"
        )


def _read_edge(scanner: _Scanner, node: int, known: dict[tuple[int, int], str]) -> tuple[int, str]:
    start = scanner.position
    operation = scanner.take(r"\w+", f"one of {', '.join(OPERATIONS)}")
    if operation not in OPERATIONS:
        scanner.position = start
        scanner.fail(f"one of {', '.join(OPERATIONS)}")
    scanner.take("~", "'~'")
    start = scanner.position
    source = int(scanner.take(r"\d+", "the number of a node"))
    free = [i for i in range(node) if (i, node) not in known]
    if source not in free:
        scanner.position = start
        scanner.fail(f"a node that feeds node {node} and is not named yet (of {free})")
    return source, operation


@lru_cache(maxsize=1)
def _official_order() -> tuple[tuple[Genotype, ...], dict[Genotype, int], dict[str, Cell]]:
    """All cells in official order, their indices, and how they are read.

    The authors shuffle the product of all operations with Python's generator, seed 88.
    """
    cells = {spell(cell): cell for cell in itertools.product(OPERATIONS, repeat=len(EDGES))}
    order = list(cells)
    random.Random(88).shuffle(order)
    read: dict[str, Cell] = dict(cells.items())
    return tuple(order), {genotype: i for i, genotype in enumerate(order)}, read


def _paths_from(node: int, live: list[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    if node == NODES - 1:
        yield []
    for edge in live:
        if edge[0] == node:
            yield from ([edge, *rest] for rest in _paths_from(edge[1], live))


def _term(operation: str, source: str) -> str:
    if operation == "none" or source == "#":
        return "#"
    return source if operation == "skip_connect" else f"({source})@{operation}"
