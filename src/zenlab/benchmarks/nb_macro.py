"""NAS-Bench-Macro (Su et al., CVPR 2021): accuracies of 6,561 networks, each trained three times.

Each accuracy is the best test accuracy over the 50 epochs of a training on CIFAR-10, not the last
one, so it is optimistic; there is no validation set.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zenlab.benchmarks import public_files
from zenlab.benchmarks.public_files import PublicFile, Sources
from zenlab.benchmarks.table import OnProgress, TableUnavailable
from zenlab.checks import require_one_of
from zenlab.core import Genotype, Space, Table

FILE = PublicFile(
    "nb_macro/nas-bench-macro_cifar10.json",
    "xiusu/NAS-Bench-Macro/61a2bfc2ca0dce04d0997e6cf498047c27d6acf2/data",
    "686dee8363cc21cca8c1f321ad5749454f2d9b9ca5972682e137e539bc522297",
)
_DATASET = "cifar10"
_TEST = "CIFAR-10 test accuracy, best of 50 epochs"
_METRICS: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], float]]] = {
    "mean": (f"mean {_TEST} (%)", lambda row: row["mean_acc"]),
    "std": (f"standard deviation of {_TEST} (%)", lambda row: row["std"]),
    "trial_1": (f"{_TEST}, first training (%)", lambda row: row["test_acc"][0]),
    "trial_2": (f"{_TEST}, second training (%)", lambda row: row["test_acc"][1]),
    "trial_3": (f"{_TEST}, third training (%)", lambda row: row["test_acc"][2]),
}


@dataclass(frozen=True)
class NBMacroBenchmark:
    """The `mean` or `std` of three trainings, or one of them (`trial_1`, `trial_2`, `trial_3`).

    `dataset` None follows the run's dataset, which must be cifar10. `data` is a folder with the
    published file; without it the file is downloaded from `source`. `home` keeps the download.
    """

    home: str
    dataset: str | None = None
    metric: str = "mean"
    data: str | None = None
    source: str = public_files.SOURCE

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range, or the address carries a password.
        """
        require_one_of("benchmark.dataset", self.dataset, (None, _DATASET))
        require_one_of("benchmark.metric", self.metric, tuple(_METRICS))
        _ = self._sources

    def load(self, space: Space, dataset: str, *, on_progress: OnProgress | None = None) -> Table:
        """Return what was measured, in percent.

        Raises:
            TableUnavailable: the run is on another dataset, or the file can't be had.
            ValueError: the file isn't the one published, or `space` has other architectures.
            OSError: `data` lacks the file, or `home` can't be written.
        """
        if (self.dataset or dataset) != _DATASET:
            raise TableUnavailable(
                f"no accuracies on dataset {dataset} in NAS-Bench-Macro, scores only: "
                f"benchmark.dataset can be {_DATASET}"
            )
        contents = self._sources.read(FILE, on_progress)
        label, pick = _METRICS[self.metric]
        values = {_read(space, spelt): float(pick(r)) for spelt, r in json.loads(contents).items()}
        return Table("NAS-Bench-Macro", label, values)

    @property
    def _sources(self) -> Sources:
        return Sources(self.home, self.data, self.source)


def _read(space: Space, spelt: str) -> Genotype:
    try:
        return space.parse(spelt)
    except ValueError as error:
        raise ValueError(
            f"benchmark=nb_macro has the networks of NAS-Bench-Macro, which this space can't "
            f"read: {error}"
        ) from None
