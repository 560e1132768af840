"""The nouns of zenlab: every other module speaks in these, and this one imports none of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """What a space builds: a classifier that shows its features before global pooling."""

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
        raise NotImplementedError


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


@runtime_checkable
class Enumerable(Space, Protocol):
    """A space small enough to walk through."""

    def __len__(self) -> int:
        """Return the number of architectures."""

    def __iter__(self) -> Iterator[Genotype]:
        """Walk through all architectures, always in the same order."""


@runtime_checkable
class Indexed(Space, Protocol):
    """A space whose benchmark gives every architecture an official number."""

    def index(self, genotype: Genotype) -> int:
        """Return the official number of an architecture."""


@runtime_checkable
class Partitioned(Space, Protocol):
    """A space that knows which of its architectures are the same function of random weights."""

    def representative(self, genotype: Genotype) -> Genotype:
        """Return the one architecture that stands for all that are the same random function."""


@runtime_checkable
class Coupled(Space, Protocol):
    """A space whose architectures can share their randomness, so that structure alone differs."""

    def seed_key(self, genotype: Genotype) -> str:
        """Return what takes the genotype's place in the seed: equal keys, equal draws."""


@runtime_checkable
class Prunable(Space, Protocol):
    """A space whose edges hold several operations, which can be struck one by one."""

    def whole(self) -> Genotype:
        """Return the architecture with every operation on every edge."""

    def choices(self, genotype: Genotype) -> Sequence[Sequence[str]]:
        """Return the operations left on each edge."""

    def with_choices(self, choices: Sequence[Sequence[str]]) -> Genotype:
        """Return the architecture that has these operations on its edges."""


@runtime_checkable
class Varying(Space, Protocol):
    """A space with the first network and the steps of an evolutionary search of its own."""

    @property
    def start(self) -> Genotype:
        """The network that everything descends from."""

    def vary(self, parent: Genotype, rng: np.random.Generator, *, times: int) -> Genotype:
        """Make up to `times` changes, none included, so it may return `parent`."""


@runtime_checkable
class Counted(Space, Protocol):
    """A space whose benchmark or paper counts sizes in a way of its own."""

    def official(self, genotype: Genotype) -> Mapping[str, float]:
        """Return `params`, `flops` and `layers` as the authors' own code counts them."""


@runtime_checkable
class Connected(Space, Protocol):
    """A space that can list the neighbours that `mutate` draws from."""

    def neighbours(self, genotype: Genotype) -> Sequence[Genotype]:
        """Return each neighbour of an architecture once, always in the same order."""


@runtime_checkable
class Factored(Space, Protocol):
    """A space whose architectures are independent choices, one for each factor."""

    def factors(self) -> Mapping[str, Sequence[str]]:
        """Return the options of each factor by its name."""

    def compose(self, chosen: Mapping[str, str]) -> Genotype:
        """Return the architecture that has these options, one for each factor."""


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


@runtime_checkable
class Budgeted(Searcher, Protocol):
    """A searcher that knows from the start how much it will ask for."""

    @property
    def budget(self) -> int | None:
        """How many evaluations it makes at most; None is no limit."""


@runtime_checkable
class Learning(Searcher, Protocol):
    """A searcher that decides by the scores it is told; its run shows how they grew.

    It may ask for an architecture again.
    """

    @property
    def members(self) -> Sequence[Genotype]:
        """The architectures that it has kept: its population, or the optima found."""


@runtime_checkable
class Weighing(Learning, Protocol):
    """A searcher that weighs scores against a second quantity, which should be low."""

    @property
    def objective(self) -> str:
        """The second quantity: a descriptor of the space, or `latency_ms`."""


@runtime_checkable
class Refining(Searcher, Protocol):
    """A searcher that asks for some architectures again, for more draws of a random proxy."""

    @property
    def draws(self) -> range:
        """Which draws are wanted of the architectures asked last."""

    @property
    def remark(self) -> str:
        """What the search found and what it cost, in one line."""

    def settled(self) -> list[Score]:
        """Return one score for each architecture, from all draws; `draws` = 0 marks the others."""


@dataclass(frozen=True)
class Table:
    """A measured quantity of architectures, such as the accuracy on one dataset, in percent.

    `label` names the quantity for axes and headlines; a genotype that is missing was not measured.
    """

    name: str
    label: str
    values: Mapping[Genotype, float]


OnScore = Callable[[Score], None]
"""Called with every score as it arrives, in no particular order."""
