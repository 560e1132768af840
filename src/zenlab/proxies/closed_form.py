"""The interpreter behind zen_closed: runs the moments of many networks through their graphs.

Networks go through their chains of blocks in step; `block_plan` says what is computed together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from zenlab.graphs.graph import Convolution, Norm, Operation, Pool, Relu
from zenlab.proxies import moments
from zenlab.proxies.block_plan import Batch, Gather, Plan, make_plan
from zenlab.proxies.expansion import Expander, Expansion
from zenlab.proxies.lags import lag_pairs, polynomial_operator, strided_operator
from zenlab.proxies.moments import Fields, Floats
from zenlab.proxies.shapes import Shape, resized, resizing_of

TERMS = ("fan_in", "growth", "log_difference", "last", "reduction")


@dataclass(frozen=True)
class Setting:
    """What decides a closed-form score besides the network.

    `log_deviation` takes batch variances, (rows,), and the running variance that a batch norm
    begins with to the log of the deviation that it shows.
    """

    lags: int
    gamma: float
    batch_size: int
    log_deviation: Callable[[Floats, float], Floats]
    growth_cap: float | None = None


def closed_form_terms(
    chains: Sequence[Sequence[Expansion]],
    shape: Shape,
    setting: Setting,
    expander: Expander,
    *,
    rectified: bool,
) -> dict[str, Floats]:
    """Return the terms of the closed-form Zen-score of each network; their sum is the score.

    Args:
        chains: the blocks of each network; all have as many, and shapes that agree between them.
        shape: side and channels of the images.
        setting: what else decides the score.
        expander: what expanded the blocks.
        rectified: whether features are what the blocks give, rectified.
    """
    terms = {name: np.zeros(len(chains)) for name in TERMS}
    pairs = len(lag_pairs(setting.lags))
    state = moments.white_noise(len(chains), pairs, setting.gamma)
    plans: dict[tuple[int, ...], Plan] = {}
    for expansions in zip(*chains, strict=True):
        key = tuple(map(id, expansions))
        if key not in plans:
            plans[key] = make_plan(expansions, expander)
        state = _run(plans[key], expansions[0].role, shape, state, setting, terms)
        shape = resized(shape, plans[key].resizing)
    size, width = shape
    difference = moments.mean_difference(state, rectified=rectified)
    with np.errstate(divide="ignore"):
        terms["log_difference"] = np.log(width * size * size * difference)
    return terms


def _run(
    plan: Plan, role: str, shape: Shape, state: Fields, setting: Setting, terms: dict[str, Floats]
) -> Fields:
    networks, _, pairs = state.moments.shape
    fields = Fields(np.empty((plan.places, 2, pairs)), np.empty(plan.places))
    _put(fields, slice(0, networks), state)
    rectified = bool(state.mu.any())
    for batch in plan.batches:
        here = resized(shape, batch.resizing)
        entering = _gather(fields, batch.gather, batch.places.start, here[0], setting.lags)
        if isinstance(batch.operation, Norm):
            _deviation(batch, role, shape, entering, setting, terms, rectified=rectified)
        _put(fields, batch.places, _apply(batch.operation, here, entering, setting))
    side, _ = resized(shape, plan.resizing)
    return _gather(fields, plan.output, plan.places, side, setting.lags)


def _put(fields: Fields, places: slice, new: Fields) -> None:
    fields.moments[places], fields.mu[places] = new.moments, new.mu


def _gather(fields: Fields, gather: Gather, filled: int, size: int, lags: int) -> Fields:
    """Sum the sources of each signal."""
    pairs = fields.moments.shape[2]
    flat = fields.moments[:filled].reshape(filled, 2 * pairs)
    total = (gather.direct @ flat).reshape(-1, 2, pairs)
    for polynomial, matrix in gather.pooled:
        rows = np.flatnonzero(np.diff(matrix.indptr))
        part = (matrix[rows] @ flat).reshape(-1, 2, pairs)
        total[rows] += part @ polynomial_operator(polynomial, size, lags).T
    return Fields(total, gather.mean @ fields.mu[:filled])


def _apply(operation: Operation, shape: Shape, entering: Fields, setting: Setting) -> Fields:
    size, width = shape
    match operation:
        case Relu():
            return moments.relu(entering)
        case Convolution():
            return moments.convolve(entering, operation, size, width, setting.lags)
        case Pool(kernel, stride, padding):
            operator = strided_operator(kernel, stride, padding, size, setting.lags)
            return moments.transform(entering, operator)
        case Norm(epsilon):
            return moments.normalise(entering, _unbiased(entering.K[:, 0], size, setting), epsilon)
    raise ValueError(f"zen_closed has no rule for {operation}")


def _unbiased(variance: Floats, size: int, setting: Setting) -> Floats:
    samples = setting.batch_size * size * size
    return variance * samples / (samples - 1)


def _deviation(
    batch: Batch,
    role: str,
    shape: Shape,
    entering: Fields,
    setting: Setting,
    terms: dict[str, Floats],
    *,
    rectified: bool,
) -> None:
    """Add the log deviations of a batch norm to the terms; `rectified` tells of the block's input.

    `fan_in` is what the batch norm adds where one unit of variance enters the ReLU before it, its
    running variance taken without the part that it begins with; `growth` is the rest.
    """
    size, _ = resized(shape, batch.resizing)
    origin = batch.resizing[: len(batch.resizing) - len(resizing_of(batch.response))]
    response = batch.response
    if rectified and not (response and isinstance(response[0], Relu)):
        response = (Relu(), *response)  # the last one of the block before
    unit = np.array([_unit_variance(response, resized(shape, origin), setting.lags)])
    fan_in = setting.log_deviation(_unbiased(unit, size, setting), 0.0)
    growth = setting.log_deviation(_unbiased(entering.K[:, 0], size, setting), 1.0) - fan_in
    if setting.growth_cap is not None:
        growth = np.minimum(growth, setting.growth_cap)
    own = role in terms
    np.add.at(terms[role if own else "fan_in"], batch.networks, batch.counts * fan_in)
    np.add.at(terms[role if own else "growth"], batch.networks, batch.counts * growth)


@lru_cache(maxsize=1024)
def _unit_variance(response: tuple[Operation, ...], shape: Shape, lags: int) -> float:
    """The variance that a field of unit variance has after some operations."""
    field = moments.white_noise(1, len(lag_pairs(lags)), gamma=0.0)
    for operation in response:
        match operation:
            case Relu():
                field = moments.relu(field)
            case Convolution():
                field = moments.convolve(field, operation, *shape, lags)
        shape = resized(shape, (operation,))
    return float(field.K[0, 0])
