"""NAS-Bench-201 (Dong and Yang, ICLR 2020): measured accuracies of 15,625 cells on three datasets.

They come from the official file or from public tables, whichever is at hand; either is converted
once to Parquet and found in the cache from then on. Where neither can be had, zenlab's own embedded
benchmark stands in for CIFAR-10, and says so.
"""

import hashlib
import tempfile
from collections.abc import Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from zenlab.benchmarks import public_files, public_tables
from zenlab.benchmarks.embedded.benchmark import EmbeddedBenchmark
from zenlab.benchmarks.official import convert_official
from zenlab.benchmarks.public_files import LACKING, Sources
from zenlab.benchmarks.public_tables import Quantity
from zenlab.benchmarks.table import OnProgress, TableUnavailable
from zenlab.core import Genotype, Space, Table

_DATASETS = {"cifar10": "CIFAR-10", "cifar100": "CIFAR-100", "imagenet16": "ImageNet16-120"}
_STOOD_IN_FOR = ("cifar10", "fashion_mnist")  # by the embedded benchmark
_SHORT = 12  # epochs
_MEASURED = frozenset(
    Quantity(dataset, split, schedule)
    for dataset in _DATASETS
    for split in ("val", "test")
    for schedule in (12, 200)
)
_CURE = (
    f"set ZENLAB_DATA to a folder with {', '.join(file.path for file in public_tables.FILES)}, "
    f"or NB201_PATH to the official file"
)


@dataclass(frozen=True)
class NB201Benchmark:
    """The mean accuracy over seeds on a dataset's split after a schedule of 12 or 200 epochs.

    `dataset` None follows the run's dataset. `official` is the official file, `data` a folder with
    the public tables; without either these are downloaded from `source`. `home` holds the cache.
    """

    home: str
    dataset: str | None = None
    split: str = "test"
    schedule: int = 200
    official: str | None = None
    data: str | None = None
    source: str = public_files.SOURCE

    def __post_init__(self) -> None:
        """See that the source is no secret: a run's files and W&B show it.

        Raises:
            ValueError: the address carries a user name or a password.
        """
        _ = self._sources

    def load(self, space: Space, dataset: str, *, on_progress: OnProgress | None = None) -> Table:
        """Return the accuracies in percent.

        Raises:
            TableUnavailable: NAS-Bench-201 doesn't have the run's dataset, or no table of it can be
                had.
            ValueError: the table lacks what was asked for by hand, a file isn't what it should be,
                or `space` has other architectures.
            OSError: a file that was named doesn't exist, or `home` can't be written.
        """
        official = _existing(self.official) if self.official else None
        wanted = Quantity(self.dataset or dataset, self.split, self.schedule)
        if official:
            name, conversion = "official file", self._official(official, wanted, on_progress)
        else:
            try:
                name, conversion = "public tables", self._public(wanted, on_progress)
            except TableUnavailable as missing:
                return self._embedded(space, wanted, missing)
        values = _read(conversion, wanted)
        _check_space(space, values)
        return Table(f"NAS-Bench-201, {name}", _label(wanted), values)

    def shorter(self, space: Space, dataset: str) -> tuple[int, Table] | None:
        """Return the shorter schedule's epochs and accuracies, of the same split, if there are any.

        Call it after `load`.
        """
        wanted = Quantity(self.dataset or dataset, self.split, _SHORT)
        conversions = Path(self.home).expanduser() / "benchmarks"
        if self.schedule <= _SHORT or not conversions.is_dir():
            return None
        try:
            table = replace(self, schedule=_SHORT).load(space, dataset)
        except (TableUnavailable, ValueError):
            return None
        return (_SHORT, table) if table.label == _label(wanted) else None

    def _embedded(self, space: Space, wanted: Quantity, missing: TableUnavailable) -> Table:
        """Return zenlab's own trainings in the place of CIFAR-10, and say so.

        Raises:
            TableUnavailable: something else is wanted.
        """
        if wanted.dataset not in _STOOD_IN_FOR:
            raise missing
        table = EmbeddedBenchmark().load(space, wanted.dataset)
        reason = str(missing).removeprefix(f"{LACKING}: ")
        return replace(
            table,
            remark=f"the accuracies of NAS-Bench-201 can't be had ({reason}); in their place: "
            f"{table.name}, {len(table.values):,} cells that zenlab has trained itself",
        )

    def _official(self, path: Path, wanted: Quantity, on_progress: OnProgress | None) -> Path:
        """Return the conversion of the official file."""
        self._require(wanted, _MEASURED, "NAS-Bench-201")  # a slip shows before the long conversion
        status = path.stat()
        key = f"{path} {status.st_size} {status.st_mtime_ns}"
        conversion = self._cached(f"official-{hashlib.sha256(key.encode()).hexdigest()[:16]}")
        if not conversion.exists():
            _prepare(conversion.parent)
            report = partial(on_progress, f"converting {path.name}") if on_progress else None
            convert_official(path, conversion, on_progress=report)
        self._require(wanted, _quantities(conversion), f"the official file {path}")
        return conversion

    def _public(self, wanted: Quantity, on_progress: OnProgress | None) -> Path:
        """Return the conversion of the public tables."""
        self._require(wanted, public_tables.QUANTITIES, "the public tables of NAS-Bench-201")
        conversion = self._cached(f"public-{public_tables.DIGEST}")
        if not conversion.exists():
            _prepare(conversion.parent)
            find = partial(self._sources.find, on_progress=on_progress)
            public_tables.convert_public(find, conversion)
        return conversion

    @property
    def _sources(self) -> Sources:
        return Sources(self.home, self.data, self.source, cure=_CURE)

    def _require(self, wanted: Quantity, available: Set[Quantity], name: str) -> None:
        """See that a table has what is wanted."""
        if wanted in available:
            return
        datasets = sorted({quantity.dataset for quantity in available})
        if self.dataset is None and wanted.dataset not in datasets:
            raise TableUnavailable(
                f"no accuracies on dataset {wanted.dataset} in {name}, scores only: "
                f"benchmark.dataset can be {', '.join(datasets)}"
            )
        raise ValueError(
            f"benchmark.dataset={wanted.dataset}, benchmark.split={wanted.split}, "
            f"benchmark.schedule={wanted.schedule} is not in {name}; there is "
            f"{', '.join(' '.join(map(str, quantity)) for quantity in sorted(available))}"
        )

    def _cached(self, name: str) -> Path:
        return Path(self.home).expanduser() / "benchmarks" / f"nb201-{name}.parquet"


