"""TransNAS-Bench-101's macro space: 3,256 residual networks (Duan et al., CVPR 2021).

They differ in depth and in where they double the channels and halve the sides.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Graph
from zenlab.spaces.transnas_macro.graph import transnas_macro_graph
from zenlab.spaces.transnas_macro.modules import (
    DIGITS,
    LENGTHS,
    STEM_WIDTH,
    all_networks,
    blocks,
    doublings,
    neighbours,
    parse,
    strides,
)
from zenlab.spaces.transnas_macro.network import TransNASMacroNetwork
from zenlab.spaces.transnas_macro.sizes import side_after, sizes_of

_LEAST_IMAGE = 32  # 8 x 8 after the stem, one pixel after three more strides
_ABSENT = " "
_INDICATORS = tuple(
    {
        chosen: {f"module_{place}_{digit}": float(digit == chosen) for digit in DIGITS}
        for chosen in DIGITS + _ABSENT
    }
    for place in range(1, max(LENGTHS) + 1)
)


@dataclass(frozen=True)
class TransNASMacro:
    """4 to 6 digits, one for each module; without `residual` blocks have no shortcuts.

    Images have `channels` planes of `image_size` x `image_size` pixels; the stem halves the sides
    twice and modules up to four times, rounding up. The benchmark's have 256 x 256; at 32 x 32 a
    fourth stride finds one pixel and leaves it.
    """

    residual: bool = True
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be built, or images are too small for the strides.
        """
        require_one_of("space.residual", self.residual, (True, False))
        for name in ("channels", "image_size", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))
        if self.image_size < _LEAST_IMAGE:
            raise ValueError(
                f"space.image_size is {self.image_size}; wanted at least {_LEAST_IMAGE}, for the "
                f"networks halve the sides up to six times (the benchmark's images have 256): set "
                f"dataset.image_size"
            )

    def __len__(self) -> int:
        """Return the number of networks, 3,256."""
        return len(all_networks())

    def __iter__(self) -> Iterator[Genotype]:
        """Walk through the networks, short ones first."""
        return iter(all_networks())

    def parse(self, text: str) -> Genotype:
        """Return the digits of a network spelt `1234` or `64-1234-basic`."""
        return parse(text)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw a network uniformly."""
        return all_networks()[rng.integers(len(self))]

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Draw one of the networks one step away: one module changed, gone, new, or two swapped."""
        near = self.neighbours(parent)
        return near[rng.integers(len(near))]

    def neighbours(self, genotype: Genotype) -> list[Genotype]:
        """Return all networks one step away."""
        return neighbours(parse(genotype))

    def canonical(self, genotype: Genotype) -> str:
        """Return the spelling itself: no two networks of the space are the same."""
        return genotype

    def build(self, genotype: Genotype) -> Network:
        """Build the network with PyTorch's default weights."""
        return TransNASMacroNetwork(
            blocks(parse(genotype)),
            residual=self.residual,
            channels=self.channels,
            num_classes=self.num_classes,
        )

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        return transnas_macro_graph(
            blocks(parse(genotype)),
            residual=self.residual,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return counts, places and sizes of a network.

        `modules`; `count_<digit>`; `module_<1 to 6>_<digit>` = 0 or 1; `doublings` of channels and
        `strides`, with the module of the `first_` of each; `width` and `side` of the features;
        `depth` = convolutions one after another; `residual_links`, of which `projections` have a
        convolution; `dead` = 0; `params` (batch norm included); `macs` of convolutions and
        classifier; `flops` as in NAS-Bench-Suite-Zero (macs, batch norm, ReLU and pooling).
        """
        digits = parse(genotype)
        sizes = sizes_of(
            digits,
            residual=self.residual,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )
        return {
            "modules": float(len(digits)),
            **{f"count_{digit}": float(digits.count(digit)) for digit in DIGITS},
            **_indicators(digits),
            "doublings": float(doublings(digits)),
            "strides": float(strides(digits)),
            "first_doubling": _first_of("24", digits),
            "first_stride": _first_of("34", digits),
            "width": float(STEM_WIDTH << doublings(digits)),
            "side": float(side_after(self.image_size, 2 + strides(digits))),
            "depth": float(2 + 4 * len(digits)),
            "residual_links": 2.0 * len(digits) * self.residual,
            "projections": float(len(digits) - digits.count("1")) * self.residual,
            "dead": 0.0,
            "params": float(sizes.params),
            "macs": float(sizes.macs),
            "flops": float(sizes.macs + sizes.other_flops),
        }


def _indicators(digits: str) -> dict[str, float]:
    padded = digits.ljust(max(LENGTHS), _ABSENT)
    described: dict[str, float] = {}
    for indicators, digit in zip(_INDICATORS, padded, strict=True):
        described |= indicators[digit]
    return described


def _first_of(kinds: str, digits: str) -> float:
    """The number of the first module of some kinds; every network has one of each."""
    return float(next(place for place, digit in enumerate(digits, 1) if digit in kinds))
