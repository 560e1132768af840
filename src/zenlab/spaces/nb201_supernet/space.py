"""The supernet of NAS-Bench-201 that TE-NAS prunes (Chen et al., ICLR 2021): subsets on six edges.

Every edge holds some of skip, both convolutions and average pooling; `none` never. The 15^6 cells
are too many to walk through.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from zenlab.checks import require_whole
from zenlab.core import Genotype, Network
from zenlab.spaces.nb201.cell import EDGES
from zenlab.spaces.nb201.network import require_divisible
from zenlab.spaces.nb201.sizes import sizes_of
from zenlab.spaces.nb201_supernet.cell import OPERATIONS, Edges, in_order, parse, spell
from zenlab.spaces.nb201_supernet.network import NB201SupernetNetwork


@dataclass(frozen=True)
class NB201Supernet:
    """Cells with one to four operations on each edge, in networks of N cells per stage.

    Widths are C, 2C, 4C. Images have `channels` planes of `image_size` x `image_size` pixels.
    """

    C: int = 3
    N: int = 1
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be built.
        """
        for name in ("C", "N", "channels", "image_size", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))
        require_divisible(self.image_size)

    def parse(self, text: str) -> Genotype:
        """Return the canonical spelling; a cell of NAS-Bench-201 without `none` is its own."""
        return spell(parse(text))

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw a cell uniformly: on each edge one of the 15 sets of operations."""
        drawn = rng.integers(1, 2 ** len(OPERATIONS), size=len(EDGES))
        return spell(
            tuple(
                tuple(name for bit, name in enumerate(OPERATIONS) if chosen >> bit & 1)
                for chosen in drawn
            )
        )

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Strike one operation or put one back, uniformly; an edge's last one stays."""
        changed = self.neighbours(parent)
        return changed[rng.integers(len(changed))]

    def neighbours(self, genotype: Genotype) -> list[Genotype]:
        """Return the up to 24 cells that have one operation more or less, edge by edge."""
        edges = parse(genotype)
        return [
            spell((*edges[:edge], _toggled(left, name), *edges[edge + 1 :]))
            for edge, left in enumerate(edges)
            for name in OPERATIONS
            if left != (name,)
        ]

    def canonical(self, genotype: Genotype) -> str:
        """Return the genotype itself: no two cells are taken for duplicates."""
        return genotype

    def seed_key(self, genotype: Genotype) -> str:
        """Return the same word for all: cells differ by what is struck alone, never by chance."""
        return "nb201_supernet"

    def whole(self) -> Genotype:
        """Return the cell with every operation on every edge."""
        return spell((OPERATIONS,) * len(EDGES))

    def choices(self, genotype: Genotype) -> Edges:
        """Return the operations left on each edge."""
        return parse(genotype)

    def with_choices(self, choices: Sequence[Sequence[str]]) -> Genotype:
        """Return the cell that has these operations on its six edges.

        Raises:
            ValueError: there are not six edges, or one can't hold what it is given.
        """
        if len(choices) != len(EDGES):
            raise ValueError(f"there are {len(choices)} edges; wanted {len(EDGES)}")
        return spell(tuple(in_order(left) for left in choices))

    def build(self, genotype: Genotype) -> Network:
        """Build the network of a cell with PyTorch's default weights, struck operations included.

        The weights of an operation don't depend on what is struck.
        """
        return NB201SupernetNetwork(
            parse(genotype),
            C=self.C,
            N=self.N,
            channels=self.channels,
            num_classes=self.num_classes,
        )

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return which operations are left, how many, and sizes.

        `operations` is their number on all edges, `count_<operation>` that of one kind;
        `edge_<ij>_<operation>` = 0 or 1; `discrete` = 1 where each edge has one; `params` counts
        the whole supernet, whose struck operations stay in the network, `left_params` only what is
        run; `macs` and `flops` (as NAS-Bench-201 counts) are those of one image; `dead` is 0.
        """
        edges = parse(genotype)
        run = [name for left in edges for name in left]
        counts = Counter(run)
        sizes = self._sizes(run)
        return {
            **{f"count_{name}": float(counts[name]) for name in OPERATIONS},
            **{
                f"edge_{i}{j}_{name}": float(name in left)
                for (i, j), left in zip(EDGES, edges, strict=True)
                for name in OPERATIONS
            },
            "operations": float(len(run)),
            "discrete": float(len(run) == len(EDGES)),
            "dead": 0.0,
            "params": self._sizes(OPERATIONS * len(EDGES))["params"],
            "left_params": sizes["params"],
            "macs": sizes["macs"],
            "flops": sizes["flops"],
        }

    def _sizes(self, operations: Sequence[str]) -> dict[str, float]:
        """Count a network whose cells run these operations; the mean over an edge costs nothing."""
        return sizes_of(
            tuple(operations),
            (self.C, 2 * self.C, 4 * self.C),
            N=self.N,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )


def _toggled(left: Sequence[str], name: str) -> tuple[str, ...]:
    return tuple(other for other in OPERATIONS if (other in left) != (other == name))
