"""NAS-Bench-201 cells that zenlab has trained itself, for machines that reach no table.

docs/embedded_benchmark.md says how, and how far it can be trusted.
"""

from dataclasses import dataclass
from importlib import resources

import pyarrow.parquet as pq

from zenlab.benchmarks.table import OnProgress, TableUnavailable
from zenlab.core import Genotype, Space, Table

NAME = "embedded (Fashion-MNIST 8x8, C=8, N=1)"
_FILE = "nb201_fashion_mnist.parquet"
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
        with (resources.files(__package__) / _FILE).open("rb") as opened:
            rows = pq.read_table(opened, columns=["genotype", self.quantity])
        sign = -1 if self.quantity == "loss" else 1
        values = {
            Genotype(genotype): sign * value
            for genotype, value in zip(*(column.to_pylist() for column in rows), strict=True)
        }
        _check_space(space, values)
        return Table(NAME, f"{NAME} {_QUANTITIES[self.quantity]}", values)


def _check_space(space: Space, values: dict[Genotype, float]) -> None:
    try:
        space.parse(next(iter(values)))
    except ValueError as error:
        raise ValueError(
            f"benchmark=embedded has cells of NAS-Bench-201, which this space can't read: {error}"
        ) from None
