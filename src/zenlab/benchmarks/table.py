"""Tables of measured quantities: one from any CSV or Parquet file, and none at all.

A benchmark has one method, `load(space, dataset, on_progress=...)`, which returns a table or raises
`TableUnavailable`.
"""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from zenlab.core import Genotype, Space, Table

OnProgress = Callable[[str, int, int], None]
"""Called with what is being done, how far it has come and where it ends."""


class TableUnavailable(LookupError):  # noqa: N818  no error: the run goes on without a table
    """There is no table to be had; the message says in one line why and, if possible, the cure."""


@dataclass(frozen=True)
class NoTable:
    """The benchmark of a run that only scores."""

    def load(self, space: Space, dataset: str, *, on_progress: OnProgress | None = None) -> Table:
        """Say that no table was asked for.

        Raises:
            TableUnavailable: always.
        """
        raise TableUnavailable("benchmark=none: nothing to compare with, scores only")


@dataclass(frozen=True)
class TableFile:
    """The CSV or Parquet file `path` with the columns genotype and `column`.

    `column` None is the one that a table built by zenlab names, else value. `label` names the
    quantity for axes and headlines; without it the table does, or the column's name.
    """

    path: str | None = None
    column: str | None = None
    label: str | None = None

    def load(self, space: Space, dataset: str, *, on_progress: OnProgress | None = None) -> Table:
        """Read the file; its genotypes may be spelt in any way that `space` can read.

        Raises:
            ValueError: the file can't be read or lacks a column, or a row has no architecture of
                the space, no finite number, or an architecture that came before.
        """
        if self.path is None:
            raise ValueError(
                "benchmark=table needs benchmark.path, a CSV or Parquet file with the columns "
                "genotype and value"
            )
        path = Path(self.path).expanduser()
        rows = _read(path)
        said = _description(path)
        column = self.column or said.get("column", "value")
        label = self.label or (said.get("label") if column == said.get("column") else column)
        if lacking := [name for name in ("genotype", column) if name not in rows]:
            raise ValueError(
                f"benchmark.path: {path} has no column {' and no column '.join(lacking)}; "
                f"it has {', '.join(map(str, rows.columns))}"
            )
        values = _values(space, path, rows["genotype"], rows[column])
        return Table(path.name, label or column, values)


def _read(path: Path) -> pd.DataFrame:
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"benchmark.path is {path}; wanted a name that ends in .csv or .parquet")
    if not path.is_file():
        raise ValueError(f"benchmark.path: there is no file {path}")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        raise ValueError(f"benchmark.path: can't read {path}: {error}") from None


def _description(path: Path) -> dict[str, Any]:
    """Return what a table built by zenlab says of itself, nothing of any other."""
    if path.suffix != ".parquet":
        return {}
    said = (pq.read_schema(path).metadata or {}).get(b"zenlab", b"{}")
    found: dict[str, Any] = json.loads(said)
    return found


def _values(
    space: Space, path: Path, spellings: "pd.Series[Any]", measured: "pd.Series[Any]"
) -> dict[Genotype, float]:
    values: dict[Genotype, float] = {}
    for row, (spelling, value) in enumerate(zip(spellings, measured, strict=True), 1):
        try:
            genotype = space.parse(str(spelling))
            number = _finite(value)
        except ValueError as error:
            raise ValueError(f"{path}, row {row} ({spelling}): {error}") from None
        if genotype in values:
            raise ValueError(
                f"{path}, row {row} ({spelling}): the architecture came before; wanted one row each"
            )
        values[genotype] = number
    return values


def _finite(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"the value is {value!r}; wanted a finite number")
    return number
