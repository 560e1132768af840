"""Exhaustive search: every architecture of a space that can be walked through."""

from zenlab.abilities import Enumerable
from zenlab.core import Admit, Space, admit_all
from zenlab.searchers.turns import AskedOnce


class ExhaustiveSearcher(AskedOnce):
    """Asks once, for all that `admit` lets through of the space, in the space's own order.

    Raises:
        ValueError: the space can't be walked through, or nothing of it is admitted.
    """

    uniform = True

    def __init__(self, space: Space, *, admit: Admit = admit_all) -> None:
        if not isinstance(space, Enumerable):
            raise ValueError(
                f"searcher=exhaustive: {type(space).__name__} is too large to be walked through; "
                f"use searcher=random or searcher=listed"
            )
        admitted = [genotype for genotype in space if admit(genotype)]
        if not admitted:
            raise ValueError("searcher=exhaustive: the constraint rejects the whole space")
        super().__init__(admitted)
        whole = len(admitted) == len(space)
        self.population = "all genotypes" if whole else "all genotypes, within the constraint"
