"""NAS-Bench-Macro: 6,561 MobileNetV2-like networks of eight layers (Su et al., CVPR 2021)."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Graph
from zenlab.spaces.nb_macro.graph import nb_macro_graph
from zenlab.spaces.nb_macro.layers import (
    DIGITS,
    LENGTH,
    layers,
    parse,
    stages,
    without_order,
)
from zenlab.spaces.nb_macro.network import NBMacroNetwork
from zenlab.spaces.nb_macro.sizes import sizes_of

_LEAST_IMAGE = 8  # three layers halve the sides
_INDICATORS = tuple(
    {
        chosen: {f"layer_{place}_{digit}": float(digit == chosen) for digit in DIGITS}
        for chosen in DIGITS
    }
    for place in range(1, LENGTH + 1)
)


@dataclass(frozen=True)
class NBMacro:
    """Eight digits, one for each layer; without `residual` no layer adds its input to its output.

    Images have `channels` planes of `image_size` x `image_size` pixels; three layers halve the
    sides, rounding up.
    """

    residual: bool = True
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be built.
        """
        require_one_of("space.residual", self.residual, (True, False))
        require_whole("space.image_size", self.image_size, least=_LEAST_IMAGE)
        for name in ("channels", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))

    def __len__(self) -> int:
        """Return the number of networks, 6,561."""
        return 6_561

    def __iter__(self) -> Iterator[Genotype]:
        """Walk through the networks from 00000000 to 22222222."""
        return (Genotype("".join(d)) for d in itertools.product(DIGITS, repeat=LENGTH))

    def parse(self, text: str) -> Genotype:
        """Return the eight digits of a network."""
        return parse(text)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw a network uniformly; duplicates count as often as they are spelt."""
        return Genotype("".join(DIGITS[i] for i in rng.integers(len(DIGITS), size=LENGTH)))

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Change one digit to another, both chosen uniformly."""
        near = self.neighbours(parent)
        return near[rng.integers(len(near))]

    def neighbours(self, genotype: Genotype) -> list[Genotype]:
        """Return the 16 networks that differ in one digit, layer by layer."""
        digits = parse(genotype)
        return [
            Genotype(digits[:place] + digit + digits[place + 1 :])
            for place in range(LENGTH)
            for digit in DIGITS
            if digit != digits[place]
        ]

    def factors(self) -> Mapping[str, Sequence[str]]:
        """Return the digits of each layer: `layer_1` to `layer_8`."""
        return {f"layer_{place}": tuple(DIGITS) for place in range(1, LENGTH + 1)}

    def compose(self, chosen: Mapping[str, str]) -> Genotype:
        """Return the network of these digits."""
        return Genotype("".join(chosen[name] for name in self.factors()))

    def canonical(self, genotype: Genotype) -> str:
        """Return the same network with the identities of each stage behind its other layers.

        There are 3,969 different ones; the benchmark gives duplicates the same accuracies.
        """
        return without_order(parse(genotype))

    def representative(self, genotype: Genotype) -> Genotype:
        """Return the one spelling of the same network that stands for all; see `canonical`."""
        return without_order(parse(genotype))

    def build(self, genotype: Genotype) -> Network:
        """Build the network with PyTorch's default weights."""
        return NBMacroNetwork(
            layers(parse(genotype)),
            residual=self.residual,
            channels=self.channels,
            num_classes=self.num_classes,
        )

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        return nb_macro_graph(
            layers(parse(genotype)),
            residual=self.residual,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return counts, places and sizes of a network.

        `count_<digit>`; `layer_<1 to 8>_<digit>` = 0 or 1; `blocks` = layers with an inverted
        bottleneck, `blocks_stage_<1 to 3>`; `depth` = convolutions one after another;
        `residual_links`; `dead` = 0; `params` (batch norm included); `macs`, and `flops`, which in
        this benchmark are the same: multiply-adds of convolutions and classifier.
        """
        digits = parse(genotype)
        sizes = sizes_of(
            digits,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )
        described: dict[str, float] = {f"count_{d}": float(digits.count(d)) for d in DIGITS}
        for indicators, digit in zip(_INDICATORS, digits, strict=True):
            described |= indicators[digit]
        return described | {
            "blocks": float(LENGTH - digits.count("0")),
            **{
                f"blocks_stage_{i}": float(len(stage) - stage.count("0"))
                for i, stage in enumerate(stages(digits), 1)
            },
            "depth": float(sizes.depth),
            "residual_links": float(sizes.residual_links if self.residual else 0),
            "dead": 0.0,
            "params": float(sizes.params),
            "macs": float(sizes.macs),
            "flops": float(sizes.macs),
        }
