"""The fast pass behind the Zen-score: a random network run from its graph, without modules.

It draws what `zen.draw_zen_scores` draws, in the same order, so scores are the same up to rounding.
What makes it fast: no network is built and initialised only to be overwritten; maps lie in
channels_last; ReLU and pooling of one value are computed once; the moments of batch norm are
products with a vector of ones, and 3x3 pooling is a depthwise convolution, for which CPUs have
better kernels; a value is freed after its last use. Clean and perturbed images go through one after
the other, so that maps stay in the cache.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from zenlab.graphs.graph import (
    Add,
    Convolution,
    GlobalPool,
    Graph,
    Multiply,
    Norm,
    Operation,
    Pool,
    Relu,
    Sigmoid,
)


@dataclass(frozen=True)
class Step:
    """An operation on numbered values: what it reads, makes, and leaves behind for the last time.

    `weights` is the shape of a convolution's weights, (out, in / groups, k, k).
    """

    operation: Operation
    inputs: tuple[int, ...]
    output: int
    weights: tuple[int, ...] = ()
    free: tuple[int, ...] = ()


@dataclass(frozen=True)
class Program:
    """A graph as steps; value 0 is the images. `classifier` is the shape of unused weights."""

    steps: tuple[Step, ...]
    features: int
    classifier: tuple[int, int]


def compile_graph(graph: Graph) -> Program:
    """Write a graph as steps, in which each ReLU and each pooling of one value appears once."""
    steps: list[Step] = []
    known: dict[tuple[Operation, tuple[int, ...]], int] = {}
    widths = [graph.channels]
    current = 0
    for block in graph.blocks:
        values = [current]
        for operation, places in block.nodes:
            inputs = tuple(values[place] for place in places)
            key = operation, inputs
            if isinstance(operation, Add) and len(inputs) == 1:
                values.append(inputs[0])
            elif isinstance(operation, Relu | Pool) and key in known:
                values.append(known[key])
            else:
                width = widths[inputs[0] if inputs else current]
                weights: tuple[int, ...] = ()
                if isinstance(operation, Convolution):
                    fan, kernel = width // operation.groups, operation.kernel
                    width = operation.width or width
                    weights = (width, fan, kernel, kernel)
                known[key] = len(widths)
                steps.append(Step(operation, inputs, len(widths), weights))
                values.append(len(widths))
                widths.append(width)
        current = values[-1]
    return Program(_with_ends(steps, current), current, (graph.classes, widths[current]))


def _with_ends(steps: Sequence[Step], features: int) -> tuple[Step, ...]:
    last = {value: step.output for step in steps for value in (*step.inputs, step.output)}
    last[features] = len(steps) + 1
    return tuple(
        Step(
            step.operation,
            step.inputs,
            step.output,
            step.weights,
            tuple(v for v in {*step.inputs, step.output} if last[v] == step.output),
        )
        for step in steps
    )


@torch.no_grad()
def draw_zen_scores_of_graph(
    graph: Graph,
    batch_size: int,
    device: torch.device,
    generators: Iterator[torch.Generator],
    *,
    gamma: float,
    statistics: str,
    autocast: bool = False,
) -> Iterator[Tensor]:
    """Yield one Zen-score per generator, a float64 scalar on `device` that nobody has waited for.

    Minus infinity if no feature moves; nan or infinity if features overflowed. `gamma` and
    `statistics` as in `zen.draw_zen_scores`.
    """
    program = compile_graph(graph)
    shape = (batch_size, graph.channels, graph.image_size, graph.image_size)
    running = torch.ones((), dtype=torch.float64, device=device)
    for rng in generators:
        weights = {s.output: _draw(s.weights, rng, device) for s in program.steps if s.weights}
        torch.randn(program.classifier, generator=rng)
        clean = _draw(shape, rng, device)
        perturbed = clean + gamma * _draw(shape, rng, device)
        with torch.autocast(device.type, enabled=autocast):
            features, first = _run(program, weights, clean)
            others, second = _run(program, weights, perturbed)
        if statistics != "carried":
            running = torch.ones_like(first)
        running = 0.81 * running + 0.09 * first + 0.1 * second
        deviations = (first if statistics == "batch" else running).log().sum() / 2
        yield _mean_difference(features, others).log() + deviations


def _draw(shape: tuple[int, ...], rng: torch.Generator, device: torch.device) -> Tensor:
    """Draw on the generator's device, so that samples are the same on every other."""
    drawn = torch.randn(shape, generator=rng, device=rng.device)
    if device.type == "cuda" and rng.device.type == "cpu":
        drawn = drawn.pin_memory().to(device, non_blocking=True)
    return drawn.to(device, memory_format=torch.channels_last)


