"""What every story of a run needs: the benchmark's table, a watcher of scores, what is tracked."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from zenlab.assembly import GROUPS, Parts, choices
from zenlab.benchmarks.table import TableUnavailable
from zenlab.core import Score, Space, Table
from zenlab.report.terminal import ScoringProgress, Terminal

_SECONDS_BETWEEN_METRICS = 1.0
_DESCRIPTORS = ("dead", "reachable")  # they divide the architectures into populations

Log = Callable[[Mapping[str, float]], None]
"""Takes a step of metrics."""


def load_table(
    config: DictConfig, parts: Parts, terminal: Terminal
) -> tuple[Table | None, list[str]]:
    """Load the benchmark's table; where there is none to be had, say so in one line and go on."""
    if not config.get("benchmark"):
        remark = f"space {parts.names['space']} has no table of accuracies: scores only"
        terminal.say(remark)
        return None, [remark]
    benchmark = instantiate(config.benchmark, _convert_="all")
    try:
        with terminal.tasks() as on_progress:
            return benchmark.load(parts.space, parts.dataset.name, on_progress=on_progress), []
    except TableUnavailable as missing:
        terminal.say(str(missing))
        return None, [str(missing)]


class Watcher:
    """Passes every score to the bar, and the state of the bar to the metrics, not too often."""

    def __init__(self, progress: ScoringProgress, log: Log) -> None:
        self._progress = progress
        self._log = log
        self._logged = 0.0

    def on_score(self, score: Score) -> None:
        """Count one score."""
        self._progress.add(score)
        if self._progress.seconds - self._logged >= _SECONDS_BETWEEN_METRICS:
            self.report()

    def report(self) -> None:
        """Send the state of the bar."""
        bar = self._progress
        self._logged = bar.seconds
        self._log({"scored": bar.scored, "rate": bar.rate, "best_so_far": bar.best})


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


def tracked(config: DictConfig, folder: Path) -> dict[str, Any]:
    """What tracking needs to know of a run at its start."""
    chosen = choices()
    names = [chosen[group] for group in GROUPS]
    return {
        "config": OmegaConf.to_container(config, resolve=True),
        "folder": folder,
        "group": chosen.get("experiment"),
        "job_type": "score",
        "tags": names,
        "name": "-".join(names),
    }
