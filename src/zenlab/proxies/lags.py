"""Covariance by lag: how linear operators on a map change it, averaged over positions.

A lag (dx, dy) is the distance of two pixels; what is kept of a covariance K is its mean over all
pairs of pixels at a lag, for 0 <= dy <= dx < `lags` (signs and order make no difference), as a
vector (pairs,). Operators act on rows and columns alike, so each is one matrix for one dimension.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Polynomial = tuple[float, ...]
"""Coefficients a0, a1, ... of a0 + a1 P + a2 P^2 + ..., P being 3x3 average pooling."""


def lag_pairs(lags: int) -> NDArray[np.intp]:
    """Return the lags kept, (pairs, 2), first (0, 0); dx >= dy >= 0."""
    return np.array([(dx, dy) for dx in range(lags) for dy in range(dx + 1)])


def pooling(size: int, kernel: int, stride: int, padding: int) -> Floats:
    """Return average pooling of `size` pixels as a matrix (out, size); padding isn't counted."""
    starts = np.arange(0, size + 2 * padding - kernel + 1, stride) - padding
    pixels = np.arange(size)
    inside = (pixels >= starts[:, None]) & (pixels < starts[:, None] + kernel)
    averages: Floats = inside / inside.sum(1, keepdims=True)
    return averages


def transfer(one: Floats, other: Floats, lags: int) -> Floats:
    """Return the matrix that takes a covariance by lag to that of `one` x and `other` x.

    Both are operators (out, in) in one dimension; entry [d, e] is the mean, over outputs p and
    p + d, of the weight that they give to pairs of inputs at distance e.
    """
    out, size = one.shape
    matrix = np.zeros((lags, lags))
    for d in range(min(lags, out)):
        weights = one[: out - d].T @ other[d:] / (out - d)
        for e in range(min(lags, size)):
            matrix[d, e] = np.trace(weights, e) + (np.trace(weights, -e) if e else 0.0)
    return matrix


def in_two_dimensions(matrices: list[tuple[float, Floats]], lags: int) -> Floats:
    """Return the sum of weight * (matrix x matrix) on the lags kept, (pairs, pairs)."""
    pairs = lag_pairs(lags)
    rows, columns = pairs[:, None, :], pairs[None, :, :]
    total = np.zeros((len(pairs), len(pairs)))
    for weight, matrix in matrices:
        straight = matrix[rows[..., 0], columns[..., 0]] * matrix[rows[..., 1], columns[..., 1]]
        crossed = matrix[rows[..., 0], columns[..., 1]] * matrix[rows[..., 1], columns[..., 0]]
        total += weight * np.where(columns[..., 0] == columns[..., 1], straight, straight + crossed)
    return total


@lru_cache(maxsize=4096)
def polynomial_operator(polynomial: Polynomial, size: int, lags: int) -> Floats:
    """Return how a polynomial in 3x3 pooling on maps of side `size` acts on K, (pairs, pairs)."""
    terms = [
        (a * b, _power_transfer(j, k, size, lags))
        for j, a in enumerate(polynomial)
        for k, b in enumerate(polynomial)
        if a and b
    ]
    return in_two_dimensions(terms, lags)


@lru_cache(maxsize=512)
def strided_operator(kernel: int, stride: int, padding: int, size: int, lags: int) -> Floats:
    """Return how pooling with a stride acts on K, (pairs, pairs)."""
    pool = pooling(size, kernel, stride, padding)
    return in_two_dimensions([(1.0, transfer(pool, pool, lags))], lags)


@lru_cache(maxsize=512)
def _power_transfer(j: int, k: int, size: int, lags: int) -> Floats:
    pool = pooling(size, 3, 1, 1)
    powers = [np.linalg.matrix_power(pool, exponent) for exponent in (j, k)]
    # Outputs p and p - d count as well as p and p + d, so the two orders are averaged.
    return (transfer(powers[0], powers[1], lags) + transfer(powers[1], powers[0], lags)) / 2
