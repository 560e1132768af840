"""Exhaustive search: every architecture of a space that can be walked through."""

from collections.abc import Sequence

from zenlab.core import Enumerable, Genotype, Score, Space


class ExhaustiveSearcher:
    """Asks once, for the whole space in its own order."""

    population = "all genotypes"
    uniform = True

    def __init__(self, space: Space) -> None:
        if not isinstance(space, Enumerable):
            raise ValueError(
                f"searcher=exhaustive: {type(space).__name__} is too large to be walked through; "
                f"use searcher=random or searcher=listed"
            )
        self._waiting = list(space)

    def ask(self) -> list[Genotype]:
        """Return every architecture, then nothing."""
        asked, self._waiting = self._waiting, []
        return asked

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn nothing: everything is scored anyway."""
