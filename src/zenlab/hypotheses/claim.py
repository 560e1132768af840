"""What every claim has: a statement, the populations it is about, and a test of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Verdict


@dataclass(frozen=True)
class Source:
    """Where a population comes from: options as on the command line, and which part of it.

    `overrides` choose space, dataset and benchmark. A proxy that needs networks scores `sample`
    random ones of `where`, None all; a proxy by formula scores all.
    """

    overrides: Sequence[str]
    sample: int | None = None
    where: str | None = None


@runtime_checkable
class Claim(Protocol):
    """A statement about a proxy or a space that was made before the data were seen."""

    @property
    def statement(self) -> str:
        """The claim in one sentence."""

    @property
    def sources(self) -> Mapping[str, Source]:
        """The populations it needs, by name."""

    def test(
        self,
        name: str,
        proxy: str,
        populations: Mapping[str, Population],
        *,
        draws: int,
        rng: np.random.Generator,
    ) -> Verdict:
        """Return the verdict.

        Raises:
            ValueError: something in the claim doesn't fit the populations.
        """


def require_names(key: str, lists: Mapping[str, Sequence[str]], sources: Mapping[str, Any]) -> None:
    """Require lists of names for sources that there are, and that there are sources.

    Raises:
        ValueError: there are none, a source isn't among them, or what it has isn't a list.
    """
    if not sources:
        raise ValueError("hypothesis.sources is empty; wanted at least one population")
    if unknown := set(lists) - set(sources):
        raise ValueError(f"{key} names {', '.join(sorted(unknown))}; wanted {', '.join(sources)}")
    for where, names in lists.items():
        if isinstance(names, str):
            raise ValueError(f"{key}.{where} is {names!r}; wanted a list, such as [{names}]")


@dataclass(frozen=True)
class Claims:
    """Several claims tested together; `members` are names of options, as in conf/hypothesis."""

    members: Sequence[str]

    def __post_init__(self) -> None:
        """See that there are some, none twice.

        Raises:
            ValueError: there are none, or one comes twice.
        """
        if not self.members or len(set(self.members)) < len(self.members):
            raise ValueError(
                f"hypothesis.members is {list(self.members)}; wanted the names of some claims, "
                f"each once"
            )
