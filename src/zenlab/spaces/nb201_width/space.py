"""NAS-Bench-201 with free widths: 8 to 64 in steps of 8 for each stage, in place of 16, 32, 64.

Cells and skeleton are those of the benchmark (Dong and Yang, ICLR 2020). There are 15,625 x 512 =
8,000,000 networks, too many to walk through.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

import zenlab.spaces.nb201.cell as nb201_cell
from zenlab.checks import require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Graph
from zenlab.spaces.nb201.cell import EDGES, OPERATIONS, Cell
from zenlab.spaces.nb201.descriptors import describe_cell
from zenlab.spaces.nb201.graph import representatives, staged_graph
from zenlab.spaces.nb201.network import StagedNetwork, equal_cells, require_divisible
from zenlab.spaces.nb201.sizes import sizes_of
from zenlab.spaces.nb201.space import NB201
from zenlab.spaces.nb201.widths import WIDTHS, Widths, parse_widths, spell_widths, stepped

STAGES = 3

_CELLS = NB201()
_SPELLING = re.compile(r"\s*(\S.*?)\s+(\|.*|[0-9]+\s*)", re.DOTALL)


@dataclass(frozen=True)
class NB201Width:
    """Cells of NAS-Bench-201 in networks of N cells per stage, each stage with a width of its own.

    A genotype is the widths, a blank, and the benchmark's spelling of the cell:
    `16:32:64 |op~0|+|op~0|op~1|+|op~0|op~1|op~2|`. Images have `channels` planes of
    `image_size` x `image_size` pixels.
    """

    N: int = 5
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be built.
        """
        for name in ("N", "channels", "image_size", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))
        require_divisible(self.image_size)

    def parse(self, text: str) -> Genotype:
        """Return the canonical spelling of widths and a cell, spelt loosely or by its index."""
        return _spell(*_parse(text))

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw three widths and a cell uniformly."""
        widths = tuple(WIDTHS[i] for i in rng.integers(len(WIDTHS), size=STAGES))
        return _join(widths, _CELLS.sample(rng))

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Draw a neighbour uniformly: one width a step lower or higher, or another operation."""
        widths, cell = _parse(parent)
        steps = list(stepped(widths))
        chosen = rng.integers(len(steps) + len(EDGES) * (len(OPERATIONS) - 1))
        if chosen < len(steps):
            return _spell(steps[chosen], cell)
        return _join(widths, _CELLS.mutate(nb201_cell.spell(cell), rng))

    def neighbours(self, genotype: Genotype) -> list[Genotype]:
        """Return those with one width a step of 8 down or up, then those that differ on one edge.

        There are 27 to 30: up to 6 steps of widths, then 24 changes of an operation.
        """
        widths, cell = _parse(genotype)
        cells = _CELLS.neighbours(nb201_cell.spell(cell))
        return [
            *(_spell(changed, cell) for changed in stepped(widths)),
            *(_join(widths, changed) for changed in cells),
        ]

    def factors(self) -> Mapping[str, Sequence[str]]:
        """Return the widths of each stage, `width_1` and so on, and each edge's operations."""
        widths = tuple(map(str, WIDTHS))
        return {
            **{f"width_{stage}": widths for stage in range(1, STAGES + 1)},
            **_CELLS.factors(),
        }

    def compose(self, chosen: Mapping[str, str]) -> Genotype:
        """Return the network with these widths and these operations on its edges."""
        widths = tuple(int(chosen[f"width_{stage}"]) for stage in range(1, STAGES + 1))
        return _join(widths, _CELLS.compose(chosen))

    def canonical(self, genotype: Genotype) -> str:
        """Return the widths with the paper's class of the cell; not for sharing scores."""
        widths, cell = _parse(genotype)
        return f"{spell_widths(widths)} {nb201_cell.paper_class(cell)}"

    def representative(self, genotype: Genotype) -> Genotype:
        """Return equal widths with the cell that stands for all that are the same function.

        Widths don't change inside of a stage, so cells are the same as in `NB201`.
        """
        widths, cell = _parse(genotype)
        return _join(widths, representatives()[nb201_cell.spell(cell)])

    def build(self, genotype: Genotype) -> Network:
        """Build the network with PyTorch's default weights."""
        widths, cell = _parse(genotype)
        return StagedNetwork(
            cell,
            stages=equal_cells(widths, self.N),
            channels=self.channels,
            num_classes=self.num_classes,
        )

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        widths, cell = _parse(genotype)
        return staged_graph(
            cell,
            stages=equal_cells(widths, self.N),
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return the widths `width_1` to `width_3`, and all that `NB201` tells of a cell.

        `flops` in the convention of NAS-Bench-201; `params`, `macs` and `flops` at these widths.
        """
        widths, cell = _parse(genotype)
        sizes = sizes_of(
            cell,
            widths,
            N=self.N,
            channels=self.channels,
            image_size=self.image_size,
            classes=self.num_classes,
        )
        told = {f"width_{stage}": float(width) for stage, width in enumerate(widths, 1)}
        return {**told, **describe_cell(cell), **sizes}


def _parse(text: str) -> tuple[Widths, Cell]:
    found = _SPELLING.fullmatch(text)
    if found is None:
        raise ValueError(
            f"{text!r} spells no network of space=nb201_width; wanted widths, a blank, and a cell "
            f"or its official index, such as '16:32:64 |op~0|+|op~0|op~1|+|op~0|op~1|op~2|' or "
            f"'16:32:64 6111'"
        )
    return parse_widths(found[1], count=STAGES), nb201_cell.parse(found[2])


def _spell(widths: Widths, cell: Cell) -> Genotype:
    return _join(widths, nb201_cell.spell(cell))


def _join(widths: Widths, cell: Genotype) -> Genotype:
    return Genotype(f"{spell_widths(widths)} {cell}")
