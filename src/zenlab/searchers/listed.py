"""Listed search: the architectures of a text file, one a line, in any spelling the space reads."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from zenlab.core import Genotype, Score, Space


class ListedSearcher:
    """Asks once, for the architectures of a file in its order.

    Empty lines and lines that begin with `#` are skipped; `spellings` keeps what the file says,
    one for each architecture asked.
    """

    uniform = False

    def __init__(self, space: Space, *, path: str | None = None) -> None:
        if path is None:
            raise ValueError(
                "searcher=listed needs searcher.path, a text file, one genotype a line"
            )
        lines = list(_lines(Path(path)))
        if not lines:
            raise ValueError(f"searcher.path: {path} names no architecture; wanted one a line")
        self.population = f"the list {Path(path).name}"
        self.spellings = [text for _, text in lines]
        self._waiting = [_parse(space, text, path, number) for number, text in lines]

    def ask(self) -> list[Genotype]:
        """Return the architectures of the file, then nothing."""
        asked, self._waiting = self._waiting, []
        return asked

    def tell(self, scores: Sequence[Score]) -> None:
        """Learn nothing: the list is fixed."""


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"searcher.path: can't read {path}: {error}") from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, line.strip()


def _parse(space: Space, text: str, path: str, number: int) -> Genotype:
    try:
        return space.parse(text)
    except ValueError as error:
        raise ValueError(f"{path}, line {number}: {error}") from None
