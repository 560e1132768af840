"""What every story of a run needs: the benchmark's table, a watcher of scores, what is tracked."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from zenlab.abilities import Enumerable, Learning, Shortened
from zenlab.assembly import GROUPS, choices
from zenlab.benchmarks.table import TableUnavailable
from zenlab.core import Genotype, Score, Searcher, Space, Table
from zenlab.report.progress import ScoringProgress
from zenlab.report.terminal import Terminal
from zenlab.tracking.live import Live
from zenlab.tracking.none import NoStream
from zenlab.tracking.stream import WandbStream

_SECONDS_BETWEEN_METRICS = 1.0
_DESCRIPTORS = ("dead", "reachable")  # they divide the architectures into populations

Log = Callable[[Mapping[str, float]], None]
"""Takes a step of metrics."""


class Accuracies:
    """The table of a run's benchmark, loaded when the parts of the run are put together.

    Where there is none to be had, `table` is None; `remarks` say why, in one line. `short` is the
    table of a shorter training, from benchmarks that have one.
    """

    def __init__(self, config: DictConfig, terminal: Terminal) -> None:
        self._config = config
        self._terminal = terminal
        self.table: Table | None = None
        self.short: tuple[int, Table] | None = None  # epochs, and what they lead to
        self.remarks: list[str] = []

    def known(self, space: Space, dataset: str) -> Sequence[Genotype] | None:
        """Load the table; return what it knows where that is only a part of the space."""
        self._load(space, dataset)
        if self.table is None:
            return None
        whole = isinstance(space, Enumerable) and len(self.table.values) >= len(space)
        return None if whole else list(self.table.values)

    def _load(self, space: Space, dataset: str) -> None:
        if not self._config.get("benchmark"):
            self.remarks = [f"space {choices()['space']} has no table of accuracies: scores only"]
            return
        benchmark = instantiate(self._config.benchmark, _convert_="all")
        try:
            with self._terminal.tasks() as on_progress:
                self.table = benchmark.load(space, dataset, on_progress=on_progress)
        except TableUnavailable as missing:
            self.remarks = [str(missing)]
            return
        if self.table and self.table.remark:
            self.remarks = [self.table.remark]
        if isinstance(benchmark, Shortened):
            self.short = benchmark.shorter(space, dataset)


class Watcher:
    """Passes every score to the bar and to `live`, and both to the metrics, not too often."""

    def __init__(self, progress: ScoringProgress, log: Log, live: Live | None = None) -> None:
        self._progress = progress
        self._log = log
        self._live = live or Live()
        self._logged = 0.0

    def on_score(self, score: Score) -> None:
        """Count one score."""
        self._progress.add(score)
        self._live.add(score)
        if self._progress.seconds - self._logged >= _SECONDS_BETWEEN_METRICS:
            self._send(final=False)

    def report(self) -> None:
        """Send everything that is known when all scores have come."""
        self._send(final=True)

    def _send(self, *, final: bool) -> None:
        bar = self._progress
        self._logged = bar.seconds
        known = self._live.metrics(bar.seconds, final=final)
        self._log({"evaluations": bar.done, "scored": bar.scored, "rate": bar.rate, **known})


def describe(space: Space, scores: Sequence[Score], *more: str) -> pd.DataFrame:
    """Return the descriptors that every run needs, and `more`, as far as the space has them.

    A space has dozens, and a search may have scored hundreds of thousands: the rest is left out.
    """
    kept: dict[str, array[float]] = {}
    for score in scores:
        described = space.describe(score.genotype)
        for name in (*_DESCRIPTORS, *more):
            if name in described:
                kept.setdefault(name, array("d")).append(described[name])
    return pd.DataFrame({name: np.asarray(values) for name, values in kept.items()})


def populations_of(descriptors: pd.DataFrame) -> dict[str, np.ndarray]:
    """The populations besides all; a space without the notion of reachable leaves it out."""
    masks = {"live": (descriptors["dead"] == 0).to_numpy()}
    if "reachable" in descriptors:
        masks["reachable"] = (descriptors["reachable"] == 1).to_numpy()
    return masks


@contextmanager
def streamed(
    config: DictConfig, folder: Path, searcher: Searcher | None = None
) -> Iterator[WandbStream | NoStream]:
    """Stream a run for as long as the context lasts, to where `tracking` says.

    Raises:
        ValueError: `tracking` has something that W&B doesn't take.
    """
    tracking = instantiate(config.tracking, _convert_="all")
    with tracking.start(**_tracked(config, folder, searcher)) as stream:
        yield stream


def _tracked(config: DictConfig, folder: Path, searcher: Searcher | None = None) -> dict[str, Any]:
    """What tracking needs to know of a run at its start."""
    chosen = choices()
    names = [chosen[group] for group in GROUPS]
    further = [chosen[group] for group in ("validation", "hypothesis") if _is_chosen(group)]
    written = cast("dict[str, Any]", OmegaConf.to_container(config, resolve=True))
    return {
        "config": {**written, "options": {group: chosen[group] for group in GROUPS}},
        "folder": folder,
        "group": _group(),
        "job_type": _job_type(searcher),
        "tags": [*names, *further],
        "name": "-".join(names),
    }


def _group() -> str | None:
    """Return the experiment and, of one job of a sweep, the folder of all its jobs."""
    hydra = HydraConfig.get()
    parts = [choices()["experiment"]] if _is_chosen("experiment") else []
    if hydra.mode == RunMode.MULTIRUN:
        parts += Path(hydra.sweep.dir).parts[-2:]  # the date and the time, unless set otherwise
    return "-".join(parts) or None


def _job_type(searcher: Searcher | None) -> str:
    for group, job_type in (("hypothesis", "hypothesis"), ("validation", "validate")):
        if _is_chosen(group):
            return job_type
    return "search" if isinstance(searcher, Learning) else "score"


def _is_chosen(group: str) -> bool:
    return choices().get(group, "none").lower() not in ("none", "null")
