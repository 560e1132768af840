"""Listed search: the architectures of a text file, one a line, in any spelling the space reads."""

from collections.abc import Iterator
from pathlib import Path

from zenlab.core import Admit, Genotype, Space, admit_all
from zenlab.searchers.turns import AskedOnce


class ListedSearcher(AskedOnce):
    """Asks once, for the architectures of a file in its order, without those not admitted.

    Empty lines and lines that begin with `#` are skipped; `spellings` keeps what the file says,
    one for each architecture asked.

    Raises:
        ValueError: the file can't be read, names something else than architectures of the space,
            or none that is admitted.
    """

    uniform = False

    def __init__(self, space: Space, *, admit: Admit = admit_all, path: str | None = None) -> None:
        if path is None:
            raise ValueError(
                "searcher=listed needs searcher.path, a text file, one genotype a line"
            )
        lines = list(_lines(Path(path)))
        if not lines:
            raise ValueError(f"searcher.path: {path} names no architecture; wanted one a line")
        read = [(text, _parse(space, text, path, number)) for number, text in lines]
        admitted = [(text, genotype) for text, genotype in read if admit(genotype)]
        if not admitted:
            raise ValueError(f"searcher.path: the constraint rejects all architectures of {path}")
        self.population = f"the list {Path(path).name}"
        if len(admitted) < len(read):
            self.population += ", within the constraint"
        self.spellings = [text for text, _ in admitted]
        super().__init__([genotype for _, genotype in admitted])


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