def _existing(official: str) -> Path:
    path = Path(official).expanduser().resolve()
    if not path.is_file():
        raise FileNotFoundError(
            f"NB201_PATH (benchmark.official) is {official}, but there is no such file; name "
            f"NAS-Bench-201-v1_1-096897.pth, or unset it to use the public tables"
        )
    return path


def _prepare(folder: Path) -> None:
    """See that the cache can be written, before anything long begins."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise PermissionError(
            f"can't keep the converted table in {folder}: {error}; "
            f"set ZENLAB_HOME to a folder that can be written"
        ) from None


def _quantities(conversion: Path) -> Set[Quantity]:
    fields = list(Quantity._fields)
    distinct = _read_table(conversion, columns=fields).group_by(fields).aggregate([])
    return {Quantity(**row) for row in distinct.to_pylist()}


def _read(conversion: Path, wanted: Quantity) -> dict[Genotype, float]:
    filters = [(field, "=", value) for field, value in wanted._asdict().items()]
    rows = _read_table(conversion, columns=["genotype", "accuracy"], filters=filters)
    return dict(zip(rows["genotype"].to_pylist(), rows["accuracy"].to_pylist(), strict=True))


def _read_table(conversion: Path, **selection: Any) -> pa.Table:
    try:
        return pq.read_table(conversion, **selection)
    except pa.ArrowInvalid as error:
        raise ValueError(
            f"can't read the converted table {conversion}: {error}; delete it, and it's made anew"
        ) from None


def _check_space(space: Space, values: dict[Genotype, float]) -> None:
    try:
        space.parse(next(iter(values)))
    except ValueError as error:
        raise ValueError(
            f"benchmark=nb201 has the cells of NAS-Bench-201, which this space can't read: {error}"
        ) from None


def _label(quantity: Quantity) -> str:
    split = {"val": "validation", "test": "test"}[quantity.split]
    return f"{_DATASETS[quantity.dataset]} {split} accuracy after {quantity.schedule} epochs (%)"
