"""The interpreter behind zen_closed: runs the moments of many networks through their graphs.

Networks go through their chains of blocks in step. At each position all sources of all networks
that stand at the same height of their block and are made by the same operation are computed
together; the plan for that is made once and used for every block of a stage.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from zenlab.graph import Convolution, Norm, Operation, Pool, Relu
from zenlab.proxies import moments
from zenlab.proxies.expansion import Expander, Expansion, Polynomial, Signal
from zenlab.proxies.lags import lag_pairs, polynomial_operator, strided_operator
from zenlab.proxies.moments import Fields, Floats

Shape = tuple[int, int]
"""Side of the map and number of channels."""

Resizing = tuple[Operation, ...]
_Group = tuple[int, Operation, Resizing]

TERMS = ("fan_in", "growth", "log_difference", "last", "reduction")
_EPSILON = 1e-5


@dataclass(frozen=True)
class Setting:
    """What decides a closed-form score besides the network."""

    lags: int
    gamma: float
    batch_size: int
    log_deviation: Callable[[Floats], Floats]


@dataclass(frozen=True)
class _Gather:
    """Sums sources into the rows of a batch: `direct` by itself, `pooled` under each operator."""

    direct: csr_array
    pooled: tuple[tuple[Polynomial, csr_array], ...]
    mean: csr_array
    single: NDArray[np.bool_]


@dataclass(frozen=True)
class _Batch:
    """Sources of one operation: their inputs, their places, whose and how many they are.

    `resizing` are the operations between the block's input and theirs that change the shape.
    """

    operation: Operation
    resizing: Resizing
    gather: _Gather
    places: slice
    networks: NDArray[np.intp]
    counts: Floats


@dataclass(frozen=True)
class _Plan:
    """How to run one block of every network; place i < networks is the input of network i."""

    places: int
    batches: tuple[_Batch, ...]
    output: _Gather
    resizing: Resizing


def closed_form_terms(
    chains: Sequence[Sequence[Expansion]], shape: Shape, setting: Setting, expander: Expander
) -> dict[str, Floats]:
    """Return the terms of the closed-form Zen-score of each network; their sum is the score.

    Args:
        chains: the blocks of each network; all have as many, and shapes that agree between them.
        shape: side and channels of the images.
        setting: what else decides the score.
        expander: what expanded the blocks.
    """
    terms = {name: np.zeros(len(chains)) for name in TERMS}
    pairs = len(lag_pairs(setting.lags))
    state = moments.white_noise(len(chains), pairs, setting.gamma)
    plans: dict[tuple[int, ...], _Plan] = {}
    for expansions in zip(*chains, strict=True):
        key = tuple(map(id, expansions))
        if key not in plans:
            plans[key] = _plan(expansions, expander)
        state = _run(plans[key], expansions[0].role, shape, state, setting, terms)
        shape = _resized(shape, plans[key].resizing)
    return terms


def _plan(expansions: Sequence[Expansion], expander: Expander) -> _Plan:
    """Put the sources that go together into batches, and give each a place behind the inputs."""
    known = _Known(expander)
    members: dict[_Group, list[tuple[int, int, int]]] = defaultdict(list)
    for network, expansion in enumerate(expansions):
        for number, count in expansion.sources:
            members[known.group(number)].append((network, number, count))
    place = {(network, 0): network for network in range(len(expansions))}
    batches = []
    for group in sorted(members, key=lambda group: group[0]):
        start = len(place)
        batches.append(_batch(group, members[group], place, len(place), expander))
        for offset, (network, number, _) in enumerate(members[group]):
            place[network, number] = start + offset
    outputs = [(network, expansion.output) for network, expansion in enumerate(expansions)]
    ends = [child for _, signal in outputs for child, _ in signal]
    return _Plan(
        len(place),
        tuple(batches),
        _gather_of(outputs, place),
        known.resizing(ends[0]) if ends else (),
    )


class _Known:
    """Where sources belong: their height in a block, and what resizes the map below them."""

    def __init__(self, expander: Expander) -> None:
        self._sources = expander.sources
        self._groups: dict[int, _Group] = {}

    def group(self, number: int) -> _Group:
        """Return height above the block's input, operation, and resizing below it."""
        if number not in self._groups:
            source = self._sources[number]
            children = [child for child, _ in source.signal]
            height = 1 + max((self.group(child)[0] for child in children if child), default=0)
            below = self.resizing(children[0]) if children else ()
            self._groups[number] = height, source.operation, below
        return self._groups[number]

    def resizing(self, number: int) -> Resizing:
        """Return what resizes the map up to a source, its own operation included."""
        if number == 0:
            return ()
        _, operation, below = self.group(number)
        return (*below, operation) if _resizes(operation) else below


def _batch(
    group: _Group,
    members: Sequence[tuple[int, int, int]],
    place: Mapping[tuple[int, int], int],
    start: int,
    expander: Expander,
) -> _Batch:
    _, operation, resizing = group
    signals = [(network, expander.sources[number].signal) for network, number, _ in members]
    return _Batch(
        operation,
        resizing,
        _gather_of(signals, place),
        slice(start, start + len(members)),
        np.array([network for network, _, _ in members]),
        np.array([count for _, _, count in members], dtype=float),
    )


