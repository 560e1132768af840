"""Matrices of rank correlations between several columns, over many resamples at once.

A resample is told by how many times it holds each row, `times` (draws, n). Few rows are compared
pair by pair, for all draws in one product of matrices; many are sorted, one draw after the other.
"""

from collections.abc import Sequence
from itertools import combinations, combinations_with_replacement
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zenlab.analysis.correlation import kendall
from zenlab.analysis.ranked import Floats, Ranked, rank

Columns = NDArray[np.intp]
"""Ranks (columns, n): order and ties of the values; 0 is the lowest, without gaps."""

Times = NDArray[np.unsignedinteger[Any]]
"""How many times a resample holds each row, (draws, n)."""

_FEW = 600  # from here on sorting is quicker; below 4,096 sums of signs are exact in float32
_CELLS = 1 << 18  # numbers in one array of the work for several draws: fits in the cache


def columns_of(values: Sequence[ArrayLike] | Columns) -> Columns:
    """Rank each column (n,); minus infinities are tied in the last place."""
    return np.array([np.unique(column, return_inverse=True)[1] for column in values])


def draw_times(
    count: int, draws: int, rng: np.random.Generator, groups: ArrayLike | None = None
) -> Times:
    """Return the times of the rows themselves, each once, and below those of `draws` resamples.

    A resample draws as many rows with replacement (Efron, Annals of Statistics 1979). Rows of equal
    number in `groups` (n,) aren't independent, and are drawn together: as many groups as there are.
    """
    numbers = np.arange(count) if groups is None else _numbered(groups)
    size = int(numbers.max()) + 1
    times = np.ones((1 + draws, count), dtype=np.uint16)
    for own in times[1:]:
        own[:] = np.bincount(rng.integers(size, size=size), minlength=size)[numbers]
    return times


def _numbered(groups: ArrayLike) -> NDArray[np.intp]:
    """Number groups from 0 without gaps."""
    return np.unique(groups, return_inverse=True)[1]


def kendall_matrices(columns: Columns, times: Times) -> Floats:
    """Return Kendall's tau-b of every two columns, (draws, columns, columns); nan if one is tied.

    Tau-b is the cosine of two columns' signs over all pairs of rows, so these are correlation
    matrices as others are: symmetric, without negative eigenvalues.
    """
    taus = _by_pairs(columns, times) if len(columns.T) <= _FEW else _by_sorting(columns, times)
    return _with_ones(taus)


def spearman_matrices(columns: Columns, times: Times) -> Floats:
    """Return Spearman's rho of every two columns, (draws, columns, columns); nan if one is tied."""
    portions = np.array_split(times, -(-times.size // _CELLS))
    return _with_ones(np.concatenate([_by_mid_ranks(columns, portion) for portion in portions]))


def _by_pairs(columns: Columns, times: Times) -> Floats:
    """By einsum, not `@`: BLAS would start threads, which wait for each other on busy cores."""
    signs = np.sign(columns[:, :, None] - columns[:, None, :]).astype(np.float32)
    weights = times.astype(np.float32)
    sums = np.empty((len(times), len(columns), len(columns)))
    for i, j in combinations_with_replacement(range(len(columns)), 2):
        half = np.einsum("dn,nm->dm", weights, signs[i] * signs[j])
        sums[:, i, j] = sums[:, j, i] = np.einsum("dm,dm->d", half, weights, dtype=float)
    return _cosines(sums)


def _by_sorting(columns: Columns, times: Times) -> Floats:
    taus = np.empty((len(times), len(columns), len(columns)))
    for i, j in combinations(range(len(columns)), 2):
        order = np.lexsort((columns[j], columns[i]))
        rows = rank(columns[i, order].astype(float), columns[j, order].astype(float))
        taus[:, i, j] = taus[:, j, i] = [kendall(_repeat(rows, own[order])) for own in times]
    return taus


def _repeat(rows: Ranked, times: Times) -> Ranked:
    return rows.take(np.repeat(np.arange(len(rows)), times))


def _by_mid_ranks(columns: Columns, times: Times) -> Floats:
    weights = times.astype(float)
    ranks = np.array([_mid_ranks(column, weights) for column in columns])  # (columns, draws, n)
    sizes = np.maximum(weights.sum(1), 1)  # of a part of the rows there may be none
    ranks -= (np.einsum("idn,dn->id", ranks, weights) / sizes)[:, :, None]
    return _cosines(np.einsum("idn,jdn->dij", ranks * weights, ranks))


def _mid_ranks(column: NDArray[np.intp], times: Floats) -> Floats:
    """Twice the mid-ranks of the rows within each resample, (draws, n), plus a constant."""
    order = np.argsort(column, kind="stable")
    firsts = np.flatnonzero(np.diff(column[order], prepend=-1))
    sizes = times.take(order, axis=1)
    if len(firsts) < len(order):  # there are groups of tied rows
        sizes = np.add.reduceat(sizes, firsts, axis=1)
    middles: Floats = 2 * np.cumsum(sizes, axis=1) - sizes
    return middles.take(column, axis=1)


def _cosines(products: Floats) -> Floats:
    """Scale inner products (draws, k, k) by the lengths on their diagonals."""
    squares = np.diagonal(products, axis1=1, axis2=2)
    lengths = np.sqrt(np.where(squares > 0, squares, np.nan))
    cosines: Floats = np.clip(products / lengths[:, :, None] / lengths[:, None, :], -1, 1)
    return cosines


def _with_ones(matrices: Floats) -> Floats:
    matrices[:, range(matrices.shape[1]), range(matrices.shape[1])] = 1
    return matrices
