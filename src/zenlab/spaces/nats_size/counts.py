"""Sizes of the networks of NATS-Bench's size space in closed form (Dong et al., TPAMI 2021)."""

from collections.abc import Iterator

from zenlab.spaces.nb201.network import Stages

_Layer = tuple[int, int, int]
"""Weights of a convolution, channels of the batch norm behind it (0: none), side of its maps."""


def sizes_of(stages: Stages, *, channels: int, image_size: int, classes: int) -> dict[str, float]:
    """Return `params`, and `macs` and `flops` for one image.

    `flops` as the benchmark counts: multiply-adds and the classifier's biases, nothing else.
    """
    params = macs = 0
    for weights, normalised, side in _layers(stages, channels, image_size):
        params += weights + 2 * normalised
        macs += weights * side * side
    last = stages[-1][-1]
    macs += last * classes
    return {
        "params": float(params + 2 * last + (last + 1) * classes),
        "macs": float(macs),
        "flops": float(macs + classes),
    }


def _layers(stages: Stages, current: int, side: int) -> Iterator[_Layer]:
    for number, (first, *widths) in enumerate(stages):
        if number:
            side //= 2
            yield from _reduction(current, first, side)
        else:
            yield 9 * current * first, first, side
        current = first
        for width in widths:
            yield from _cell(current, width, side)
            current = width


def _cell(width_in: int, width_out: int, side: int) -> Iterator[_Layer]:
    """Five 3x3 convolutions, two of them from the input node, and a skip, free at equal widths."""
    yield 2 * 9 * width_in * width_out, 2 * width_out, side
    yield 3 * 9 * width_out * width_out, 3 * width_out, side
    if width_in != width_out:
        yield width_in * width_out, width_out, side


def _reduction(width_in: int, width_out: int, side: int) -> Iterator[_Layer]:
    yield 9 * width_in * width_out, width_out, side
    yield 9 * width_out * width_out, width_out, side
    yield width_in * width_out, 0, side
