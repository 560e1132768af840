"""Linear regions: how many ReLU patterns inputs fall into (TE-NAS, Chen et al., ICLR 2021).

arXiv 2102.11535. `LinearRegions` is the proxy; `count_regions` is the function under it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.binary_patterns import (
    count_distinct_rows,
    pack,
    relus,
    rows_of,
    switched_on,
)
from zenlab.proxies.initialisation import Initialisation, initialise
from zenlab.proxies.recording import watch
from zenlab.proxies.repeats import mean_of_draws
from zenlab.proxies.thin_pass import NO_MAPS, count_regions_together, runs_together

Size = Literal["thin", "full"]
_BATCHES, _CROPS, _SIDE = 3, 1000, 3


@dataclass(frozen=True)
class LinearRegions:
    """The number of distinct ReLU patterns that inputs make; mean over draws of weights and inputs.

    The draws are its terms `draw_0`, `draw_1` ... where there are several.

    `network` says what is looked at: `thin`, the cell at width 1, for 3 batches of 1000 random
    crops of 3 x 3 pixels of one channel (TE-NAS); `full`, the network itself for the batch, where
    nearly always each image has its own pattern, so that the score says little.
    """

    repeats: int = 3
    network: Size = "thin"
    batch_size: int = 64
    initialisation: Initialisation = "kaiming_fan_in"
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
        require_one_of("proxy.network", self.network, get_args(Size))
        require_one_of("proxy.initialisation", self.initialisation, get_args(Initialisation))
        require_one_of("proxy.share_equivalent", self.share_equivalent, (True, False))
        if self.network == "thin" and self.initialisation == "keep":
            raise ValueError(
                "proxy.initialisation is keep, but a thin network has no weights to keep; wanted "
                "another one, or proxy.network=full"
            )
        if self.initialisation == "keep" and self.repeats > 1:
            raise ValueError(
                f"proxy.repeats is {self.repeats}, but proxy.initialisation=keep draws no weights "
                f"and gives the same number each time; wanted proxy.repeats=1"
            )

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score a network.

        Raises:
            ValueError: the network has no cell to make thin, or no ReLU that returns feature maps;
                or the images are smaller than a crop.
            ArithmeticError: the activations overflowed.
        """
        seen = network if self.network == "full" else _thin(network, batch.images.device)
        draws = []
        for _ in range(self.repeats):
            initialise(seen, self.initialisation, rng)
            if self.network == "thin":
                crops = draw_crops(batch.images, rng, _BATCHES * _CROPS)
                draws.append(count_regions_of_thin(seen, torch.split(crops, _CROPS)))
            else:
                draws.append(count_regions(seen, [batch.images]))
        return replace(mean_of_draws(draws), terms=_named(draws))


def count_regions(
    network: nn.Module,
    batches: Iterable[Tensor],
    *,
    layout: torch.memory_format = torch.channels_last,
) -> int:
    """Count the distinct rows of the matrix (inputs, units) that says which ReLU units are on.

    Each batch runs alone, so that batch norm sees one at a time; units are the outputs of every
    ReLU that returns feature maps. Networks of width 1 are faster in the contiguous layout.

    Raises:
        ValueError: the network has no such ReLU.
        ArithmeticError: the activations overflowed.
    """
    packed = [_packed_patterns(network, batch, layout) for batch in batches]
    return count_distinct_rows(torch.cat(packed))


def count_regions_of_thin(network: nn.Module, batches: Sequence[Tensor]) -> int:
    """Count the distinct patterns of a thin network: all batches at once, where that may be.

    Raises:
        ValueError: the network has no ReLU that returns feature maps.
        ArithmeticError: the activations overflowed.
    """
    if runs_together(network, batches):
        return count_regions_together(network, batches)
    return count_regions(network, batches, layout=torch.contiguous_format)


def draw_crops(images: Tensor, rng: torch.Generator, crops: int = _CROPS) -> Tensor:
    """Draw crops of one channel of one image each, (crops, 1, 3, 3).

    Raises:
        ValueError: the images are smaller than 3 x 3 pixels.
    """
    if min(images.shape[2:]) < _SIDE:
        raise ValueError(
            f"images of {images.shape[2]} x {images.shape[3]} pixels: proxy.network=thin crops "
            f"{_SIDE} x {_SIDE} of them; wanted larger images, or proxy.network=full"
        )
    (height, width), side = images.shape[2:], torch.arange(_SIDE, device=rng.device)
    first = torch.zeros(crops, dtype=torch.long, device=rng.device)  # where the first pixel stands
    for choices, step in (
        (images.shape[0] * images.shape[1], height * width),
        (height - _SIDE + 1, width),
        (width - _SIDE + 1, 1),
    ):
        drawn = torch.randint(choices, (crops,), generator=rng, device=rng.device)
        first.add_(drawn, alpha=step)
    places = (side[:, None] * width + side).flatten()[:, None] + first  # (pixels, crops)
    pixels = images.flatten().index_select(0, places.flatten().to(images.device))
    return pixels.view(_SIDE, _SIDE, crops).permute(2, 0, 1)[:, None]


def _named(draws: list[int]) -> dict[str, float]:
    return {f"draw_{i}": float(n) for i, n in enumerate(draws)} if len(draws) > 1 else {}


def _packed_patterns(network: nn.Module, images: Tensor, layout: torch.memory_format) -> Tensor:
    packed = []

    def see(_: nn.Module, output: Tensor) -> None:
        if output.dim() == 4:
            packed.append(pack(switched_on(rows_of(output))))

    watch(network, images, relus(network), see, layout=layout)
    if not packed:
        raise ValueError(NO_MAPS)
    return torch.cat(packed, dim=1)


def _thin(network: Network, device: torch.device) -> nn.Module:
    """The thin network; PyTorch draws its first weights, which nobody sees, from global state."""
    with torch.random.fork_rng(devices=[]):
        thin = network.thin()
    return thin if device.type == "cpu" else thin.to(device)  # to move to nowhere takes a while
