"""Zen-score: how far the features of a random network move with its input (Lin et al., ICCV 2021).

`Zen` is the proxy; `draw_zen_scores` is the function under it, which takes its randomness as a
generator and draws in the order of the authors' program, so that its numbers can be met.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_positive, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.graphs.graph import Graph, Norm
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.zen_pass import draw_zen_scores_of_graph

Statistics = Literal["fresh", "carried", "batch"]
_LEAST_DRAWS = 4
"""A standard error of fewer draws is too rough to stop by."""


@dataclass(frozen=True)
class Zen:
    """The mean Zen-score over `repeats` draws of weights and inputs; draws its own noise images.

    `statistics` says which variances enter the batch-norm term:
    `fresh`: running variances that start at 1 for each draw, so that draws are independent (the
    authors' search, which draws once); `carried`: running variances that go on from draw to draw
    (the authors' command line, whose score grows with `repeats`; its draws have no standard
    error); `batch`: the variances of the batch itself (the paper's formula).

    With a `tolerance`, draws end as soon as the standard error is no larger, after four at least
    and `repeats` at most; the term `draws` tells how many were made. Independent draws are
    numbered, and begin with number `first_draw`.

    `initialisation` other than `gaussian` is not Zen-NAS's: it runs the network of modules, slower.

    `share_equivalent` scores architectures that are the same random function once. `autocast` runs
    in half precision where PyTorch thinks it safe; the perturbation is then close to rounding.
    """

    repeats: int = 1
    tolerance: float | None = None
    batch_size: int = 64
    gamma: float = 0.01
    statistics: Statistics = "fresh"
    initialisation: Initialisation = "gaussian"
    share_equivalent: bool = True
    autocast: bool = False
    first_draw: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        for name in ("repeats", "batch_size"):
            require_whole(f"proxy.{name}", getattr(self, name))
        for name in ("first_draw", "seed"):
            require_whole(f"proxy.{name}", getattr(self, name), least=0)
        require_positive("proxy.gamma", self.gamma)
        require_one_of("proxy.statistics", self.statistics, get_args(Statistics))
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        for name in ("share_equivalent", "autocast"):
            require_one_of(f"proxy.{name}", getattr(self, name), (True, False))
        if self.statistics == "carried" and (self.first_draw or self.tolerance is not None):
            raise ValueError(
                "proxy.statistics=carried makes draws that depend on each other, so they have no "
                "standard error; set proxy.tolerance=null proxy.first_draw=0"
            )
        if self.statistics == "carried" and self.initialisation not in ("gaussian", "keep"):
            raise ValueError(
                f"proxy.initialisation={self.initialisation} begins batch norm anew for each draw, "
                f"so nothing is carried; use proxy.initialisation=gaussian"
            )
        if self.tolerance is not None:
            require_positive("proxy.tolerance", self.tolerance)
            if self.repeats < _LEAST_DRAWS:
                raise ValueError(
                    f"proxy.repeats is {self.repeats}, the most draws that proxy.tolerance may "
                    f"take; wanted at least {_LEAST_DRAWS}"
                )

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network on noise in the shape of the images of `batch`.

        Raises:
            ValueError: the network has no batch norm, so its features overflow with depth.
        """
        _require_norms(_batch_norms(network))
        # Convolutions and pooling on a CPU are about twice as fast in channels_last.
        shape = (self.batch_size, *batch.images.shape[1:])
        images = batch.images.new_empty(shape).to(memory_format=torch.channels_last)
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        draws = draw_zen_scores(
            network,
            images,
            self._generators(rng),
            gamma=self.gamma,
            statistics=self.statistics,
            initialisation=self.initialisation,
        )
        with torch.autocast(images.device.type, enabled=self.autocast):
            return self._estimate(draws)

    @property
    def runs_graphs(self) -> bool:
        """Other weights than Gaussian ones come from a network of modules."""
        return self.initialisation == "gaussian"

    def measure_graph(self, graph: Graph, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score the network of a graph, without building it and several times as fast.

        Raises:
            ValueError: the network has no batch norm.
            ArithmeticError: the features overflowed, so there is no score.
        """
        nodes = (node for block in graph.blocks for node in block.nodes)
        _require_norms([node for node in nodes if isinstance(node.operation, Norm)])
        draws = draw_zen_scores_of_graph(
            graph,
            self.batch_size,
            batch.images.device,
            self._generators(rng),
            gamma=self.gamma,
            statistics=self.statistics,
            autocast=self.autocast,
        )
        if self.tolerance is None:  # a GPU is waited for once, after all draws
            return self._estimate(iter(torch.stack(list(draws)).tolist()))
        return self._estimate(draw.item() for draw in draws)

    def _estimate(self, made: Iterator[float]) -> Estimate:
        draws: list[float] = []
        for draw in made:
            if math.isnan(draw) or draw == math.inf:
                raise ArithmeticError(f"the features overflowed: draw {len(draws)} gave {draw}")
            draws.append(draw)
            if self._are_enough(draws):
                break
        independent = len(draws) > 1 and self.statistics != "carried"
        stderr = standard_error(draws) if independent else None
        terms = {} if self.tolerance is None else {"draws": float(len(draws))}
        return Estimate(float(np.mean(draws)), stderr, terms)

    def _are_enough(self, draws: Sequence[float]) -> bool:
        return (
            self.tolerance is not None
            and len(draws) >= _LEAST_DRAWS
            and standard_error(draws) <= self.tolerance
        )

    def _generators(self, rng: torch.Generator) -> Iterator[torch.Generator]:
        """One generator per draw: the same one going on, or one for each independent draw."""
        for draw in range(self.first_draw, self.first_draw + self.repeats):
            if draw > 0 and self.statistics != "carried":
                seed = (rng.initial_seed() + draw) % 2**64
                yield torch.Generator(rng.device).manual_seed(seed)
            else:
                yield rng


def _require_norms(norms: Sequence[object]) -> None:
    if not norms:
        raise ValueError("the Zen-score is meant for networks with batch norm; this one has none")


def standard_error(draws: Sequence[float]) -> float:
    """Return the standard error of the mean of independent draws, of two or more."""
    if len(set(draws)) == 1:
        return 0.0  # minus infinity, too
    return float(np.std(draws, ddof=1)) / math.sqrt(len(draws))


@torch.no_grad()
def draw_zen_scores(
    network: Network,
    images: Tensor,
    generators: Iterator[torch.Generator],
    *,
    gamma: float,
    statistics: Statistics,
    initialisation: Initialisation = "gaussian",
) -> Iterator[float]:
    """Yield one Zen-score per generator: log E|f(x) - f(x + gamma e)| + sum of log BN deviations.

    Everything random is drawn on the generator's device, weights in the order of `modules()`, then
    x, then e, and moved to where `images` lies: a generator on the CPU gives the same draws on any
    device and in any memory format, and those of the authors' program. Minus infinity if no
    feature moves.

    Args:
        network: on the device of `images`; its weights and running variances are overwritten.
        images: (n, c, h, w); gives shape, type, device and memory format; values don't count.
        generators: one for each draw.
        gamma: the size of the perturbation, in standard deviations of the input.
        statistics: which variances enter; see `Zen`.
        initialisation: how weights are drawn.

    Raises:
        ArithmeticError: the features overflowed, so there is no score.
    """
    network.train()
    norms = _batch_norms(network)
    for norm in norms:
        norm.momentum = 1.0 if statistics == "batch" else norm.momentum
    for rng in generators:
        if initialisation == "gaussian":
            draw_gaussian_weights(network, rng)
        else:
            initialise(network, initialisation, rng)
        if statistics != "carried":
            for norm in norms:
                norm.reset_running_stats()
        clean = _gaussian(images, rng)
        perturbed = clean + gamma * _gaussian(images, rng)
        features = network.forward_features(clean)
        variances = _mean_variances(norms) if statistics == "batch" else None
        moved = (features - network.forward_features(perturbed)).abs().sum((1, 2, 3)).mean()
        yield _zen_score(moved, _mean_variances(norms) if variances is None else variances)


def draw_gaussian_weights(network: nn.Module, rng: torch.Generator) -> None:
    """Fill a network as Zen-NAS does: weights N(0, 1), biases 0, batch norm scale 1 and shift 0."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.weight.copy_(_gaussian(module.weight, rng))
            if module.bias is not None:
                module.bias.zero_()
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.fill_(1)
            module.bias.zero_()


def _gaussian(like: Tensor, rng: torch.Generator) -> Tensor:
    drawn = torch.randn(like.shape, generator=rng, dtype=like.dtype, device=rng.device)
    return torch.empty_like(like).copy_(drawn)


def _batch_norms(network: nn.Module) -> list[nn.BatchNorm2d]:
    return [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]


def _mean_variances(norms: list[nn.BatchNorm2d]) -> Tensor:
    """The running variance of each batch norm, averaged over its channels."""
    means = [norm.running_var.mean() for norm in norms if norm.running_var is not None]
    return torch.stack(means) if means else torch.ones(1)  # none: nothing is added to the score


def _zen_score(moved: Tensor, variances: Tensor) -> float:
    """Equation 4 of the paper; natural logarithms, in float64."""
    score = moved.double().log() + variances.double().log().sum() / 2
    if score.isnan() or score == math.inf:
        raise ArithmeticError(
            f"the features overflowed {moved.dtype}: mean difference {moved.item()}, "
            f"largest batch norm variance {variances.max().item()}"
        )
    return score.item()
