"""Exhaustive search: every architecture of a space that can be walked through."""

from collections.abc import Iterable, Sequence

from zenlab.abilities import Enumerable
from zenlab.core import Admit, Genotype, Space, admit_all
from zenlab.searchers.inside import inside
from zenlab.searchers.known import Population, named, narrowed
from zenlab.searchers.turns import AskedOnce


class ExhaustiveSearcher(AskedOnce):
    """Asks once, for all that `admit` lets through of the space, in the space's own order.

    `population=known` asks only for `known` architectures, those that a benchmark has accuracies
    of, where these are a part of the space; `all` asks for the whole space. `where` narrows either:
    `live`, or a descriptor that must be 1.

    Raises:
        ValueError: the space can't be walked through, or nothing of it is admitted.
    """

    uniform = True

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        known: Sequence[Genotype] | None = None,
        population: Population = "known",
        where: str | None = None,
    ) -> None:
        known = narrowed(known, population)
        if known is None and not isinstance(space, Enumerable):
            raise ValueError(
                f"searcher=exhaustive: {type(space).__name__} is too large to be walked through; "
                f"use searcher=random or searcher=listed"
            )
        everything = list(_everything(space, known))
        wanted = inside(space, where, admit)
        admitted = [genotype for genotype in everything if wanted(genotype)]
        if not admitted:
            raise ValueError("searcher=exhaustive: the constraint rejects the whole space")
        super().__init__(admitted)
        self.population = named(known) + (f" that are {where}" if where else "")
        if admit is not admit_all and len(admitted) < len(everything):
            self.population += ", within the constraint"


def _everything(space: Space, known: Sequence[Genotype] | None) -> Iterable[Genotype]:
    """Return what is to be asked, in the space's own order where it has one."""
    if not isinstance(space, Enumerable):
        return known or []
    if known is None:
        return space
    wanted = set(known)
    return (genotype for genotype in space if genotype in wanted)
