"""NAS-Bench-201 cells that zenlab has trained itself, for machines that reach no table.

Some of them at several widths, which no public table has.

docs/embedded_benchmark.md says how, and how far it can be trusted.
"""

from dataclasses import dataclass
from importlib import resources

import pyarrow.parquet as pq

from zenlab.benchmarks.table import OnProgress, TableUnavailable
from zenlab.core import Genotype, Space, Table

NAME = "embedded (Fashion-MNIST 8x8, C=8, N=1)"
_FILES = {
    "nb201_fashion_mnist.parquet": NAME,
    "nb201_width_fashion_mnist.parquet": "embedded (Fashion-MNIST 8x8, free widths, N=1)",
}
_QUANTITIES = {"accuracy": "test accuracy (%)", "loss": "negative test loss"}
_NEVER = ("cifar100", "imagenet16")


@dataclass(frozen=True)
class EmbeddedBenchmark:
    """Means over seeds after three epochs: `quantity` is accuracy, or loss with its sign turned.

    The loss is repeated more closely by another seed than the accuracy.
    """

    quantity: str = "accuracy"

    def __post_init__(self) -> None:
        """Check the quantity.

        Raises:
            ValueError: there is no such quantity.
        """
        if self.quantity not in _QUANTITIES:
            raise ValueError(
                f"benchmark.quantity is {self.quantity!r}; wanted one of {', '.join(_QUANTITIES)}"
            )

    def load(self, space: Space, dataset: str, *, on_progress: OnProgress | None = None) -> Table:
        """Return what was measured of the cells that were trained.

        Raises:
            TableUnavailable: the run is about a dataset that it must not stand in for.
            ValueError: `space` has other architectures.
        """
        if dataset in _NEVER:
            raise TableUnavailable(
                f"the embedded benchmark never stands in for {dataset}: scores only"
            )
        for file, name in _FILES.items():
            if not (resources.files(__package__) / file).is_file():
                continue
            values = self._read(file)
            if _is_of(space, next(iter(values))):
                return Table(name, f"{name} {_QUANTITIES[self.quantity]}", values)
        raise ValueError(
            f"benchmark=embedded has cells of NAS-Bench-201, alone and with free widths, which "
            f"{type(space).__name__} can't read"
        )

    def _read(self, file: str) -> dict[Genotype, float]:
        with (resources.files(__package__) / file).open("rb") as opened:
            rows = pq.read_table(opened, columns=["genotype", self.quantity])
        sign = -1 if self.quantity == "loss" else 1
        return {
            Genotype(genotype): sign * value
            for genotype, value in zip(*(column.to_pylist() for column in rows), strict=True)
        }


def _is_of(space: Space, genotype: Genotype) -> bool:
    try:
        return space.parse(genotype) == genotype
    except ValueError:
        return False
