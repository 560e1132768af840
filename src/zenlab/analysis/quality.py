"""How well scores rank architectures by accuracy, with intervals, ready for JSON.

What is undefined is None with a `reason` beside it; docs/statistics.md describes every key.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zenlab.analysis.intervals import correlations
from zenlab.analysis.outcomes import outcomes
from zenlab.analysis.ranked import Ranked, rank


def populations(
    scores: ArrayLike,
    accuracies: ArrayLike,
    masks: Mapping[str, NDArray[np.bool_]],
    *,
    stderr: ArrayLike | None = None,
    complete: bool,
    noisy: bool,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, dict[str, Any]]:
    """Judge a proxy on `all` rows and on the rows of each mask (n,); see `rank_quality`.

    Each population has random numbers of its own, so that none depends on which others are asked.
    """
    scores, accuracies = np.asarray(scores), np.asarray(accuracies)
    errors = np.full(len(scores), np.nan) if stderr is None else np.asarray(stderr)
    named = {"all": np.full(len(scores), True), **masks}
    return {
        name: rank_quality(
            scores[mask],
            accuracies[mask],
            stderr=errors[mask],
            complete=complete,
            noisy=noisy,
            draws=draws,
            rng=own,
        )
        for (name, mask), own in zip(named.items(), rng.spawn(len(named)), strict=True)
    }


def rank_quality(
    scores: ArrayLike,
    accuracies: ArrayLike,
    *,
    stderr: ArrayLike | None = None,
    complete: bool,
    noisy: bool,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Judge a proxy on one population; the order of the rows makes no difference.

    Args:
        scores: (n,), higher is better; minus infinities tie in the last place.
        accuracies: (n,), in percent.
        stderr: (n,), the standard error of each score over seeds, nan where unknown.
        complete: the rows are the whole population, not a uniform sample of it.
        noisy: the proxy is random, so that other seeds would give other scores.
        draws: the number of resamples and of halves; below 40 the bounds are too narrow for 95 %.
        rng: decides the draws.

    Raises:
        ValueError: the arrays don't fit together or hold what has no rank; `draws` is below 2.
    """
    if draws < 2:
        raise ValueError(f"analysis.draws is {draws}; wanted at least 2, better 1,000")
    rows = _check(scores, accuracies, stderr)
    for_intervals, for_halves = rng.spawn(2)
    return {
        "n": len(rows),
        "minus_infinite": int(np.isneginf(rows.scores).sum()),
        "draws": draws,
        **correlations(rows, complete=complete, noisy=noisy, draws=draws, rng=for_intervals),
        **outcomes(rows, draws=draws, rng=for_halves),
    }


def _check(scores: ArrayLike, accuracies: ArrayLike, stderr: ArrayLike | None) -> Ranked:
    values = np.asarray(scores, np.float64)
    measured = np.asarray(accuracies, np.float64)
    errors = np.full(values.shape, np.nan) if stderr is None else np.asarray(stderr, np.float64)
    if values.ndim != 1 or not values.shape == measured.shape == errors.shape:
        raise ValueError(
            f"scores {values.shape}, accuracies {measured.shape} and stderr {errors.shape} don't "
            f"fit together; wanted three arrays (n,)"
        )
    if np.isnan(values).any() or np.isposinf(values).any():
        raise ValueError("scores hold nan or plus infinity; leave out the rows that failed")
    if not np.isfinite(measured).all():
        raise ValueError("accuracies hold nan or infinity; leave out the rows without accuracy")
    if (errors < 0).any() or np.isinf(errors).any():
        raise ValueError("stderr holds a negative or infinite number; wanted nan where unknown")
    return rank(values, measured, errors)
