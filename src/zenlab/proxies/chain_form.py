"""The closed-form Zen-score of plain chains: convolution, batch norm, ReLU, over and over.

Without links and pooling, one correlation describes a field, so a layer is a few operations on
scalars. Searches of Zen-NAS score hundreds of thousands of such networks.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from zenlab.graphs.graph import Block, Convolution, Graph, Norm, Relu
from zenlab.proxies.closed_form import TERMS, Setting
from zenlab.proxies.moments import kappa, taps_of

_KAPPA = float(kappa(np.ones(1))[0])
_TAU = 2 * math.pi
_MOST = 16384
"""Blocks remembered; then memory starts anew."""


class Layer(NamedTuple):
    """A convolution with batch norm and ReLU behind it; `width` None keeps the channels."""

    kernel: int
    width: int | None
    stride: int
    groups: int
    epsilon: float


class Taps(NamedTuple):
    """Taps that are expected inside the map, what borders add to the variance, side of outputs."""

    inside: float
    pattern: float
    outputs: int


@dataclass
class ChainMemory:
    """What has been found out about blocks and convolutions, for the next network with the same."""

    _blocks: dict[int, tuple[Block, tuple[Layer, ...] | None]] = field(default_factory=dict)
    _taps: dict[tuple[int, int, int], Taps] = field(default_factory=dict)

    def layers(self, block: Block) -> tuple[Layer, ...] | None:
        """Return the layers of a block, None if it is no plain chain of them."""
        found = self._blocks.get(id(block))
        if found is None:
            if len(self._blocks) >= _MOST:
                self._blocks.clear()
            found = self._blocks[id(block)] = block, _layers(block)
        return found[1]

    def taps(self, kernel: int, stride: int, side: int) -> Taps:
        """Return the taps of a convolution over a map of side `side`."""
        key = kernel, stride, side
        if key not in self._taps:
            made = taps_of(kernel, stride, side, lags=1)
            outputs = (side + 2 * ((kernel - 1) // 2) - kernel) // stride + 1
            self._taps[key] = Taps(float(made.inside[0]), float(made.pattern[0]), outputs)
        return self._taps[key]


def chain_terms(graph: Graph, setting: Setting, memory: ChainMemory) -> dict[str, float] | None:
    """Return the terms of a network's closed-form score, None if it is no plain chain.

    The same numbers as `closed_form_terms` gives, some hundred times as fast for one network.
    """
    layers: list[Layer] = []
    for block in graph.blocks:
        of_block = memory.layers(block)
        if of_block is None:
            return None
        layers += of_block
    side, width = graph.image_size, graph.channels
    variance, gap = 1.0, 1 - 1 / math.sqrt(1 + setting.gamma**2)
    of_one, seen = [], []  # variances before batch norms: if one unit came in; of what comes in
    for place, (kernel, width_out, stride, groups, epsilon) in enumerate(layers):
        inside, pattern, side = memory.taps(kernel, stride, side)
        kept, spread = inside * gap, inside
        if place:
            spread = inside * _KAPPA + pattern / _TAU
            kept = inside * _kappa_gap(gap)
        fan = width / groups
        samples = setting.batch_size * side * side
        unit = fan * spread * samples / (samples - 1)
        of_one.append(unit)
        seen.append(unit * variance)
        variance *= fan * spread / (unit * variance + epsilon)
        gap = kept / spread
        width = width_out or width
    fan_in = setting.log_deviation(np.array(of_one), 0.0)
    growth = setting.log_deviation(np.array(seen), 1.0) - fan_in
    if setting.growth_cap is not None:
        growth = np.minimum(growth, setting.growth_cap)
    difference = math.log(width * side * side * math.sqrt(gap * variance / math.pi))
    found = {"fan_in": float(fan_in.sum()), "growth": float(growth.sum())}
    return dict.fromkeys(TERMS, 0.0) | found | {"log_difference": difference}


def _kappa_gap(gap: float) -> float:
    """Return kappa(1) - kappa(1 - gap), as `moments.kappa_gap`."""
    angle = 2 * math.asin(math.sqrt(gap / 2))
    return gap / 2 - (math.sin(angle) - angle * math.cos(angle)) / _TAU


def _layers(block: Block) -> tuple[Layer, ...] | None:
    operations = [node.operation for node in block.nodes]
    chained = all(node.inputs == (place,) for place, node in enumerate(block.nodes))
    layers = []
    for convolution, norm, relu in zip(*[iter(operations)] * 3, strict=False):
        if not (isinstance(convolution, Convolution) and isinstance(norm, Norm)):
            return None
        if not isinstance(relu, Relu):
            return None
        layers.append(Layer(**vars(convolution), epsilon=norm.epsilon))
    whole = chained and block.role not in TERMS and 3 * len(layers) == len(operations)
    return tuple(layers) if whole else None
