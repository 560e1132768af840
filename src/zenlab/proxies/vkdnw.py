"""VKDNW: how even the Fisher information of a network is (Tybl and Neumann, CVPR 2025).

arXiv 2502.04975. The number of parameter tensors, and below one step of it the entropy of the
spectrum of the Fisher matrix of a few parameters.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise

Matrix = Literal["authors", "fisher"]
_SMOOTHING = 0.05
_OFFSET = 1e-10
_NORMS = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


@dataclass(frozen=True)
class Vkdnw:
    """The number of parameter tensors plus an entropy, which decides between equal numbers.

    The matrix is that of one element of each of the first `tensors` parameter tensors, in
    evaluation mode: with `fisher`, the Fisher matrix of the paper; with `authors`, what their
    program computes, in which a factor of it stands the wrong way round (see `fisher_matrix`).
    """

    tensors: int = 128
    elements: Literal["first"] = "first"
    matrix: Matrix = "authors"
    batch_size: int = 64
    initialisation: Initialisation = "kaiming_fan_in"
    dtype: Literal["float32", "float64"] = "float32"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        require_whole("proxy.tensors", self.tensors)
        require_one_of("proxy.elements", self.elements, ("first",))
        require_one_of("proxy.matrix", self.matrix, get_args(Matrix))
        require_whole("proxy.batch_size", self.batch_size)
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.dtype", self.dtype, ("float32", "float64"))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))
        require_whole("proxy.seed", self.seed, least=0)

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network by its Fisher matrix on the images of `batch`.

        Raises:
            ArithmeticError: a derivative isn't finite.
            ValueError: the network has parameters in other layers than convolutions, linear
                layers and batch norms, or batch norms without running statistics.
        """
        initialise(network, self.initialisation, rng)
        dtype = getattr(torch, self.dtype)
        # Convolutions on a CPU are about twice as fast in channels_last.
        network.to(dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        images = batch.images.to(dtype, memory_format=torch.channels_last)
        logits, jacobian = parameter_jacobian(network, images, self.tensors)
        matrix = fisher_matrix(logits, jacobian, self.matrix)
        if not matrix.isfinite().all():
            raise ArithmeticError(f"the derivatives of the logits overflowed {self.dtype}")
        dimension, entropy = parameter_tensors(network), spectral_entropy(matrix)
        return Estimate(dimension + entropy, None, {"dimension": dimension, "entropy": entropy})


def parameter_tensors(network: nn.Module) -> int:
    """Return the number of parameter tensors, which the paper calls the dimension."""
    return len(list(network.parameters()))


def parameter_jacobian(network: nn.Module, images: Tensor, tensors: int) -> tuple[Tensor, Tensor]:
    """Return logits, (n, classes), and their derivatives by a few parameters, (n, classes, p).

    Those are the first elements of the first `tensors` parameter tensors. In evaluation mode images
    don't know each other, so a parameter can be moved for each image alone: hooks let the output
    of its layer depend on that, and one backward pass per class, without gradients of weights,
    finds all derivatives.

    Args:
        network: set to evaluation mode, without gradients of its parameters.
        images: (n, c, h, w).
        tensors: how many, at most.

    Raises:
        ValueError: the network has parameters in other layers than convolutions, linear layers and
            batch norms, or batch norms without running statistics.
    """
    network.eval().requires_grad_(False)
    chosen: Sequence[Tensor] = list(network.parameters())[:tensors]
    moves = {p: images.new_zeros(len(images), requires_grad=True) for p in chosen}
    logits = _moved_logits(network, images, moves)
    if not logits.requires_grad:  # a dead network
        return logits, logits.new_zeros(*logits.shape, len(chosen))
    rows = []
    for column in logits.sum(0):  # one class after the other
        found = torch.autograd.grad(
            column, list(moves.values()), retain_graph=True, materialize_grads=True
        )
        rows.append(torch.stack(found, 1))  # (n, p)
    return logits.detach(), torch.stack(rows, 1)


def fisher_matrix(logits: Tensor, jacobian: Tensor, how: Matrix) -> Tensor:
    """Return the mean over images of J^T L^T L J (`authors`) or J^T L L^T J, (p, p), in float64.

    L is the Cholesky factor of diag p - p p^T, for the class probabilities p of the network,
    smoothed by 0.05. With L L^T it is the Fisher matrix; with L^T L, the matrix that the authors'
    program takes for it, which depends on the order of the classes.

    Args:
        logits: (n, classes).
        jacobian: of the logits by the parameters, J, (n, classes, p).
        how: which of the two.
    """
    smoothing = _SMOOTHING / logits.shape[1]
    probabilities = logits.double().softmax(1) * (1 - _SMOOTHING) + smoothing
    factor = multinomial_factor(probabilities)
    root = (factor if how == "authors" else factor.mT) @ jacobian.double()
    rows = root.flatten(0, 1)  # (n * classes, p)
    return rows.T @ rows / len(logits)


def multinomial_factor(probabilities: Tensor) -> Tensor:
    """Return the lower Cholesky factor of diag p - p p^T for rows p, (n, classes, classes).

    In closed form (Tanabe and Sagae, 1992), as that matrix is singular.

    Args:
        probabilities: above 0, rows of sum 1, (n, classes).
    """
    here = probabilities.flip(1).cumsum(1).flip(1)  # of this class and those after it
    after = here - probabilities  # 0 for the last class
    diagonal = (probabilities * after / here).sqrt().diag_embed()
    columns = (probabilities / (here * after)).sqrt()
    below = -probabilities.unsqueeze(2) * columns.unsqueeze(1)
    return diagonal + below.tril(-1)


def spectral_entropy(matrix: Tensor) -> float:
    """Return the entropy of the nine deciles of the singular values, scaled to sum 1.

    Nearly 0 where one decile is all, ln 9 where all are alike, or 0 where all vanish.
    """
    levels = torch.linspace(0.1, 0.9, 9, dtype=matrix.dtype, device=matrix.device)
    deciles = torch.linalg.svdvals(matrix).quantile(levels)
    shares = deciles / (deciles.sum() + _OFFSET)
    entropy: Tensor = -(shares * (shares + _OFFSET).log()).sum()
    return entropy.item()


def _moved_logits(network: nn.Module, images: Tensor, moves: Mapping[Tensor, Tensor]) -> Tensor:
    """Run a network whose parameters are moved by numbers for each image, (n,), all zero."""

    def add_moves(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        for name, parameter in module.named_parameters(recurse=False):
            if parameter in moves:
                output = _add_move(module, name, inputs[0], output, moves[parameter])
        return output

    handles = [module.register_forward_hook(add_moves) for module in _owners(network, moves)]
    try:
        logits: Tensor = network(images)
    finally:
        for handle in handles:
            handle.remove()
    return logits


def _owners(network: nn.Module, moves: Mapping[Tensor, Tensor]) -> Iterator[nn.Module]:
    """The layers that hold the moved parameters."""
    for module in network.modules():
        if not any(parameter in moves for parameter in module.parameters(recurse=False)):
            continue
        if not isinstance(module, nn.Conv2d | nn.Linear | _NORMS):
            raise ValueError(
                f"vkdnw differentiates convolutions, linear layers and batch norms; this network "
                f"has a {type(module).__name__} with parameters"
            )
        if isinstance(module, _NORMS) and module.running_mean is None:
            raise ValueError(
                "vkdnw needs batch norms with running statistics; this network has one without"
            )
        yield module


def _add_move(
    module: nn.Module, name: str, entering: Tensor, output: Tensor, move: Tensor
) -> Tensor:
    """Let an output depend on how far a parameter's first element is moved for each image, (n,)."""
    channels = -1 if isinstance(module, nn.Linear) else 1
    if name == "bias":
        derivative = torch.ones_like(output.select(channels, 0))
    else:
        derivative = _derivative(module, entering)
    moved: Tensor = _Moved.apply(output, move, derivative, channels)  # type: ignore[no-untyped-call]
    return moved


class _Moved(torch.autograd.Function):
    """An output with `move * derivative` added to channel 0, where `move` is zero.

    So nothing is added; only the backward pass knows of it. A copy, as networks may change their
    features in place.
    """

    @staticmethod
    def forward(
        context: Any, output: Tensor, move: Tensor, derivative: Tensor, channels: int
    ) -> Tensor:
        context.save_for_backward(derivative)
        context.channels = channels
        return output.clone()

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None, None]:
        (derivative,) = context.saved_tensors
        products = gradient.select(context.channels, 0) * derivative
        return gradient, products.reshape(len(products), -1).sum(1), None, None


@torch.no_grad()
def _derivative(module: nn.Module, entering: Tensor) -> Tensor:
    """The derivative of output channel 0 by the first element of `weight`, (n, ...)."""
    if isinstance(module, nn.Conv2d):
        return _first_tap(module, entering)
    if isinstance(module, _NORMS):
        # The derivative by the scale is the normalised input.
        mean, variance = module.get_buffer("running_mean"), module.get_buffer("running_var")
        return F.batch_norm(entering[:, :1], mean[:1], variance[:1], eps=module.eps)[:, 0]
    return entering[..., 0]


def _first_tap(convolution: nn.Conv2d, entering: Tensor) -> Tensor:
    """What the first tap of a kernel sees of input channel 0, (n, h, w)."""
    tap = nn.utils.skip_init(  # type: ignore[no-untyped-call]  # takes any padding, and draws nothing
        nn.Conv2d,
        1,
        1,
        convolution.kernel_size,
        convolution.stride,
        convolution.padding,
        convolution.dilation,
        bias=False,
        padding_mode=convolution.padding_mode,
        device=entering.device,
        dtype=entering.dtype,
    ).requires_grad_(False)
    tap.weight.zero_()
    tap.weight[0, 0, 0, 0] = 1
    seen: Tensor = tap(entering[:, :1])
    return seen[:, 0]
