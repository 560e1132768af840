"""NEAR: the effective rank of what layers and activations return (Husistein et al., 2024).

arXiv 2408.08776. `Near` is the proxy; under it lie `sum_of_ranks` and `effective_ranks`.
"""

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import get_args

import torch
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.recording import leaves, watch
from zenlab.proxies.repeats import mean_of_draws


@dataclass(frozen=True)
class Near:
    """The sum of the effective ranks of square matrices of outputs; mean over re-draws.

    A matrix has a column for each channel and as many rows, which are neighbouring positions, taken
    at random from the outputs for the batch. Layers with weights (batch norms among them) and
    activations count. The authors show one image after another until a layer has rows enough;
    here the batch runs at once, and must have as many images as the classifier has outputs.
    """

    repeats: int = 1
    batch_size: int = 16
    initialisation: Initialisation = "default"
    share_equivalent: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        for name in ("repeats", "batch_size"):
            require_whole(f"proxy.{name}", getattr(self, name))
        require_whole("proxy.seed", self.seed, least=0)
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network; weights and windows are drawn anew for each repeat.

        Raises:
            ValueError: a layer has more channels than the batch gives rows.
            ArithmeticError: the activations overflowed.
        """

        def choose(choices: int) -> int:
            return int(torch.randint(choices, (), generator=rng, device=rng.device))

        draws = []
        for _ in range(self.repeats):
            initialise(network, self.initialisation, rng)
            draws.append(sum_of_ranks(network, batch.images, choose))
        return mean_of_draws(draws)


def sum_of_ranks(network: nn.Module, images: Tensor, choose: Callable[[int], int]) -> float:
    """Return the sum of the effective ranks of a window of each layer's and activation's output.

    Args:
        network: in training mode.
        images: (n, c, h, w).
        choose: returns which of so many windows to take, from 0; called in the order in which the
            modules run.

    Raises:
        ValueError: a layer has more channels than the batch gives rows.
        ArithmeticError: the activations overflowed.
    """
    found: dict[int, list[Tensor]] = defaultdict(list)  # by size

    def see(_: nn.Module, output: Tensor) -> None:
        window = window_of(output, choose)
        found[len(window)].append(window.to(torch.float64, copy=True))

    watch(network, images, _layers_and_activations(network), see)
    return math.fsum(
        effective_ranks(torch.stack(windows)).sum().item() for windows in found.values()
    )


def window_of(output: Tensor, choose: Callable[[int], int]) -> Tensor:
    """Take as many neighbouring rows as there are columns out of an output, (c, c).

    The rows of feature maps (n, c, h, w) run over images, then columns, then rows of pixels, and a
    window begins at a multiple of the width. Other outputs have a column for each entry of their
    last dimension.

    Raises:
        ValueError: there are fewer rows than columns.
    """
    maps = output if output.dim() == 4 else output.reshape(-1, output.shape[-1])[:, :, None, None]
    images, columns, height, width = maps.shape
    per_image = height * width
    if images * per_image < columns:
        raise ValueError(
            f"a layer of {columns} channels gives only {images * per_image} rows for its effective "
            f"rank; set proxy.batch_size={-(-columns * len(output) // (images * per_image))}"
        )
    start = width * choose((images * per_image - columns) // width + 1)
    first, last = start // per_image, (start + columns - 1) // per_image
    rows = maps[first : last + 1].transpose(1, 3).reshape(-1, columns)
    return rows[start - first * per_image :][:columns]


def effective_ranks(matrices: Tensor) -> Tensor:
    """Return exp of the entropy of normalised singular values, 0 for zeros: (n, c, c) to (n,)."""
    values = torch.linalg.svdvals(matrices)
    total = values.sum(1)
    ranks = torch.special.entr(values / total[:, None]).sum(1).exp()
    return torch.where(total > 0, ranks, 0)


def _layers_and_activations(network: nn.Module) -> list[nn.Module]:
    return [
        module
        for module in leaves(network)
        if isinstance(getattr(module, "weight", None), Tensor)
        or type(module).__module__ == nn.ReLU.__module__
    ]
