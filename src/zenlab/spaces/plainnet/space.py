"""The search spaces of Zen-NAS: structure strings of super-blocks (Lin et al., ICCV 2021).

`space=masternet` varies residual and bottleneck blocks, `space=mobile` inverted bottlenecks with
depthwise convolutions. Any structure string of the family can be read, so published networks can be
scored, counted and trained.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

import zenlab.spaces.plainnet.structure as plainnet_string
from zenlab.checks import require_one_of, require_whole
from zenlab.core import Genotype, Network
from zenlab.graphs.graph import Graph
from zenlab.spaces.plainnet.graph import plainnet_block
from zenlab.spaces.plainnet.mutation import chained, replaced
from zenlab.spaces.plainnet.network import PlainNetwork
from zenlab.spaces.plainnet.sizes import Size, layers_of, official_size, true_size
from zenlab.spaces.plainnet.structure import Structure, SuperBlock

Blocks = Literal["residual", "mobile"]


@dataclass(frozen=True)
class PlainNet:
    """Chains of super-blocks, varied from an `initial` structure; strides stay as they are.

    `blocks` says which residual blocks a mutation may put in: `residual` (two convolutions or
    bottlenecks, SuperResKXKX and SuperResK1KXK1) or `mobile` (SuperResIDWEXKX). `residual` keeps
    the links of residual blocks; Zen-NAS scores networks without them. Mutations make no width
    above `max_width`. A sample is the initial structure after `sample_mutations` mutations.
    """

    blocks: Blocks
    initial: str
    max_width: int | None
    residual: bool = True
    squeeze_excitation: bool = False
    batch_norm: bool = True
    sample_mutations: int = 12
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them can't be used.
        """
        require_one_of("space.blocks", self.blocks, get_args(Blocks))
        for name in ("residual", "squeeze_excitation", "batch_norm"):
            require_one_of(f"space.{name}", getattr(self, name), (True, False))
        for name in ("sample_mutations", "channels", "image_size", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))
        if self.max_width is not None:
            require_whole("space.max_width", self.max_width, least=8)
        try:
            plainnet_string.parse(self.initial)
        except ValueError as error:
            raise ValueError(f"space.initial: {error}") from None

    @property
    def start(self) -> Genotype:
        """The initial structure, with as many channels as the images have."""
        structure = plainnet_string.parse(self.initial)
        return _spell(chained(structure, self.channels))

    def parse(self, text: str) -> Genotype:
        """Return the canonical structure string: no blanks, no labels.

        Raises:
            ValueError: `text` is none; names the block where it goes wrong.
        """
        return _spell(plainnet_string.parse(text, self.channels))

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw a structure by mutations of the initial one: a distribution without a formula."""
        genotype = self.start
        for _ in range(self.sample_mutations):
            genotype = self.vary(genotype, rng, times=1)
        return genotype

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Replace one block by another candidate; never returns `parent`."""
        mutant = parent
        while mutant == parent:
            mutant = self.vary(parent, rng, times=1)
        return mutant

    def vary(self, parent: Genotype, rng: np.random.Generator, *, times: int) -> Genotype:
        """Replace up to `times` blocks as the authors' search does; may return `parent`."""
        return _spell(
            replaced(
                self._structure(parent),
                rng,
                blocks=self.blocks,
                max_width=self.max_width,
                times=times,
            )
        )

    def build(self, genotype: Genotype) -> Network:
        """Build the network of a structure with PyTorch's default weights."""
        return PlainNetwork(
            self._structure(genotype),
            self.num_classes,
            residual=self.residual,
            gated=self.squeeze_excitation,
            normed=self.batch_norm,
        )

    def graph(self, genotype: Genotype) -> Graph:
        """Return the operations between image and features before pooling."""
        options = {
            "residual": self.residual,
            "gated": self.squeeze_excitation,
            "normed": self.batch_norm,
        }
        blocks = tuple(plainnet_block(block, **options) for block in self._structure(genotype))
        return Graph(self.channels, self.image_size, self.num_classes, blocks)

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return sizes, depths and widths of a structure.

        `params`; `macs`, and `flops`, which are the same here; `layers` as the authors count them;
        `norms`, batch norms; `blocks`; `layers_<family>`; `kernel` and `width`, means over layers;
        `last_width`; `shrinking`, the factor by which sides shrink; `dead` = 0.
        """
        structure = self._structure(genotype)
        size = self._size(structure)
        return {
            "params": size.params,
            "macs": size.macs,
            "flops": size.macs,
            "dead": 0.0,
            "norms": float(size.norms),
            **_shape(structure),
        }

    def official(self, genotype: Genotype) -> Mapping[str, float]:
        """Return `params`, `flops` and `layers` as the authors' search counts them.

        They count with links and without squeeze-excitation, whatever this space says.
        """
        structure = self._structure(genotype)
        params, flops = official_size(structure, self.image_size, self.num_classes)
        return {"params": params, "flops": flops, "layers": float(layers_of(structure))}

    def canonical(self, genotype: Genotype) -> str:
        """Return the structure with equal neighbours merged, where links don't tell them apart."""
        if self.residual:
            return genotype
        return plainnet_string.spell(_merged(self._structure(genotype)))

    def _structure(self, genotype: Genotype) -> Structure:
        return plainnet_string.parse(genotype, self.channels)

    def _size(self, structure: Structure) -> Size:
        return true_size(
            structure,
            self.image_size,
            self.num_classes,
            residual=self.residual,
            gated=self.squeeze_excitation,
            normed=self.batch_norm,
        )


def _spell(structure: Structure) -> Genotype:
    return Genotype(plainnet_string.spell(structure))


def _shape(structure: Structure) -> dict[str, float]:
    layers = layers_of(structure)
    families = {"conv": 0, "basic": 0, "bottleneck": 0, "mobile": 0}
    kernels, widths, shrinking = 0, 0, 1
    for block in structure:
        families[block.family] += block.layers
        kernels += block.kernel * block.layers
        widths += block.width_out * block.layers
        shrinking *= block.stride
    return {
        "layers": float(layers),
        "blocks": float(len(structure)),
        **{f"layers_{family}": float(count) for family, count in families.items()},
        "kernel": kernels / layers,
        "width": widths / layers,
        "last_width": float(structure[-1].width_out),
        "shrinking": float(shrinking),
    }


def _merged(structure: Structure) -> Structure:
    """Join a block with the one before where it only makes it longer."""
    merged: list[SuperBlock] = []
    for block in structure:
        before = merged[-1] if merged else None
        longer = before and before._replace(
            width_in=block.width_in, stride=block.stride, layers=block.layers
        )
        if before and longer == block and block.stride == 1 and block.width_in == block.width_out:
            merged[-1] = before._replace(layers=before.layers + block.layers)
        else:
            merged.append(block)
    return tuple(merged)
