"""The interpreter behind zen_closed: runs the moments of many networks through their graphs.

Networks go through their chains of blocks in step; `block_plan` says what is computed together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from zenlab.graph import Convolution, Norm, Pool, Relu
from zenlab.proxies import moments
from zenlab.proxies.block_plan import Batch, Gather, Plan, Shape, make_plan, resized
from zenlab.proxies.expansion import Expander, Expansion
from zenlab.proxies.lags import lag_pairs, polynomial_operator, strided_operator
from zenlab.proxies.moments import Fields, Floats

TERMS = ("fan_in", "growth", "log_difference", "last", "reduction")
_EPSILON = 1e-5


@dataclass(frozen=True)
class Setting:
    """What decides a closed-form score besides the network."""

    lags: int
    gamma: float
    batch_size: int
    log_deviation: Callable[[Floats], Floats]
    growth_cap: float | None = None


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
    plans: dict[tuple[int, ...], Plan] = {}
    for expansions in zip(*chains, strict=True):
        key = tuple(map(id, expansions))
        if key not in plans:
            plans[key] = make_plan(expansions, expander)
        state = _run(plans[key], expansions[0].role, shape, state, setting, terms)
        shape = resized(shape, plans[key].resizing)
    return terms


def _run(
    plan: Plan, role: str, shape: Shape, state: Fields, setting: Setting, terms: dict[str, Floats]
) -> Fields:
    networks, _, pairs = state.moments.shape
    fields = Fields(np.empty((plan.places, 2, pairs)), np.empty(plan.places), np.empty(plan.places))
    _put(fields, slice(0, networks), state)
    for batch in plan.batches:
        here = resized(shape, batch.resizing)
        entering = _gather(fields, batch.gather, batch.places.start, here[0], setting.lags)
        if role == "last" and isinstance(batch.operation, Relu):
            _difference(batch, here, entering, terms)
        _put(fields, batch.places, _apply(batch, role, here, entering, setting, terms))
    side, _ = resized(shape, plan.resizing)
    return _gather(fields, plan.output, plan.places, side, setting.lags)


def _put(fields: Fields, places: slice, new: Fields) -> None:
    fields.moments[places], fields.mu[places], fields.q[places] = new.moments, new.mu, new.q


def _gather(fields: Fields, gather: Gather, filled: int, size: int, lags: int) -> Fields:
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
    batch: Batch,
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
    batch: Batch,
    role: str,
    variance: Floats,
    q: Floats,
    setting: Setting,
    terms: dict[str, Floats],
) -> None:
    """Add the log deviations of a batch norm to the terms; growth is what a unit input lacks."""
    unit = np.divide(variance, q, out=variance.copy(), where=q > 0)
    fan_in = setting.log_deviation(unit)
    growth = setting.log_deviation(variance) - fan_in
    if setting.growth_cap is not None:
        growth = np.minimum(growth, setting.growth_cap)
    own = role in terms
    np.add.at(terms[role if own else "fan_in"], batch.networks, batch.counts * fan_in)
    np.add.at(terms[role if own else "growth"], batch.networks, batch.counts * growth)


def _difference(batch: Batch, shape: Shape, entering: Fields, terms: dict[str, Floats]) -> None:
    size, width = shape
    with np.errstate(divide="ignore"):
        terms["log_difference"][batch.networks] = np.log(
            width * size * size * moments.mean_difference(entering)
        )
