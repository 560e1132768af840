"""The nouns of zenlab: every other module speaks in these, and this one imports none of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NewType, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor, nn

Genotype = NewType("Genotype", str)
"""The canonical spelling of one architecture: hashable, printable, the key of every table."""


Admit = Callable[[Genotype], bool]
"""Whether a searcher may ask for an architecture."""


def admit_all(genotype: Genotype) -> bool:
    """Return True: where nothing is limited, a searcher may ask for any architecture."""
    return True


class Network(nn.Module):
    """What a space builds: features, global average pooling and a `classifier` of their means."""

    classifier: nn.Module

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the features before global pooling, (n, c, h, w), for images (n, c, h, w)."""
        raise NotImplementedError

    def forward_blocks(self, images: Tensor) -> list[Tensor]:
        """Return the output of the stem and of each block after it, each (n, c, h, w).

        Raises:
            ValueError: the network doesn't tell its blocks.
        """
        raise ValueError(f"{type(self).__name__} doesn't tell its blocks (forward_blocks)")

    def thin(self) -> nn.Module:
        """Return one cell of the same architecture at width 1, then batch norm and ReLU.

        It takes (n, 1, h, w). TE-NAS (Chen et al., ICLR 2021) counts linear regions on it.

        Raises:
            ValueError: the network has no cell.
        """
        raise ValueError(f"{type(self).__name__} has no thin version of itself (thin)")

    def forward(self, images: Tensor) -> Tensor:
        """Return the class scores, (n, classes), for images (n, c, h, w)."""
        scores: Tensor = self.classifier(self.forward_features(images).mean((2, 3)))
        return scores


@dataclass(frozen=True)
class Batch:
    """What a proxy may look at: images (n, c, h, w), float32, normalised, and labels (n,), int64.

    `synthetic` says that the labels carry no information about the images.
    """

    images: Tensor
    labels: Tensor
    synthetic: bool

    def to(self, device: torch.device) -> "Batch":
        """Return the same batch on another device."""
        return Batch(self.images.to(device), self.labels.to(device), self.synthetic)


@runtime_checkable
class Space(Protocol):
    """A set of architectures: frozen, without randomness, tables or models of its own."""

    def parse(self, text: str) -> Genotype:
        """Return the canonical spelling of an architecture spelt in any way the space can read.

        Raises:
            ValueError: `text` spells no architecture of this space; says where it goes wrong.
        """

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Draw one architecture uniformly."""

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Draw a neighbour of `parent`, never `parent` itself."""

    def build(self, genotype: Genotype) -> Network:
        """Build the network with PyTorch's default weights, on the CPU."""

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return the named numeric descriptors in which hypotheses about the space are written.

        Every space has `params`, `macs` (multiply-adds of convolutions and linear layers),
        `flops` (the convention of the space's benchmark) and `dead` (1 where the features can't
        depend on the image).
        """

    def canonical(self, genotype: Genotype) -> str:
        """Return a string shared by genotypes that a search may take for duplicates."""


@dataclass(frozen=True)
class Estimate:
    """A proxy's answer for one architecture; higher is better.

    `stderr` is the standard error of `value` over independent draws, None where only one was made.
    `terms` are the named parts of the value, for proxies that have them.
    """

    value: float
    stderr: float | None = None
    terms: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class NetworkProxy(Protocol):
    """A proxy that looks at a freshly built network, which it owns and may change."""

    @property
    def seed(self) -> int:
        """The seed from which, with the genotype, the randomness of a score derives."""

    @property
    def batch_size(self) -> int:
        """The number of images in the batch that the proxy is given."""

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        """Score one network, already on the device of `batch`; all randomness comes from `rng`."""


@runtime_checkable
class SymbolicProxy(Protocol):
    """A proxy that needs no network: cheap enough to be computed anew whenever it is asked."""

    def evaluate(self, space: Space, genotypes: Sequence[Genotype]) -> Sequence[Estimate]:
        """Score architectures from their description, one estimate each, in the order given."""


class Look(Protocol):
    """What proxies look at: one pass over a network, which equal looks of several share."""

    def take(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Any:
        """Return what is seen; the network may be changed, all randomness comes from `rng`."""


@runtime_checkable
class LookingProxy(NetworkProxy, Protocol):
    """A network proxy in two parts, so that the costly one can be shared.

    `measure` is `judge` of what `look` has taken. Looks are compared with ==.
    """

    @property
    def look(self) -> Look:
        """What this proxy looks at."""

    def judge(self, seen: Any) -> Estimate:
        """Return the score from what `look` has taken."""


@runtime_checkable
class CombinedProxy(Protocol):
    """A proxy made of the scores of others; its values depend on the whole pool."""

    @property
    def members(self) -> Sequence[str]:
        """The names of the options that it is made of."""

    def combine(self, scores: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the score of each architecture, (n,), from those of each member, (n,) too."""


Proxy = NetworkProxy | SymbolicProxy


@dataclass(frozen=True)
class Score:
    """The outcome of scoring one architecture.

    `value` is nan when, and only when, `error` says why; minus infinity is a legal value (a dead
    network). `seconds` is the time that the computation took when it was made; `reused` says that
    it was made by an earlier run, `shared` that it was made for another architecture of this run
    that is the same random function.
    """

    genotype: Genotype
    value: float
    stderr: float | None = None
    seconds: float = 0.0
    error: str | None = None
    reused: bool = False
    shared: bool = False
    terms: Mapping[str, float] = field(default_factory=dict)


@runtime_checkable
class Searcher(Protocol):
    """Decides which architectures to score next."""

    @property
    def population(self) -> str:
        """What the asked architectures are drawn from, in words for a reader of the result."""

    @property
    def uniform(self) -> bool:
        """Whether they are a uniform sample of the space, drawn without replacement."""

    def ask(self) -> list[Genotype]:
        """Return the next architectures to score; an empty list ends the search."""

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn the scores of the architectures asked last, in the order asked."""


@dataclass(frozen=True)
class Table:
    """A measured quantity of architectures, such as the accuracy on one dataset, in percent.

    `label` names the quantity for axes and headlines; a genotype that is missing was not measured.
    `remark` is what a reader of the result must know of it.
    """

    name: str
    label: str
    values: Mapping[Genotype, float]
    remark: str | None = None


OnScore = Callable[[Score], None]
"""Called with every score as it arrives, in no particular order."""
