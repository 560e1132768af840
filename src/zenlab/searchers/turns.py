"""Ask and tell take turns; this module holds what all searchers say about that."""

from collections.abc import Sequence

from zenlab.core import Genotype, Score


def require_asked(asked: object) -> None:
    """See that something was asked and is not yet told.

    Raises:
        RuntimeError: nothing was asked.
    """
    if not asked:
        raise RuntimeError("tell came before ask: ask for architectures, score them, then tell")


class AskedOnce:
    """A searcher whose architectures are known from the start: all are asked at once."""

    def __init__(self, genotypes: Sequence[Genotype]) -> None:
        self._waiting = list(genotypes)
        self._asked = False

    def ask(self) -> list[Genotype]:
        """Return all architectures, then nothing."""
        self._asked, asked, self._waiting = bool(self._waiting), self._waiting, []
        return asked

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn nothing: what is asked doesn't depend on scores.

        Raises:
            RuntimeError: nothing was asked.
        """
        require_asked(self._asked)
        self._asked = False
