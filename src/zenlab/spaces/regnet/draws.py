"""How the parameters of a RegNet are drawn: as the authors' program does by default."""

import math
from typing import NamedTuple

import numpy as np

from zenlab.spaces.regnet.design import Design


class Ranges(NamedTuple):
    """Between which values parameters are drawn, both included; `w0` and `wa` from 8."""

    min_depth: int
    max_depth: int
    max_w0: int
    max_wa: int
    min_group_width: int
    max_group_width: int


def draw(ranges: Ranges, rng: np.random.Generator, *, squeezed: bool) -> Design:
    """Draw all parameters, each by itself; the bottleneck ratio is 1."""
    return Design(
        depth=_depth(ranges, rng),
        w0=_w0(ranges, rng),
        wa=_wa(ranges, rng),
        wm=_wm(rng),
        group_width=_group_width(ranges, rng),
        squeezed=squeezed,
    )


def redraw(design: Design, ranges: Ranges, rng: np.random.Generator) -> Design:
    """Draw one parameter anew: depth, `w0`, `wa`, `wm` or the group width."""
    match rng.integers(5):
        case 0:
            return design._replace(depth=_depth(ranges, rng))
        case 1:
            return design._replace(w0=_w0(ranges, rng))
        case 2:
            return design._replace(wa=_wa(ranges, rng))
        case 3:
            return design._replace(wm=_wm(rng))
    return design._replace(group_width=_group_width(ranges, rng))


def powers_of_two(low: int, high: int) -> list[int]:
    """Return the powers of two from `low` to `high`, both included."""
    return [2**power for power in range(high.bit_length()) if low <= 2**power <= high]


def _depth(ranges: Ranges, rng: np.random.Generator) -> int:
    return int(rng.integers(ranges.min_depth, ranges.max_depth + 1))


def _w0(ranges: Ranges, rng: np.random.Generator) -> int:
    return 8 * _log_uniform(rng, 1, ranges.max_w0 // 8)


def _wa(ranges: Ranges, rng: np.random.Generator) -> float:
    return _log_uniform(rng, 80, 10 * ranges.max_wa) / 10


def _wm(rng: np.random.Generator) -> float:
    return _log_uniform(rng, 2_000, 3_000) / 1_000


def _group_width(ranges: Ranges, rng: np.random.Generator) -> int:
    """Draw a power of two; where it is 8 or more, a multiple of 8 takes its place."""
    powers = powers_of_two(ranges.min_group_width, ranges.max_group_width)
    drawn = powers[rng.integers(len(powers))]
    if drawn < 8:
        return drawn
    return 8 * _log_uniform(rng, math.ceil(ranges.min_group_width / 8), ranges.max_group_width // 8)


def _log_uniform(rng: np.random.Generator, low: int, high: int) -> int:
    """Draw from low to high, log-uniform before it is rounded up to a whole number."""
    below = math.log(low - min(1, low / 2))
    drawn = math.ceil(math.exp(rng.uniform(below, math.log(high))))
    return min(max(drawn, low), high)
