"""NAS-Bench-201: 15,625 cells, five operations on six edges (Dong and Yang, ICLR 2020)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import zenlab.spaces.nb201.cell as nb201_cell
from zenlab.checks import require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Graph
from zenlab.spaces.nb201.cell import EDGES, OPERATIONS, parse, spell
from zenlab.spaces.nb201.descriptors import describe_cell
from zenlab.spaces.nb201.graph import nb201_graph, representatives
from zenlab.spaces.nb201.network import NB201Network, require_divisible
from zenlab.spaces.nb201.sizes import sizes_of


@dataclass(frozen=True)
class NB201:
    """The cells of NAS-Bench-201 in networks of N cells per stage and widths C, 2C, 4C.

    Images have `channels` planes of `image_size` x `image_size` pixels.
    """

    C: int = 16
    N: int = 5
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

    def __len__(self) -> int:
        """Return the number of cells, 15,625."""
        return len(nb201_cell.official_order())

    def __iter__(self) -> Iterator[Genotype]:
        """Walk through the cells in the order of their official index."""
        return iter(nb201_cell.official_order())

    def index(self, genotype: Genotype) -> int:
        """Return the official index of a cell."""
        return nb201_cell.official_index(genotype)

    def parse(self, text: str) -> Genotype:
        """Return the benchmark's spelling of a cell spelt loosely or by its official index."""
        return spell(parse(text))

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw a cell uniformly."""
        return spell(tuple(OPERATIONS[i] for i in rng.integers(len(OPERATIONS), size=len(EDGES))))

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Change the operation on one edge to another, both chosen uniformly."""
        cell = list(parse(parent))
        edge = rng.integers(len(EDGES))
        others = [operation for operation in OPERATIONS if operation != cell[edge]]
        cell[edge] = others[rng.integers(len(others))]
        return spell(tuple(cell))

    def neighbours(self, genotype: Genotype) -> list[Genotype]:
        """Return the 24 cells that differ on one edge, edge by edge."""
        cell = parse(genotype)
        return [
            spell((*cell[:edge], operation, *cell[edge + 1 :]))
            for edge in range(len(EDGES))
            for operation in OPERATIONS
            if operation != cell[edge]
        ]

    def factors(self) -> Mapping[str, Sequence[str]]:
        """Return the operations of each edge: `edge_01` and so on."""
        return {f"edge_{i}{j}": OPERATIONS for i, j in EDGES}

    def compose(self, chosen: Mapping[str, str]) -> Genotype:
        """Return the cell with these operations on its edges."""
        return spell(tuple(chosen[f"edge_{i}{j}"] for i, j in EDGES))

    def canonical(self, genotype: Genotype) -> str:
        """Return the paper's class of a cell: good for duplicates, not for sharing scores."""
        return nb201_cell.paper_class(parse(genotype))

    def representative(self, genotype: Genotype) -> Genotype:
        """Return the cell of lowest official index whose random networks are the same.

        Cells are the same if they compute the same function of equally distributed weights, unused
        operations included: 5,798 classes. Their networks have equally distributed Zen-scores.
        """
        return representatives()[genotype]

    def build(self, genotype: Genotype) -> Network:
        """Build the network of a cell with PyTorch's default weights."""
        return NB201Network(
            parse(genotype),
            C=self.C,
            N=self.N,
            channels=self.channels,
            num_classes=self.num_classes,
        )

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        return nb201_graph(
            parse(genotype),
            C=self.C,
            N=self.N,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return counts, edges, paths and sizes of a cell.

        `count_<operation>`; `edge_<ij>_<operation>` = 0 or 1; `paths`, `longest_path` and
        `shortest_path` in edges over paths without `none` (0 for a dead cell); `dead` = 1 if there
        is no such path; `reachable` = 1 if every operation but `none` lies on one; `params`;
        `macs` and `flops` in operations for one image.
        """
        cell = parse(genotype)
        sizes = sizes_of(
            cell,
            (self.C, 2 * self.C, 4 * self.C),
            N=self.N,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )
        return {**describe_cell(cell), **sizes}
