"""Sizes of networks around a NAS-Bench-201 cell in closed form, for any width of each stage.

At widths C, 2C, 4C the figures are the benchmark's own (Dong and Yang, ICLR 2020).
"""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from zenlab.spaces.nb201.cell import Cell


def sizes_of(
    cell: Cell,
    widths: Sequence[int],
    *,
    N: int,  # noqa: N803
    channels: int,
    image_size: int,
    classes: int,
) -> dict[str, float]:
    """Return `params`, and `macs` and `flops` for one image, of a network of N cells per stage.

    `flops` adds to `macs` what the benchmark's counter counts of batch norm, ReLU and pooling.
    """
    counts = Counter(cell)
    macs = _macs(counts, widths, N, channels, image_size, classes)
    return {
        "params": float(_params(counts, widths, N, channels, classes)),
        "macs": float(macs),
        "flops": float(macs + _other_flops(counts, widths, N, image_size)),
    }


def _params(
    counts: Counter[str],
    widths: Sequence[int],
    N: int,  # noqa: N803
    channels: int,
    classes: int,
) -> int:
    """Weights and biases, batch norm scale and shift included."""
    stem = 9 * channels * widths[0] + 2 * widths[0]
    cells = 0
    for width in widths:
        conv1x1 = width * width + 2 * width
        conv3x3 = 9 * width * width + 2 * width
        cells += counts["nor_conv_1x1"] * conv1x1 + counts["nor_conv_3x3"] * conv3x3
    reductions = sum(_reduction_weights(*pair) + 4 * pair[1] for pair in pairwise(widths))
    head = 2 * widths[-1] + (widths[-1] + 1) * classes
    return stem + N * cells + reductions + head


def _macs(
    counts: Counter[str],
    widths: Sequence[int],
    N: int,  # noqa: N803
    channels: int,
    image_size: int,
    classes: int,
) -> int:
    """Multiply-adds of convolutions and of the classifier (its bias not counted)."""
    weights = counts["nor_conv_1x1"] + 9 * counts["nor_conv_3x3"]
    pixels = _pixels(image_size, len(widths))
    cells = sum(weights * w * w * p for w, p in zip(widths, pixels, strict=True))
    reductions = sum(
        _reduction_weights(*pair) * p for pair, p in zip(pairwise(widths), pixels[1:], strict=True)
    )
    stem = 9 * channels * widths[0] * pixels[0]
    return stem + N * cells + reductions + widths[-1] * classes


def _other_flops(
    counts: Counter[str],
    widths: Sequence[int],
    N: int,  # noqa: N803
    image_size: int,
) -> int:
    """What the benchmark's counter adds to the multiply-adds, per element of a map.

    Batch norm 2, ReLU 1 (at the size of its input), pooling the window's cells; the global
    pooling of a map of side s counts (s + 1)^2 for each channel.
    """
    convolutions = counts["nor_conv_1x1"] + counts["nor_conv_3x3"]
    maps = [w * p for w, p in zip(widths, _pixels(image_size, len(widths)), strict=True)]
    cells = (3 * convolutions + 9 * counts["avg_pool_3x3"]) * sum(maps)
    # ReLU of the incoming map, its 2x2 pooling (4 for each of a quarter of its pixels), then
    # another ReLU and two batch norms
    reductions = sum(2 * before + 5 * after for before, after in pairwise(maps))
    head = 3 * maps[-1] + widths[-1] * (_sides(image_size, len(widths))[-1] + 1) ** 2
    return 2 * maps[0] + N * cells + reductions + head


def _reduction_weights(width_in: int, width_out: int) -> int:
    """Weights of a reduction: two 3x3 convolutions, and the 1x1 one of the shortcut."""
    return 9 * width_in * width_out + 9 * width_out * width_out + width_in * width_out


def _pixels(image_size: int, stages: int) -> list[int]:
    return [side * side for side in _sides(image_size, stages)]


def _sides(image_size: int, stages: int) -> list[int]:
    return [image_size >> stage for stage in range(stages)]
