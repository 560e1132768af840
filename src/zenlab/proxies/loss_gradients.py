"""One look at the gradients of the loss, which snip, grad_norm, plain and fisher all judge.

Abdelfattah et al. (ICLR 2021, arXiv 2101.08134) made proxies of these pruning criteria. One
backward pass serves all: it leaves the gradient of every weight, and on its way back what fisher
needs of the activations, which are freed as the pass goes.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.settings import Precision, check_settings


@dataclass(frozen=True, eq=False)
class LayerGradient:
    """What one weighted layer shows: its weight, the loss's gradient, and fisher per channel.

    `weight` and `gradient` are (out, in / groups, ...), `channel_fisher` is (out,); the latter two
    are zero where the loss doesn't depend on the layer.
    """

    weight: Tensor
    gradient: Tensor
    channel_fisher: Tensor


@dataclass(frozen=True)
class LossGradients:
    """The gradients of the cross-entropy loss of one batch, in train mode."""

    initialisation: Initialisation = "default"
    dtype: Precision = "float32"

    def take(
        self, network: Network, batch: Batch, *, rng: torch.Generator
    ) -> Sequence[LayerGradient]:
        """Initialise the network and return what each weighted layer shows, in their order.

        Raises:
            ValueError: the network has no convolution or linear layer.
        """
        prepared = prepare(network, batch, self.initialisation, self.dtype, rng)
        # Convolutions and pooling on a CPU are about 1.6 times as fast in channels_last.
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        images = prepared.images.to(memory_format=torch.channels_last)
        return loss_gradients(network, replace(prepared, images=images))


@dataclass(frozen=True)
class LossGradientProxy:
    """What snip, grad_norm, plain and fisher have in common: all but the value."""

    needs_labels: ClassVar[bool] = True

    batch_size: int = 64
    initialisation: Initialisation = "default"
    dtype: Precision = "float32"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        check_settings(self)

    @property
    def look(self) -> LossGradients:
        """One forward and backward pass of the loss."""
        return LossGradients(self.initialisation, self.dtype)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by one forward and backward pass of the loss.

        Raises:
            ValueError: the network has no convolution or linear layer.
            ArithmeticError: the gradients overflowed, so there is no score.
        """
        return self.judge(self.look.take(network, batch, rng=rng))

    def judge(self, seen: Sequence[LayerGradient]) -> Estimate:
        """Score what the look has taken.

        Raises:
            ArithmeticError: the gradients overflowed, so there is no score.
        """
        return finite_estimate(self.value(seen), "the score")

    def value(self, layers: Sequence[LayerGradient]) -> float:
        """Return the score from what each layer shows."""
        raise NotImplementedError


def prepare(
    network: nn.Module, batch: Batch, how: Initialisation, dtype: Precision, rng: torch.Generator
) -> Batch:
    """Initialise a network, cast it, set it to train mode, and return the batch in its type.

    Weights are drawn before the cast, so both types see the same network.
    """
    initialise(network, how, rng)
    network.to(getattr(torch, dtype)).train()
    return replace(batch, images=batch.images.to(getattr(torch, dtype)))


def loss_gradients(network: nn.Module, batch: Batch) -> list[LayerGradient]:
    """Return what one forward and backward pass shows of each weighted layer.

    The images must be of the network's type. Activations that work in place are made not to.

    Raises:
        ValueError: the network has no convolution or linear layer.
    """
    layers = weighted_layers(network)
    _forbid_in_place(network)
    watched: list[list[Tensor]] = [[] for _ in layers]
    with ExitStack() as hooks:
        for layer, seen in zip(layers, watched, strict=True):
            hooks.enter_context(layer.register_forward_hook(_watch(seen)))
        loss = cross_entropy(network(batch.images), batch.labels)
    weights = [layer.weight for layer in layers]
    gradients = torch.autograd.grad(loss, weights, allow_unused=True, materialize_grads=True)
    return [
        LayerGradient(weight.detach(), gradient, sum(seen, weight.new_zeros(len(weight))))
        for weight, gradient, seen in zip(weights, gradients, watched, strict=True)
    ]


def channel_fisher(activation: Tensor, gradient: Tensor, channel_axis: int) -> Tensor:
    """Return half the mean over images of the square of the sum over positions of a * dL/da.

    Both are (n, ...), with the channels at `channel_axis`; the result is (channels,).
    """
    per_image = (activation * gradient).movedim(channel_axis, 1)
    if per_image.dim() > 2:
        per_image = per_image.sum(tuple(range(2, per_image.dim())))
    return per_image.square().mean(0) / 2


def weighted_layers(network: nn.Module) -> list[nn.Conv2d | nn.Linear]:
    """Return every convolution and linear layer, in the order of `modules()`.

    Raises:
        ValueError: there is none.
    """
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    if not layers:
        raise ValueError(
            "the network has no convolution or linear layer (nn.Conv2d, nn.Linear), whose weights "
            "this proxy sums over"
        )
    return layers


def finite_estimate(value: float, what: str) -> Estimate:
    """Return an estimate of a finite value.

    Raises:
        ArithmeticError: it isn't finite; says what overflowed.
    """
    if not abs(value) < float("inf"):
        raise ArithmeticError(
            f"{what} is {value}: numbers overflowed; try proxy.dtype=float64 or another "
            f"proxy.initialisation"
        )
    return Estimate(value)


def _forbid_in_place(network: nn.Module) -> None:
    """An activation must outlive the layer after it, or fisher would see its rectified values."""
    for module in network.modules():
        if getattr(module, "inplace", False):
            setattr(module, "inplace", False)  # noqa: B010 (the type of a module has no such name)


def _watch(seen: list[Tensor]) -> Any:
    def hook(layer: nn.Module, _: Any, activation: Tensor) -> Any:
        axis = 1 if isinstance(layer, nn.Conv2d) else -1
        return _Watched.apply(activation, axis, seen)  # type: ignore[no-untyped-call]

    return hook


class _Watched(torch.autograd.Function):
    """The identity; its backward pass meets an activation with its gradient, and lets both go.

    A hook on the tensor would have to hold the activation until the loss is forgotten.
    """

    @staticmethod
    def forward(ctx: Any, activation: Tensor, channel_axis: int, seen: list[Tensor]) -> Tensor:
        ctx.save_for_backward(activation)
        ctx.channel_axis, ctx.seen = channel_axis, seen
        return activation.view_as(activation)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (activation,) = ctx.saved_tensors
        ctx.seen.append(channel_fisher(activation, gradient, ctx.channel_axis))
        return gradient, None, None
