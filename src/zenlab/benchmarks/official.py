"""Reads the official NAS-Bench-201 file, one architecture at a time, and makes it a small table.

The file (Dong and Yang, ICLR 2020; `NAS-Bench-201-v1_1-096897.pth`, 4.7 GB) holds for every index
the trials of the 12-epoch (`less`) and the 200-epoch schedule (`full`). The accuracies are those
that the authors' `nas_201_api` answers: after the last epoch, averaged over the trials.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from zenlab.benchmarks.pickle_operations import shared_entries
from zenlab.benchmarks.safe_pickle import StreamingUnpickler
from zenlab.benchmarks.torch_file import open_pickle
from zenlab.core import Genotype

OnProgress = Callable[[int, int], None]
"""Called with the bytes read so far and in all; the file is read twice, and both count."""

_BRANCH = "arch2infos"
_SCHEDULES = {"less": 12, "full": 200}
_QUANTITIES = {
    ("cifar10", "val"): ("cifar10-valid", "x-valid"),
    ("cifar10", "test"): ("cifar10", "ori-test"),
    ("cifar100", "val"): ("cifar100", "x-valid"),
    ("cifar100", "test"): ("cifar100", "x-test"),
    ("imagenet16", "val"): ("ImageNet16-120", "x-valid"),
    ("imagenet16", "test"): ("ImageNet16-120", "x-test"),
}
_TABLE = pa.schema(
    {
        "index": pa.int32(),
        "genotype": pa.string(),
        "dataset": pa.string(),
        "split": pa.string(),
        "schedule": pa.int32(),
        "accuracy": pa.float64(),
        "seeds": pa.int32(),
    }
)
_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True)
class Measurement:
    """One accuracy of one architecture, in percent: the mean over `seeds` trials.

    `dataset` is cifar10, cifar100 or imagenet16, `split` val or test, `schedule` the epochs.
    """

    index: int
    genotype: Genotype
    dataset: str
    split: str
    schedule: int
    accuracy: float
    seeds: int


def read_official(
    path: Path, *, on_progress: OnProgress | None = None
) -> Iterator[list[Measurement]]:
    """Walk through the architectures in the file's order, with memory for one of them.

    What the file lacks is absent, never filled. Nothing from the file is run.

    Raises:
        ValueError: the file is no NAS-Bench-201 file, is damaged, contradicts itself about an
            architecture's name (which shows only at the end), or asks for code to be run.
    """
    report = on_progress or (lambda done, total: None)
    with open_pickle(path) as (stream, size):
        shared = shared_entries(stream, lambda: report(stream.tell(), 2 * size))
    genotypes: dict[int, Genotype] = {}
    with open_pickle(path) as (stream, size):
        unpickler = StreamingUnpickler(stream, _BRANCH, shared)
        for index, schedules in unpickler:
            genotypes[index], measurements = _architecture(index, schedules)
            yield measurements
            report(size + stream.tell(), 2 * size)
        _check_names(genotypes, unpickler.result)
    report(2 * size, 2 * size)


def convert_official(
    path: Path, destination: Path, *, on_progress: OnProgress | None = None
) -> None:
    """Write all measurements of the official file into one Parquet file, a row for each.

    The columns are the fields of `Measurement`. The file appears at `destination` whole or not at
    all.

    Raises:
        ValueError: see `read_official`.
    """
    with _appearing_whole(destination) as unfinished, pq.ParquetWriter(unfinished, _TABLE) as table:
        rows: list[Mapping[str, Any]] = []
        for measurements in read_official(path, on_progress=on_progress):
            rows += map(vars, measurements)
            if len(rows) >= _ROWS_AT_ONCE:
                table.write_table(pa.Table.from_pylist(rows, _TABLE))
                rows.clear()
        table.write_table(pa.Table.from_pylist(rows, _TABLE))


@contextmanager
def _appearing_whole(destination: Path) -> Iterator[Path]:
    """Give a path beside `destination` that takes its place when the block succeeds."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    unfinished = destination.with_name(f".{destination.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        os.replace(unfinished, destination)
    finally:
        unfinished.unlink(missing_ok=True)


def _architecture(index: Any, schedules: Any) -> tuple[Genotype, list[Measurement]]:
    try:
        genotype = _genotype(index, schedules)
        return genotype, list(_measurements(index, genotype, schedules))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(
            f"architecture {index} isn't laid out as in NAS-Bench-201 "
            f"({type(error).__name__}: {error}); wanted {{'full': ..., 'less': ...}} with the "
            f"states of ArchResults: fetch the file from its authors"
        ) from error


def _genotype(index: int, schedules: Any) -> Genotype:
    names = {(state["arch_index"], state["arch_str"]) for state in schedules.values()}
    if len(names) != 1 or next(iter(names))[0] != index:
        raise ValueError(
            f"architecture {index} calls itself {sorted(names)}; wanted its own index and one "
            f"name: the file is damaged, fetch it again"
        )
    return Genotype(next(iter(names))[1])


def _measurements(index: int, genotype: Genotype, schedules: Any) -> Iterator[Measurement]:
    for name, state in schedules.items():
        schedule = _SCHEDULES[name]
        for (dataset, split), (training, evaluation) in _QUANTITIES.items():
            accuracies = _last_accuracies(state, training, evaluation)
            if accuracies and None not in accuracies:
                mean = float(np.mean(accuracies))
                yield Measurement(index, genotype, dataset, split, schedule, mean, len(accuracies))


def _last_accuracies(state: Any, training: str, evaluation: str) -> list[Any]:
    """One accuracy per trial; None where a trial lacks it, since then the mean is another thing."""
    seeds = state["dataset_seed"].get(training, [])
    trials = [state["all_results"].get((training, seed)) for seed in seeds]
    return [
        trial and trial["eval_acc1es"].get(f"{evaluation}@{trial['epochs'] - 1}")
        for trial in trials
    ]


def _check_names(genotypes: Mapping[int, Genotype], rest: Any) -> None:
    """Compare with `meta_archs`, wherever in the file it stood."""
    if not isinstance(rest, dict) or "meta_archs" not in rest or not genotypes:
        came = ", ".join(map(str, rest))[:80] if isinstance(rest, dict) else type(rest).__name__
        raise ValueError(
            f"the file holds {came} and {len(genotypes)} architectures; wanted 'meta_archs' and "
            f"'arch2infos': fetch NAS-Bench-201-v1_1-096897.pth from its authors"
        )
    official = dict(enumerate(rest["meta_archs"]))
    for index, genotype in genotypes.items():
        if official.get(index) != genotype:
            raise ValueError(
                f"architecture {index} calls itself {genotype}, but 'meta_archs' has "
                f"{official.get(index)} there: the file is damaged, fetch it again"
            )
