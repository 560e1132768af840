"""Rules of the closed-form Zen-score: what an operation does to the moments of random fields.

Fields hold, for each of their rows, the mean `mu`, the covariance by lag `K`, and the gap `G`: K
minus the covariance between clean and perturbed input. The first pair is lag 0. All rows share the
side of the map and the number of channels; all numbers are float64, for G is a small part of K.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from zenlab.graphs.graph import Convolution
from zenlab.proxies.lags import lag_pairs

Floats = NDArray[np.float64]
_TAU = 2 * np.pi


@dataclass
class Fields:
    """Moments of some random fields: (rows, 2, pairs), K before G; mu (rows,).

    A zero field has zero moments.
    """

    moments: Floats
    mu: Floats

    @property
    def K(self) -> Floats:  # noqa: N802
        """The covariance by lag, (rows, pairs)."""
        return self.moments[:, 0]

    @property
    def G(self) -> Floats:  # noqa: N802
        """The gap by lag, (rows, pairs)."""
        return self.moments[:, 1]


def white_noise(rows: int, pairs: int, gamma: float) -> Fields:
    """Return the moments of the input x ~ N(0, 1) and x + gamma e, the copy at unit variance."""
    fields = Fields(np.zeros((rows, 2, pairs)), np.zeros(rows))
    fields.K[:, 0] = 1
    fields.G[:, 0] = 1 - 1 / np.sqrt(1 + gamma**2)
    return fields


def relu(fields: Fields) -> Fields:
    """Rectify Gaussian fields (the arc-cosine kernel of Cho and Saul, 2009).

    Raises:
        ValueError: fields have a mean, and more than lag 0 is kept.
    """
    if fields.mu.any():
        return _relu_of_mean(fields)
    variance = fields.K[:, 0].copy()
    safe = np.where(variance > 0, variance, 1.0)[:, None]
    correlations = np.empty_like(fields.moments)  # clean with clean, clean with perturbed
    np.divide(fields.K, safe, out=correlations[:, 0])
    np.divide(fields.K - fields.G, safe, out=correlations[:, 1])
    kernels = kappa(np.clip(correlations, -1.0, 1.0, out=correlations))
    gap = kernels[:, 1]
    np.subtract(kernels[:, 0], gap, out=gap)
    gap[:, 0] = kappa_gap(fields.G[:, 0] / safe[:, 0])
    kernels *= variance[:, None, None]
    return Fields(kernels, np.sqrt(variance / _TAU))


def convolve(fields: Fields, operation: Convolution, size: int, width: int, lags: int) -> Fields:
    """Convolve with N(0, 1) weights; a mean becomes variance at the border, where taps fall out."""
    taps = taps_of(operation.kernel, operation.stride, size, lags)
    fan = width / operation.groups
    convolved = Fields(
        _strided(fields.moments, taps.source) * (fan * taps.inside),
        np.zeros_like(fields.mu),
    )
    if fields.mu.any():
        convolved.K[:] += fields.mu[:, None] ** 2 * (fan * taps.pattern)
    return convolved


def normalise(fields: Fields, variance: Floats, epsilon: float) -> Fields:
    """Divide by the batch variance, (rows,)."""
    scale = 1 / (variance + epsilon)
    return Fields(fields.moments * scale[:, None, None], np.zeros_like(variance))


def transform(fields: Fields, operator: Floats) -> Fields:
    """Apply a linear operator on lags, (pairs, pairs), whose weights on the mean add up to 1."""
    return Fields(fields.moments @ operator.T, fields.mu)


def mean_difference(fields: Fields, *, rectified: bool) -> Floats:
    """Return E|relu(u) - relu(u')| for Gaussian u, or E|u - u'| if not `rectified`, (rows,)."""
    difference: Floats = np.sqrt(fields.G[:, 0] / np.pi)
    if not rectified:
        return 2 * difference
    if fields.mu.any():
        return _difference_of_mean(fields)
    return difference


def _relu_of_mean(fields: Fields) -> Fields:
    """Rectify fields with a mean, such as sums behind a rectified link; only lag 0 is known."""
    if fields.moments.shape[2] > 1:
        raise ValueError(
            "zen_closed has no rule for networks that pool and also rectify sums of rectified maps"
        )
    deviation, ratio, angle = _of_mean(fields)
    density = np.exp(-(ratio**2) / 2) / np.sqrt(_TAU)
    share = ndtr(ratio)
    mu, variance = fields.mu, deviation**2
    mean = mu * share + deviation * density
    second = (mu**2 + variance) * share + mu * deviation * density
    s, weights = _nodes(angle)
    lost = 2 * np.sin((angle[:, None] + s) / 2) * np.sin((angle[:, None] - s) / 2)
    lost *= np.exp(-(ratio[:, None] ** 2) / (1 + np.cos(s)))
    gap = variance * (share * (1 - np.cos(angle)) - (weights * lost).sum(1) / _TAU)
    return Fields(np.stack([second - mean**2, gap], axis=1)[:, :, None], mean)


def _difference_of_mean(fields: Fields) -> Floats:
    deviation, ratio, angle = _of_mean(fields)
    s, weights = _nodes(angle)
    half = 1 + np.cos(s)
    heights = np.sqrt(np.pi * half) * ndtr(ratio[:, None] * np.sqrt(2 / half))
    difference: Floats = deviation / np.pi * (weights * heights).sum(1)
    return difference


def _of_mean(fields: Fields) -> tuple[Floats, Floats, Floats]:
    """Deviation, mean in deviations, and the angle whose cosine is the correlation, (rows,)."""
    variance, gap = fields.K[:, 0], fields.G[:, 0]
    safe = np.where(variance > 0, variance, 1.0)
    angle = 2 * np.arcsin(np.sqrt(np.clip(gap / safe, 0.0, 2.0) / 2))
    return np.sqrt(variance), fields.mu / np.sqrt(safe), angle


def _nodes(angle: Floats) -> tuple[Floats, Floats]:
    """Nodes and weights of Gauss and Legendre from 0 to each angle, (rows, nodes)."""
    nodes, weights = np.polynomial.legendre.leggauss(12)
    half = angle[:, None] / 2
    return half * (1 + nodes), half * weights


def kappa(r: Floats) -> Floats:
    """Covariance of two rectified unit Gaussians of correlation r."""
    kernel: Floats = (np.sqrt(1 - r * r) + r * (np.pi - np.arccos(r)) - 1) / _TAU
    return kernel


def kappa_gap(gap: Floats) -> Floats:
    """Return kappa(1) - kappa(1 - gap) without cancellation."""
    angle = 2 * np.arcsin(np.sqrt(np.clip(gap, 0.0, 2.0) / 2))
    lost: Floats = gap / 2 - (np.sin(angle) - angle * np.cos(angle)) / _TAU
    return lost


@dataclass(frozen=True)
class Taps:
    """How zero padding thins a convolution: by lag pair, and where lags come from in its input."""

    inside: Floats
    pattern: Floats
    source: NDArray[np.intp]


@lru_cache(maxsize=256)
def taps_of(kernel: int, stride: int, size: int, lags: int) -> Taps:
    """Return the taps of a convolution over a map of side `size`."""
    padding = (kernel - 1) // 2
    outputs = (size + 2 * padding - kernel) // stride + 1
    positions = np.arange(outputs) * stride + np.arange(kernel)[:, None] - padding
    inside = ((positions >= 0) & (positions < size)).astype(float)  # (taps, outputs)
    mean = inside.mean(1)
    both, first, second = (np.zeros((kernel, lags)) for _ in range(3))
    for d in range(min(lags, outputs)):
        near, far = inside[:, : outputs - d], inside[:, d:]
        both[:, d], first[:, d], second[:, d] = (near * far).mean(1), near.mean(1), far.mean(1)
    dx, dy = lag_pairs(lags).T
    product = both.sum(0)[dx] * both.sum(0)[dy]
    means = np.outer(mean, mean).ravel()
    around = means @ (_outer(first, dx, dy) + _outer(second, dx, dy))
    kept = (dx < outputs) & (dy < outputs)
    pattern = np.where(kept, product - around + (means**2).sum(), 0.0)
    return Taps(product, pattern, _strided_source(stride, lags))


def _outer(profile: Floats, dx: NDArray[np.intp], dy: NDArray[np.intp]) -> Floats:
    """Products of two taps' profiles by lag pair, (taps * taps, pairs)."""
    return (profile[:, None, dx] * profile[None, :, dy]).reshape(-1, len(dx))


def _strided_source(stride: int, lags: int) -> NDArray[np.intp]:
    """The pair from which each lag pair is read under a stride; -1 where it isn't kept."""
    places = {tuple(pair): place for place, pair in enumerate(lag_pairs(lags))}
    return np.array([places.get((stride * dx, stride * dy), -1) for dx, dy in lag_pairs(lags)])


def _strided(moments: Floats, source: NDArray[np.intp]) -> Floats:
    if source[-1] == len(source) - 1:
        return moments
    return np.where(source >= 0, moments[..., source], 0.0)
