"""Plans: which sources of which networks are computed together when a block is run.

Sources at the same height of their blocks, made by the same operation on maps resized in the same
way, go into one batch, whatever networks they belong to. A plan depends on the structure of the
blocks alone, so that all blocks of all stages share it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from zenlab.graphs.graph import Operation
from zenlab.graphs.superposition import Polynomial
from zenlab.proxies.expansion import Expander, Expansion, Signal
from zenlab.proxies.moments import Floats
from zenlab.proxies.shapes import Resizing

_Group = tuple[int, Operation, tuple[Operation, ...], Resizing]


@dataclass(frozen=True)
class Gather:
    """Sums sources into the rows of a batch: `direct` by itself, `pooled` under each operator."""

    direct: csr_array
    pooled: tuple[tuple[Polynomial, csr_array], ...]
    mean: csr_array


@dataclass(frozen=True)
class Batch:
    """Sources of one operation: their inputs, their places, whose and how many they are.

    `resizing` are the operations between the block's input and theirs that change the shape, and
    `response` those between the last ReLU and a batch norm.
    """

    operation: Operation
    response: tuple[Operation, ...]
    resizing: Resizing
    gather: Gather
    places: slice
    networks: NDArray[np.intp]
    counts: Floats


@dataclass(frozen=True)
class Plan:
    """How to run one block of every network; place i < networks is the input of network i."""

    places: int
    batches: tuple[Batch, ...]
    output: Gather
    resizing: Resizing


def make_plan(expansions: Sequence[Expansion], expander: Expander) -> Plan:
    """Put the sources that go together into batches, and give each a place behind the inputs.

    Args:
        expansions: the block of each network.
        expander: what expanded them.
    """
    heights = _Heights(expander)
    members: dict[_Group, list[tuple[int, int, int]]] = defaultdict(list)
    for network, expansion in enumerate(expansions):
        for number, count in expansion.sources:
            members[heights.group(number)].append((network, number, count))
    place = {(network, 0): network for network in range(len(expansions))}
    batches = []
    for group in sorted(members, key=lambda group: group[0]):
        start = len(place)
        batches.append(_batch(group, members[group], place, len(place), expander))
        for offset, (network, number, _) in enumerate(members[group]):
            place[network, number] = start + offset
    outputs = [(network, expansion.output) for network, expansion in enumerate(expansions)]
    return Plan(len(place), tuple(batches), _gather_of(outputs, place), expansions[0].resizing)


class _Heights:
    """Which sources go together: those of one height above the block's input, made alike."""

    def __init__(self, expander: Expander) -> None:
        self._sources = expander.sources
        self._groups: dict[int, _Group] = {}

    def group(self, number: int) -> _Group:
        """Return height above the block's input, operation, response, and resizing below it."""
        if number not in self._groups:
            source = self._sources[number]
            children = [child for child, _ in source.signal]
            height = 1 + max((self.group(child)[0] for child in children if child), default=0)
            self._groups[number] = height, source.operation, source.response, source.resizing
        return self._groups[number]


def _batch(
    group: _Group,
    members: Sequence[tuple[int, int, int]],
    place: Mapping[tuple[int, int], int],
    start: int,
    expander: Expander,
) -> Batch:
    _, operation, response, resizing = group
    signals = [(network, expander.sources[number].signal) for network, number, _ in members]
    return Batch(
        operation,
        response,
        resizing,
        _gather_of(signals, place),
        slice(start, start + len(members)),
        np.array([network for network, _, _ in members]),
        np.array([count for _, _, count in members], dtype=float),
    )


def _gather_of(
    signals: Sequence[tuple[int, Signal]], place: Mapping[tuple[int, int], int]
) -> Gather:
    entries: dict[Polynomial, list[tuple[int, int, float]]] = defaultdict(list)
    means: list[tuple[int, int, float]] = []
    for row, (network, signal) in enumerate(signals):
        for child, polynomial in signal:
            found = place[network, child]
            means.append((row, found, float(sum(polynomial))))
            if len(polynomial) == 1:
                entries[()].append((row, found, float(polynomial[0]) ** 2))
            else:
                entries[polynomial].append((row, found, 1.0))
    shape = (len(signals), max(place.values()) + 1)
    direct = _matrix(entries.pop((), []), shape)
    pooled = tuple((polynomial, _matrix(rows, shape)) for polynomial, rows in entries.items())
    return Gather(direct, pooled, _matrix(means, shape))


def _matrix(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    rows, places, weights = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(weights, dtype=float), (rows, places)), shape=shape)
