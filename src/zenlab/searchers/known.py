"""Drawing from the architectures that a benchmark knows, or from the whole space."""

from collections.abc import Sequence
from typing import Literal, get_args

from zenlab.checks import require_one_of
from zenlab.core import Genotype

Population = Literal["known", "all"]


def narrowed(known: Sequence[Genotype] | None, population: Population) -> Sequence[Genotype] | None:
    """Return the architectures to draw from, None for the whole space.

    Raises:
        ValueError: there is no such population.
    """
    require_one_of("searcher.population", population, get_args(Population))
    return known if population == "known" else None


def named(known: Sequence[Genotype] | None, *, canonical: bool = False) -> str:
    """Say what is drawn from; `canonical`: one of each class."""
    if known is None:
        return "canonical classes" if canonical else "all genotypes"
    words = f"{len(known):,} genotypes the benchmark knows"
    return f"canonical classes of {words}" if canonical else words
