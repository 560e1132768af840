"""Checks of what evidence is made from: named columns of numbers that belong to the same rows."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from zenlab.analysis.ranked import Floats


def require_rows(columns: Mapping[str, ArrayLike]) -> list[Floats]:
    """Return columns (n,) of numbers, where only `scores` may hold minus infinity.

    Raises:
        ValueError: they don't fit together, or one holds what has no rank.
    """
    arrays = {name: np.asarray(column, float) for name, column in columns.items()}
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        came = ", ".join(f"{name} {array.shape}" for name, array in arrays.items())
        raise ValueError(f"{came} don't fit together; wanted arrays (n,) of one length")
    if not len(next(iter(arrays.values()))):
        raise ValueError(f"{', '.join(arrays)} hold no row; wanted at least one")
    for name, array in arrays.items():
        bad = ~(np.isfinite(array) | (np.isneginf(array) if name == "scores" else False))
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise ValueError(
                f"{name} holds {array[row]} in row {row}; leave out the rows that have no value"
            )
    return list(arrays.values())


def require_draws(draws: int) -> None:
    """See that there are enough resamples for a standard error.

    Raises:
        ValueError: fewer than 2.
    """
    if draws < 2:
        raise ValueError(f"analysis.draws is {draws}; wanted at least 2, better 400")
