"""NAS-Bench-201: 15,625 cells, five operations on six edges (Dong and Yang, ICLR 2020).

Sizes are counted in closed form: the note of each function says what it counts, and the figures
of the benchmark itself come out exactly.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from zenlab.checks import require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Graph
from zenlab.spaces import nb201_cell
from zenlab.spaces.nb201_cell import EDGES, OPERATIONS, Cell, parse, paths, spell
from zenlab.spaces.nb201_graph import nb201_graph, representatives
from zenlab.spaces.nb201_network import NB201Network


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
        if self.image_size % 4:
            raise ValueError(
                f"images of {self.image_size} x {self.image_size} pixels: a NAS-Bench-201 network "
                f"halves them twice, so space.image_size must be divisible by 4"
            )

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
        counts = Counter(cell)
        return {
            **{f"count_{operation}": float(counts[operation]) for operation in OPERATIONS},
            **_edge_indicators(cell),
            **_path_descriptors(cell),
            "params": float(self._params(counts)),
            "macs": float(self._macs(counts)),
            "flops": float(self._macs(counts) + self._other_flops(counts)),
        }

    def _params(self, counts: Counter[str]) -> int:
        """Weights and biases, batch norm scale and shift included."""
        stem = 9 * self.channels * self.C + 2 * self.C
        cells = 0
        for width in self._widths:
            conv1x1 = width * width + 2 * width
            conv3x3 = 9 * width * width + 2 * width
            cells += counts["nor_conv_1x1"] * conv1x1 + counts["nor_conv_3x3"] * conv3x3
        reductions = sum(9 * w * w // 2 + 9 * w * w + 4 * w + w * w // 2 for w in self._widths[1:])
        head = 2 * self._widths[-1] + (self._widths[-1] + 1) * self.num_classes
        return stem + self.N * cells + reductions + head

    def _macs(self, counts: Counter[str]) -> int:
        """Multiply-adds of convolutions and of the classifier (its bias not counted)."""
        weights = counts["nor_conv_1x1"] + 9 * counts["nor_conv_3x3"]
        cells = sum(weights * w * w * pixels for w, pixels in self._stages)
        reductions = sum((9 * w * w // 2 + 9 * w * w + w * w // 2) * p for w, p in self._stages[1:])
        stem = 9 * self.channels * self.C * self.image_size**2
        return stem + self.N * cells + reductions + self._widths[-1] * self.num_classes

    def _other_flops(self, counts: Counter[str]) -> int:
        """What the benchmark's counter adds to the multiply-adds, per element of a map.

        Batch norm 2, ReLU 1 (at the size of its input), pooling the window's cells; the global
        pooling of a map of side s counts (s + 1)^2 for each channel.
        """
        convolutions = counts["nor_conv_1x1"] + counts["nor_conv_3x3"]
        maps = [w * pixels for w, pixels in self._stages]
        cells = (3 * convolutions + 9 * counts["avg_pool_3x3"]) * sum(maps)
        # ReLU of the incoming map (twice as large), ReLU, two batch norms, 2x2 pooling of it
        reductions = sum(2 * m + m + 4 * m + 4 * m // 2 for m in maps[1:])
        head = 3 * maps[-1] + self._widths[-1] * (self.image_size // 4 + 1) ** 2
        return 2 * maps[0] + self.N * cells + reductions + head

    @property
    def _widths(self) -> tuple[int, int, int]:
        return self.C, 2 * self.C, 4 * self.C

    @property
    def _stages(self) -> list[tuple[int, int]]:
        """Width and number of pixels of each stage."""
        return [(w, (self.image_size // 2**i) ** 2) for i, w in enumerate(self._widths)]


def _edge_indicators(cell: Cell) -> dict[str, float]:
    return {
        f"edge_{i}{j}_{operation}": float(on_edge == operation)
        for (i, j), on_edge in zip(EDGES, cell, strict=True)
        for operation in OPERATIONS
    }


def _path_descriptors(cell: Cell) -> dict[str, float]:
    found = paths(cell)
    lengths = [len(path) for path in found]
    on_a_path = {edge for path in found for edge in path}
    live = {edge for edge, operation in zip(EDGES, cell, strict=True) if operation != "none"}
    return {
        "paths": float(len(found)),
        "longest_path": float(max(lengths, default=0)),
        "shortest_path": float(min(lengths, default=0)),
        "dead": float(not found),
        "reachable": float(live == on_a_path),
    }
