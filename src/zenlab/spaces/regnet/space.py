"""RegNets, whose widths follow a rounded line (Radosavovic et al., CVPR 2020).

Blocks are residual bottlenecks with grouped 3x3 convolutions; with squeeze-excitation in them they
are RegNetY, without RegNetX. Stem and stages each halve the sides, unless the stem has stride 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

import zenlab.spaces.regnet.design as regnet_design
from zenlab.checks import require_one_of, require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Convolution, Graph
from zenlab.spaces.regnet.design import MAX_DEPTH, Design, Stage, block_widths, spell, stages
from zenlab.spaces.regnet.draws import Ranges, draw, powers_of_two, redraw
from zenlab.spaces.residual.graph import residual_graph
from zenlab.spaces.residual.network import ResidualNetwork
from zenlab.spaces.residual.plan import BlockPlan, NetworkPlan, stage_plan
from zenlab.spaces.residual.sizes import depth_of, residual_sizes

_PATIENCE = 10_000
"""Draws in a row without a network of the space after which there seems to be none."""


@dataclass(frozen=True)
class RegNet:
    """All RegNets with `stages` stages.

    `sample` draws them as the authors' program does by default: depths from `min_depth` to
    `max_depth`, `w0` and `wa` up to `max_w0` and `max_wa`, group widths from `min_group_width` to
    `max_group_width`, and squeeze-excitation if `squeezed`. Images have `channels` planes of
    `image_size` x `image_size` pixels.
    """

    stages: int = 4
    min_depth: int = 12
    max_depth: int = 28
    max_w0: int = 256
    max_wa: int = 256
    min_group_width: int = 8
    max_group_width: int = 128
    squeezed: bool = False
    stem_width: int = 32
    stem_stride: int = 2
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be built, or a range is empty.
        """
        for name in ("stages", "stem_width", "stem_stride", "channels", "image_size"):
            require_whole(f"space.{name}", getattr(self, name))
        for name in ("num_classes", "min_depth", "min_group_width"):
            require_whole(f"space.{name}", getattr(self, name))
        require_whole("space.max_depth", self.max_depth, least=self.min_depth)
        require_whole("space.max_group_width", self.max_group_width, least=self.min_group_width)
        for name in ("max_w0", "max_wa"):
            require_whole(f"space.{name}", getattr(self, name), least=8)
        require_one_of("space.squeezed", self.squeezed, (True, False))
        self._check_ranges()

    def parse(self, text: str) -> Genotype:
        """Return the spelling of a RegNet given by its parameters or by the name of a model.

        What `sample` would draw limits it in nothing but the number of stages.

        Raises:
            ValueError: `text` spells no RegNet, or one with another number of stages.
        """
        design = regnet_design.parse(text)
        widths, wanted = block_widths(design)
        found = len(set(widths))
        if found != wanted:
            raise ValueError(
                f"{text!r} has a gap: widths {sorted(set(widths))}, which are {found} stages, "
                f"where w0, wa and wm make {wanted}; change wm"
            )
        if found != self.stages:
            raise ValueError(f"{text!r} has {found} stages; space.stages is {self.stages}")
        return spell(design)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw each parameter by itself, until they give the stages wanted.

        Depth is uniform, `w0`, `wa` and `wm` (2 to 3) log-uniform.

        Raises:
            ValueError: no such network was found.
        """
        for _ in range(_PATIENCE):
            design = draw(self._ranges, rng, squeezed=self.squeezed)
            if self._belongs(design):
                return spell(design)
        raise ValueError(f"no RegNet with {self.stages} stages found; change space.stages")

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Draw one parameter anew, until that gives another network with the stages wanted.

        Raises:
            ValueError: no such network was found.
        """
        design, known = regnet_design.parse(parent), self.canonical(parent)
        for _ in range(_PATIENCE):
            child = redraw(design, self._ranges, rng)
            if self._belongs(child) and _canonical(child) != known:
                return spell(child)
        raise ValueError(f"no other RegNet found next to {parent}; widen the ranges of the space")

    def canonical(self, genotype: Genotype) -> str:
        """Return the stages, which RegNets of other parameters may share."""
        return _canonical(regnet_design.parse(genotype))

    def build(self, genotype: Genotype) -> Network:
        """Build the network with PyTorch's default weights."""
        return ResidualNetwork(self._plan(regnet_design.parse(genotype)))

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        return residual_graph(self._plan(regnet_design.parse(genotype)), self.image_size)

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return parameters, stages and sizes of a network.

        `blocks` (the paper's depth), `w0`, `wa`, `wm`, `group_width`, `bottleneck`, `squeezed` = 0
        or 1, as spelt; `stages`; `blocks_stage_<1 ...>`, `width_stage_<1 ...>` and
        `group_width_stage_<1 ...>`; `depth` = convolutions one after another, `layers` = these and
        the classifier; `residual_links`; `dead` = 0; `params` (batch norm included); `macs`;
        `flops` as the authors' program counts them, multiply-adds and the additions of biases;
        `activations` = numbers that convolutions and classifier give.
        """
        design = regnet_design.parse(genotype)
        plan, made = self._plan(design), stages(design)
        sizes, depth = residual_sizes(plan, self.image_size), depth_of(plan)
        return {
            "blocks": float(design.depth),
            "w0": float(design.w0),
            "wa": design.wa,
            "wm": design.wm,
            "group_width": float(design.group_width),
            "bottleneck": design.bottleneck,
            "squeezed": float(design.squeezed),
            "stages": float(len(made)),
            **{f"blocks_stage_{i}": float(stage.depth) for i, stage in enumerate(made, 1)},
            **{f"width_stage_{i}": float(stage.width) for i, stage in enumerate(made, 1)},
            **{
                f"group_width_stage_{i}": float(stage.group_width)
                for i, stage in enumerate(made, 1)
            },
            "depth": float(depth),
            "layers": float(depth + 1),
            "residual_links": float(design.depth),
            "dead": 0.0,
            "params": float(sizes.params),
            "macs": float(sizes.macs),
            "flops": float(sizes.macs + sizes.biases),
            "activations": float(sizes.activations),
        }

    @property
    def _ranges(self) -> Ranges:
        return Ranges(
            self.min_depth,
            self.max_depth,
            self.max_w0,
            self.max_wa,
            self.min_group_width,
            self.max_group_width,
        )

    def _belongs(self, design: Design) -> bool:
        widths, wanted = block_widths(design)
        return len(set(widths)) == wanted == self.stages

    def _plan(self, design: Design) -> NetworkPlan:
        blocks: list[BlockPlan] = []
        entering = self.stem_width
        for stage in stages(design):
            blocks += _stage(entering, stage, design.squeezed)
            entering = stage.width
        stem = Convolution(3, self.stem_width, self.stem_stride)
        return NetworkPlan(self.channels, stem, tuple(blocks), self.num_classes)

    def _check_ranges(self) -> None:
        if self.max_depth > MAX_DEPTH:
            raise ValueError(f"space.max_depth is {self.max_depth}; wanted at most {MAX_DEPTH}")
        if not powers_of_two(self.min_group_width, self.max_group_width):
            raise ValueError(
                f"space.min_group_width={self.min_group_width} and space.max_group_width="
                f"{self.max_group_width} have no power of two between them; wanted one at least"
            )


def _canonical(design: Design) -> str:
    made = ",".join("x".join(map(str, stage)) for stage in stages(design))
    return f"{made},se={int(design.squeezed)}"


@lru_cache(maxsize=16384)
def _stage(entering: int, stage: Stage, squeezed: bool) -> tuple[BlockPlan, ...]:
    """Return the blocks of a stage, the first with stride 2; gates are a quarter of what enters."""
    first, others = (
        (
            Convolution(1, stage.inner),
            Convolution(3, stage.inner, stride, stage.inner // stage.group_width),
            Convolution(1, stage.width),
        )
        for stride in (2, 1)
    )
    gates = (max(1, round(entering / 4)), round(stage.width / 4)) if squeezed else None
    return stage_plan(entering, stage.depth, first, others, gates=gates)