def _mean_difference(features: Tensor | None, others: Tensor | None) -> Tensor:
    if features is None or others is None:
        return torch.zeros((), dtype=torch.float64)
    return (features - others).abs_().sum((1, 2, 3)).mean().double()


def _run(
    program: Program, weights: dict[int, Tensor], images: Tensor
) -> tuple[Tensor | None, Tensor]:
    """Return the features (None: zero), and the variance of each batch norm, (batch norms,)."""
    values: dict[int, Tensor | None] = {0: images}
    variances: list[Tensor] = []
    for step in program.steps:
        entering = [values[source] for source in step.inputs]
        if isinstance(step.operation, Norm):
            made, variance = _normalise(entering[0], step.operation.epsilon, like=images)
            variances.append(variance)
        else:
            made = _apply(step.operation, entering, weights.get(step.output))
        values[step.output] = made
        for value in step.free:
            del values[value]
    return values[program.features], torch.stack(variances).double()


def _apply(
    operation: Operation, entering: Sequence[Tensor | None], weight: Tensor | None
) -> Tensor | None:
    present = [value for value in entering if value is not None]
    if not present:
        return None
    value = present[0]
    match operation:
        case Convolution(kernel, _, stride, groups) if weight is not None:
            return F.conv2d(value, weight, None, stride, (kernel - 1) // 2, 1, groups)
        case Relu():
            return F.relu(value)
        case Add():
            return sum(present[1:], value)
        case Multiply():
            return math.prod(present[1:], start=value) if len(present) == len(entering) else None
        case GlobalPool():
            return value.mean((2, 3), keepdim=True)
        case Sigmoid():
            return value.sigmoid()
        case Pool(3, 1, 1) if value.device.type == "cpu":
            return _average(value)
        case Pool(kernel, stride, padding):
            return F.avg_pool2d(value, kernel, stride, padding, count_include_pad=False)
    raise ValueError(f"the Zen-score has no pass for {operation}")


def _normalise(value: Tensor | None, epsilon: float, like: Tensor) -> tuple[Tensor | None, Tensor]:
    """Normalise a map, (n, c, h, w); return the unbiased variance, averaged over channels, ()."""
    if value is None:
        return None, like.new_zeros(())
    n, c, h, w = value.shape
    flat = value.permute(0, 2, 3, 1).reshape(-1, c).to(like.dtype)
    samples = len(flat)
    ones = flat.new_full((samples,), 1 / samples)
    with torch.autocast(value.device.type, enabled=False):
        mean = ones @ flat  # (c,)
        variance = (ones @ flat.square() - mean.square()).clamp_min_(0)
    scale = (variance + epsilon).rsqrt()
    normalised = torch.addcmul(-mean * scale, flat, scale)
    unbiased = variance.mean() * (samples / (samples - 1))
    return normalised.view(n, h, w, c).permute(0, 3, 1, 2), unbiased


def _average(value: Tensor) -> Tensor:
    """3x3 average pooling of which padding isn't counted."""
    kernel, share = _averaging(value.shape[1], *value.shape[2:], value.dtype)
    return F.conv2d(value, kernel, padding=1, groups=value.shape[1]).mul_(share)


@lru_cache(maxsize=64)
def _averaging(c: int, h: int, w: int, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    kernel = torch.ones(c, 1, 3, 3, dtype=dtype)
    inside = F.conv2d(torch.ones(1, 1, h, w, dtype=dtype), kernel[:1], padding=1)
    return kernel, 1 / inside