def _gather_of(
    signals: Sequence[tuple[int, Signal]], place: Mapping[tuple[int, int], int]
) -> _Gather:
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
    single = np.array([len(s) == 1 and s[0][1] == (1,) for _, s in signals], dtype=bool)
    return _Gather(direct, pooled, _matrix(means, shape), single)


def _matrix(entries: Sequence[tuple[int, int, float]], shape: tuple[int, int]) -> csr_array:
    rows, places, weights = zip(*entries, strict=True) if entries else ((), (), ())
    return csr_array((np.array(weights, dtype=float), (rows, places)), shape=shape)


def _resizes(operation: Operation) -> bool:
    match operation:
        case Convolution(width=width, stride=stride):
            return width is not None or stride > 1
        case Pool():
            return True
    return False


def _resized(shape: Shape, resizing: Resizing) -> Shape:
    size, width = shape
    for operation in resizing:
        if isinstance(operation, Convolution):
            size = (size - 1) // operation.stride + 1
            width = operation.width or width
        elif isinstance(operation, Pool):
            size = (size + 2 * operation.padding - operation.kernel) // operation.stride + 1
    return size, width


def _run(
    plan: _Plan, role: str, shape: Shape, state: Fields, setting: Setting, terms: dict[str, Floats]
) -> Fields:
    networks, _, pairs = state.moments.shape
    fields = Fields(np.empty((plan.places, 2, pairs)), np.empty(plan.places), np.empty(plan.places))
    _put(fields, slice(0, networks), state)
    for batch in plan.batches:
        here = _resized(shape, batch.resizing)
        entering = _gather(fields, batch.gather, batch.places.start, here[0], setting.lags)
        if role == "last" and isinstance(batch.operation, Relu):
            _difference(batch, here, entering, terms)
        _put(fields, batch.places, _apply(batch, role, here, entering, setting, terms))
    side, _ = _resized(shape, plan.resizing)
    return _gather(fields, plan.output, plan.places, side, setting.lags)


def _put(fields: Fields, places: slice, new: Fields) -> None:
    fields.moments[places], fields.mu[places], fields.q[places] = new.moments, new.mu, new.q


def _gather(fields: Fields, gather: _Gather, filled: int, size: int, lags: int) -> Fields:
    """Sum the sources of each signal; what isn't one single source is its own `q`."""
    pairs = fields.moments.shape[2]
    flat = fields.moments[:filled].reshape(filled, 2 * pairs)
    total = (gather.direct @ flat).reshape(-1, 2, pairs)
    for polynomial, matrix in gather.pooled:
        rows = np.flatnonzero(np.diff(matrix.indptr))
        part = (matrix[rows] @ flat).reshape(-1, 2, pairs)
        total[rows] += part @ polynomial_operator(polynomial, size, lags).T
    q = np.where(gather.single, gather.mean @ fields.q[:filled], total[:, 0, 0])
    return Fields(total, gather.mean @ fields.mu[:filled], q)


def _apply(
    batch: _Batch,
    role: str,
    shape: Shape,
    entering: Fields,
    setting: Setting,
    terms: dict[str, Floats],
) -> Fields:
    size, width = shape
    match batch.operation:
        case Relu():
            return moments.relu(entering)
        case Convolution():
            return moments.convolve(entering, batch.operation, size, width, setting.lags)
        case Pool(kernel, stride, padding):
            operator = strided_operator(kernel, stride, padding, size, setting.lags)
            return moments.transform(entering, operator)
        case Norm():
            samples = setting.batch_size * size * size
            variance = entering.K[:, 0] * samples / (samples - 1)
            _deviation(batch, role, variance, entering.q, setting, terms)
            return moments.normalise(entering, variance, _EPSILON)
    raise ValueError(f"zen_closed has no rule for {batch.operation}")


def _deviation(
    batch: _Batch,
    role: str,
    variance: Floats,
    q: Floats,
    setting: Setting,
    terms: dict[str, Floats],
) -> None:
    """Add the log deviations of a batch norm to the terms; growth is what a unit input lacks."""
    whole = batch.counts * setting.log_deviation(variance)
    if role in terms:
        np.add.at(terms[role], batch.networks, whole)
        return
    unit = np.divide(variance, q, out=variance.copy(), where=q > 0)
    fan_in = batch.counts * setting.log_deviation(unit)
    np.add.at(terms["fan_in"], batch.networks, fan_in)
    np.add.at(terms["growth"], batch.networks, whole - fan_in)


def _difference(batch: _Batch, shape: Shape, entering: Fields, terms: dict[str, Floats]) -> None:
    size, width = shape
    with np.errstate(divide="ignore"):
        terms["log_difference"][batch.networks] = np.log(
            width * size * size * moments.mean_difference(entering)
        )
