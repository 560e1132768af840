"""ResNets of free depth and width in each stage (He et al., CVPR 2016).

Blocks are those of the paper: batch norm and ReLU behind convolutions, and a 1x1 convolution in the
shortcut where the shape changes. Bottlenecks halve the sides in their 3x3 convolution, as is usual
since; the paper does it in the 1x1 convolution before. The stem is one 3x3 convolution as wide as
the first stage.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

import zenlab.spaces.resnet.design as resnet_design
from zenlab.checks import require_one_of, require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Convolution, Graph
from zenlab.spaces.residual.graph import residual_graph
from zenlab.spaces.residual.network import ResidualNetwork
from zenlab.spaces.residual.plan import NetworkPlan
from zenlab.spaces.residual.sizes import depth_of, residual_sizes
from zenlab.spaces.resnet.design import KINDS, Design, spell

Blocks = Literal["any", "basic", "bottleneck"]
_STEP = 8
"""Widths are multiples of it."""


@dataclass(frozen=True)
class ResNet:
    """Networks of `stages` stages with 1 to `max_depth` blocks of width 8, 16 ... `max_width`.

    All blocks are of one kind, `blocks`. Each stage but the first halves the sides. Without
    `residual` blocks have no shortcuts. Images have `channels` planes of `image_size` x
    `image_size` pixels.
    """

    stages: int = 3
    max_depth: int = 9
    max_width: int = 64
    blocks: Blocks = "any"
    residual: bool = True
    stem_stride: int = 1
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be built.
        """
        for name in ("stages", "max_depth", "stem_stride", "channels", "image_size", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))
        require_whole("space.max_width", self.max_width, least=_STEP)
        if self.max_width % _STEP:
            raise ValueError(f"space.max_width is {self.max_width}; wanted a multiple of {_STEP}")
        require_one_of("space.blocks", self.blocks, get_args(Blocks))
        require_one_of("space.residual", self.residual, (True, False))

    def parse(self, text: str) -> Genotype:
        """Return the spelling of a network, such as `basic:3x16,3x32,3x64` for ResNet-20.

        Raises:
            ValueError: `text` spells no network of this space.
        """
        design = resnet_design.parse(text)
        self._check(design)
        return spell(design)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw a network uniformly."""
        kind = self._kinds[rng.integers(len(self._kinds))]
        depths = tuple(int(depth) for depth in rng.choice(self._depths, self.stages))
        widths = tuple(int(width) for width in rng.choice(self._widths, self.stages))
        return spell(Design(kind, depths, widths))

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Change the depth or the width of one stage, or the kind of all blocks.

        What changes and what it becomes are chosen uniformly.

        Raises:
            ValueError: there is no other network in this space.
        """
        changes = [options for options in self._changes(resnet_design.parse(parent)) if options]
        if not changes:
            raise ValueError(f"{parent} is the only network of this space; raise space.max_depth")
        options = changes[rng.integers(len(changes))]
        return spell(options[rng.integers(len(options))])

    def canonical(self, genotype: Genotype) -> str:
        """Return the spelling itself: no two of them build the same network."""
        return genotype

    def build(self, genotype: Genotype) -> Network:
        """Build the network with PyTorch's default weights."""
        return ResidualNetwork(self._plan(resnet_design.parse(genotype)))

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        return residual_graph(self._plan(resnet_design.parse(genotype)), self.image_size)

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return depths, widths and sizes of a network.

        `bottleneck` = 1 for bottleneck blocks; `blocks`, `blocks_stage_<1 ...>` and
        `width_stage_<1 ...>`, as spelt; `depth` = convolutions one after another, `layers` = these
        and the classifier, by which ResNets are named; `residual_links`, of which `projections`
        have a convolution; `dead` = 0; `params` (batch norm included); `activations` = numbers
        that convolutions and classifier give; `macs`, and `flops`, which are the same in the paper.
        """
        design = resnet_design.parse(genotype)
        plan = self._plan(design)
        sizes, depth = residual_sizes(plan, self.image_size), depth_of(plan)
        blocks = sum(design.depths)
        return {
            "bottleneck": float(design.kind == "bottleneck"),
            "blocks": float(blocks),
            **{f"blocks_stage_{i}": float(d) for i, d in enumerate(design.depths, 1)},
            **{f"width_stage_{i}": float(w) for i, w in enumerate(design.widths, 1)},
            "depth": float(depth),
            "layers": float(depth + 1),
            "residual_links": float(blocks if self.residual else 0),
            "projections": float(sum(block.projection is not None for block in plan.blocks)),
            "dead": 0.0,
            "params": float(sizes.params),
            "activations": float(sizes.activations),
            "macs": float(sizes.macs),
            "flops": float(sizes.macs),
        }

    @property
    def _kinds(self) -> tuple[str, ...]:
        return KINDS if self.blocks == "any" else (self.blocks,)

    @property
    def _depths(self) -> range:
        return range(1, self.max_depth + 1)

    @property
    def _widths(self) -> range:
        return range(_STEP, self.max_width + 1, _STEP)

    def _plan(self, design: Design) -> NetworkPlan:
        stem = Convolution(3, design.widths[0], self.stem_stride)
        blocks = resnet_design.blocks(design, residual=self.residual)
        return NetworkPlan(self.channels, stem, blocks, self.num_classes)

    def _changes(self, design: Design) -> Iterator[list[Design]]:
        """Yield, for each thing that may change, the designs that it leads to."""
        yield [design._replace(kind=kind) for kind in self._kinds if kind != design.kind]
        for place in range(self.stages):
            depths = _others(design.depths, place, self._depths)
            yield [design._replace(depths=changed) for changed in depths]
            widths = _others(design.widths, place, self._widths)
            yield [design._replace(widths=changed) for changed in widths]

    def _check(self, design: Design) -> None:
        if len(design.depths) != self.stages:
            raise ValueError(
                f"{spell(design)} has {len(design.depths)} stages; space.stages is {self.stages}"
            )
        if design.kind not in self._kinds:
            raise ValueError(
                f"{spell(design)} has {design.kind} blocks; space.blocks is {self.blocks}"
            )
        for place, (depth, width) in enumerate(zip(design.depths, design.widths, strict=True), 1):
            if depth not in self._depths:
                raise ValueError(
                    f"stage {place} of {spell(design)} has {depth} blocks; wanted 1 to "
                    f"{self.max_depth} (space.max_depth)"
                )
            if width not in self._widths:
                raise ValueError(
                    f"stage {place} of {spell(design)} has width {width}; wanted a multiple of "
                    f"{_STEP} from {_STEP} to {self.max_width} (space.max_width)"
                )


def _others(values: tuple[int, ...], place: int, known: range) -> list[tuple[int, ...]]:
    """Return the values with another one at a place, for each that is known."""
    before, value, after = values[:place], values[place], values[place + 1 :]
    return [(*before, other, *after) for other in known if other != value]
