"""The size space of NATS-Bench: 32,768 choices of five widths (Dong et al., TPAMI 2021).

One cell of NAS-Bench-201, in one cell per stage. Five blocks follow the stem, with a width each:
cell, reduction, cell, reduction, cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

import zenlab.spaces.nb201.cell as nb201_cell
from zenlab.checks import require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Graph
from zenlab.spaces.nats_size.counts import sizes_of
from zenlab.spaces.nb201.graph import staged_graph
from zenlab.spaces.nb201.network import StagedNetwork, Stages, require_divisible
from zenlab.spaces.nb201.widths import WIDTHS, Widths, parse_widths, spell_widths, with_width

BLOCKS = 5
_COUNT: int = len(WIDTHS) ** BLOCKS
CELL = nb201_cell.parse(
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|"
    "+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|"
)


@dataclass(frozen=True)
class NatsSize:
    """Widths of five blocks, 8 to 64 in steps of 8, around the benchmark's fixed cell.

    A genotype is the widths, `8:24:32:24:24`. The second and third cell take the width of the
    reduction before them to their own; where these differ, the skip is a 1x1 convolution. Images
    have `channels` planes of `image_size` x `image_size` pixels.
    """

    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be built.
        """
        for name in ("channels", "image_size", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))
        require_divisible(self.image_size)

    def __len__(self) -> int:
        """Return the number of networks, 32,768."""
        return _COUNT

    def __iter__(self) -> Iterator[Genotype]:
        """Walk through the networks in the order of their official index."""
        return (_spell(widths) for widths in product(WIDTHS, repeat=BLOCKS))

    def index(self, genotype: Genotype) -> int:
        """Return the official index: 0 is all 8, 32,767 all 64, the last width counts up first."""
        number = 0
        for width in _parse(genotype):
            number = number * len(WIDTHS) + WIDTHS.index(width)
        return number

    def parse(self, text: str) -> Genotype:
        """Return the canonical spelling of five widths or of an official index."""
        return _spell(_by_index(text) if text.strip().isdecimal() else _parse(text))

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw five widths uniformly."""
        return _spell(tuple(WIDTHS[i] for i in rng.integers(len(WIDTHS), size=BLOCKS)))

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Change one width to another, both chosen uniformly.

        The benchmark's evolution draws from all eight, so that every eighth mutant is its parent.
        """
        widths = _parse(parent)
        place = int(rng.integers(BLOCKS))
        others = [width for width in WIDTHS if width != widths[place]]
        return _spell(with_width(widths, place, others[rng.integers(len(others))]))

    def neighbours(self, genotype: Genotype) -> list[Genotype]:
        """Return the 35 that differ in one width, width by width."""
        widths = _parse(genotype)
        return [
            _spell(with_width(widths, place, width))
            for place in range(BLOCKS)
            for width in WIDTHS
            if width != widths[place]
        ]

    def factors(self) -> Mapping[str, Sequence[str]]:
        """Return the widths of each block: `width_1` and so on."""
        return {f"width_{block}": tuple(map(str, WIDTHS)) for block in range(1, BLOCKS + 1)}

    def compose(self, chosen: Mapping[str, str]) -> Genotype:
        """Return the network whose blocks have these widths."""
        return _spell(tuple(int(chosen[f"width_{block}"]) for block in range(1, BLOCKS + 1)))

    def canonical(self, genotype: Genotype) -> str:
        """Return the genotype itself: no two networks are the same."""
        return genotype

    def build(self, genotype: Genotype) -> Network:
        """Build the network with PyTorch's default weights."""
        return StagedNetwork(
            CELL,
            stages=_stages(_parse(genotype)),
            channels=self.channels,
            num_classes=self.num_classes,
        )

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        return staged_graph(
            CELL,
            stages=_stages(_parse(genotype)),
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return widths and sizes of a network.

        `width_1` to `width_5`; `skip_convolutions` = cells (0 to 2) whose skip is a convolution;
        `dead` = 0; `params`, batch norm included; `macs` for one image, and `flops`, which in this
        benchmark add the biases of the classifier to them.
        """
        widths = _parse(genotype)
        _, second, third, fourth, fifth = widths
        return {
            **{f"width_{block}": float(width) for block, width in enumerate(widths, 1)},
            "skip_convolutions": float((second != third) + (fourth != fifth)),
            "dead": 0.0,
            **sizes_of(
                _stages(widths),
                channels=self.channels,
                image_size=self.image_size,
                classes=self.num_classes,
            ),
        }


def _spell(widths: Widths) -> Genotype:
    return Genotype(spell_widths(widths))


def _parse(text: str) -> Widths:
    return parse_widths(text, count=BLOCKS)


def _by_index(text: str) -> Widths:
    index = int(text)
    if index >= _COUNT:
        raise ValueError(
            f"index {index} is too large: the official indices go from 0 to {_COUNT - 1}"
        )
    places = [index // len(WIDTHS) ** block % len(WIDTHS) for block in reversed(range(BLOCKS))]
    return tuple(WIDTHS[place] for place in places)


def _stages(widths: Widths) -> Stages:
    first, second, third, fourth, fifth = widths
    return (first, first), (second, third), (fourth, fifth)
