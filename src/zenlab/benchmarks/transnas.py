"""TransNAS-Bench-101 macro (Duan et al., CVPR 2021): 3,256 networks, each trained on seven tasks.

The figures are those that NAS-Bench-Suite-Zero (Krishnakumar et al., NeurIPS 2022) publishes beside
its scores: what a network reached on the validation images of Taskonomy, and its Zen-score there.
"""

import ast
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from zenlab.benchmarks import public_files
from zenlab.benchmarks.public_files import PublicFile, Sources
from zenlab.benchmarks.table import OnProgress
from zenlab.checks import require_one_of
from zenlab.core import Genotype, Space, Table

FILE = PublicFile(
    "transnas101/tnb101_macro_zen.zip",
    "automl/NASLib/8c45f19dc259956c3bd253071135c798ad3df8ce/run/results/benchmarks",
    "c34526c4f37f06205e61efeeb80bce5340dbce555ad558a10d6a897258d0de7b",
)
TASKS: Mapping[str, str] = {
    "class_scene": "scene classification, accuracy (%)",
    "class_object": "object classification, accuracy (%)",
    "jigsaw": "jigsaw puzzle, accuracy (%)",
    "room_layout": "room layout, negative loss",
    "segmentsemantic": "semantic segmentation, accuracy of pixels (%)",
    "normal": "surface normals, structural similarity",
    "autoencoder": "autoencoding, structural similarity",
}
"""What was measured in each task; more is better in all of them."""


@dataclass(frozen=True)
class TransNASMacroBenchmark:
    """What a network reached in a `task` on validation images; `metric` may be `published_zen`.

    `published_zen` is the Zen-score of NAS-Bench-Suite-Zero, which other scores may be compared
    with. The images (Taskonomy, 256 x 256) are no dataset of zenlab, so the run's dataset doesn't
    matter. `data` is a folder with the published file; without it the file is downloaded from
    `source`. `home` keeps the download.
    """

    home: str
    task: str = "class_scene"
    metric: str = "validation"
    data: str | None = None
    source: str = public_files.SOURCE

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range, or the address carries a password.
        """
        require_one_of("benchmark.task", self.task, tuple(TASKS))
        require_one_of("benchmark.metric", self.metric, ("validation", "published_zen"))
        _ = self._sources

    def load(self, space: Space, dataset: str, *, on_progress: OnProgress | None = None) -> Table:
        """Return the figures of all networks; their unit is the task's.

        Raises:
            TableUnavailable: the file can't be had.
            ValueError: the file isn't the one published, or `space` has other architectures.
            OSError: `data` lacks the file, or `home` can't be written.
        """
        contents = self._sources.read(FILE, on_progress)
        values = {
            _read(space, _spelling(record["arch"])): self._figure(record)
            for record in _records(contents, self.task)
        }
        return Table("TransNAS-Bench-101 macro", self._label, values)

    @property
    def _label(self) -> str:
        if self.metric == "published_zen":
            return f"Zen-score that NAS-Bench-Suite-Zero publishes for {self.task}"
        return f"{self.task} on validation images: {TASKS[self.task]}"

    def _figure(self, record: Mapping[str, Any]) -> float:
        published = self.metric == "published_zen"
        return float(record["zen"]["score"] if published else record["val_accuracy"])

    @property
    def _sources(self) -> Sources:
        return Sources(self.home, self.data, self.source)


def _records(contents: bytes, task: str) -> Iterator[Mapping[str, Any]]:
    """Walk through the records of a task, 250 to a member of the archive."""
    with zipfile.ZipFile(io.BytesIO(contents)) as archive:
        for name in sorted(archive.namelist()):
            if f"--{task}--" in name:
                yield from json.loads(archive.read(name))


def _spelling(modules: str) -> str:
    """Write `(4, 3, 1, 2, 1)` as `43121`."""
    return "".join(map(str, ast.literal_eval(modules)))


def _read(space: Space, spelt: str) -> Genotype:
    try:
        return space.parse(spelt)
    except ValueError as error:
        raise ValueError(
            f"benchmark=transnas_macro has the networks of TransNAS-Bench-101 macro, which this "
            f"space can't read: {error}"
        ) from None
