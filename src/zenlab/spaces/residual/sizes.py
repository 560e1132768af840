"""The size of a residual network, counted from its plan."""

from collections.abc import Iterable
from typing import NamedTuple

from zenlab.graphs.graph import Convolution
from zenlab.spaces.residual.plan import NetworkPlan, width_of


class Sizes(NamedTuple):
    """What a network has and does for one image.

    `params` are weights and biases, batch norm included; `macs` multiply-adds of convolutions and
    classifier; `biases` the additions of their biases; `activations` the numbers that they give.
    """

    params: int = 0
    macs: int = 0
    biases: int = 0
    activations: int = 0


def residual_sizes(plan: NetworkPlan, image_size: int) -> Sizes:
    """Count a network for images of `image_size` x `image_size` pixels."""
    found, side = _convolutions((plan.stem,), plan.channels, image_size)
    counts = [(1, found), (1, _linear(plan.width, plan.classes))]
    for block in plan.blocks:
        found, after = _convolutions(block.convolutions, block.width_in, side)
        counts.append((block.times, found))
        if block.projection is not None:
            found, _ = _convolutions((block.projection,), block.width_in, side)
            counts.append((block.times, found))
        if block.gate is not None:
            gated = width_of(block.convolutions[1])
            counts += [
                (block.times, _linear(gated, block.gate)),
                (block.times, _linear(block.gate, gated)),
            ]
        side = after
    return Sizes(*(sum(times * found[i] for times, found in counts) for i in range(len(Sizes()))))


def depth_of(plan: NetworkPlan) -> int:
    """Return the number of convolutions one after another, those of shortcuts and gates aside."""
    return 1 + sum(block.times * len(block.convolutions) for block in plan.blocks)


def _convolutions(convolutions: Iterable[Convolution], width: int, side: int) -> tuple[Sizes, int]:
    """Count convolutions in a row, each with batch norm, and return the side of their map."""
    params = macs = activations = 0
    for kernel, width_out, stride, groups in map(_unpacked, convolutions):
        side = (side - 1) // stride + 1
        weights = kernel * kernel * (width // groups) * width_out
        width = width_out
        params += weights + 2 * width
        macs += weights * side * side
        activations += width * side * side
    return Sizes(params, macs, 0, activations), side


def _unpacked(convolution: Convolution) -> tuple[int, int, int, int]:
    return convolution.kernel, width_of(convolution), convolution.stride, convolution.groups


def _linear(width_in: int, width_out: int) -> Sizes:
    """Count the classifier, or one of the two convolutions of squeeze-excitation, with biases."""
    weights = width_in * width_out
    return Sizes(weights + width_out, weights, width_out, width_out)
