"""What some spaces, benchmarks and searchers can do besides: who needs it asks `isinstance`."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np

from zenlab.core import Genotype, Score, Searcher, Space, Table


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


@runtime_checkable
class Shortened(Protocol):
    """A benchmark that has accuracies after a shorter training as well."""

    def shorter(self, space: Space, dataset: str) -> tuple[int, Table] | None:
        """Return the epochs of the shorter training and its accuracies, if there are any."""


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
