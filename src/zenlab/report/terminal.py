"""The terminal: the one place that prints."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from zenlab.core import Score


class Terminal:
    """Prints a run: what it is, how far it has come, what came out."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def say(self, line: str) -> None:
        """Print one plain line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def progress(self, what: str) -> "ScoringProgress":
        """Return a progress bar to be used as a context manager."""
        return ScoringProgress(what, self._console)

    def show(self, summary: Mapping[str, Any], folder: Path) -> None:
        """Print the result of a run: one table, a few lines, and where everything lies."""
        self._console.print()
        if "correlation" in summary:
            self._console.print(_quality_table(summary))
        for line in _closing_lines(summary):
            self.say(line)
        self.say(f"written to {folder}: summary.json, scores.csv, config.yaml, figures/")


class ScoringProgress:
    """A bar with count, rate, time left and the best score so far."""

    def __init__(self, what: str, console: Console) -> None:
        self.done = 0
        self.best = -math.inf
        self._reused = 0
        self._start = time.perf_counter()
        self._bar = Progress(
            TextColumn(what),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[best]}"),
            console=console,
        )
        self._task: TaskID = self._bar.add_task(what, total=0, rate="", best="")
        self._total = 0

    def __enter__(self) -> "ScoringProgress":
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last state of the bar on the screen."""
        self._bar.stop()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    @property
    def rate(self) -> float:
        """Architectures scored anew per second."""
        return (self.done - self._reused) / max(self.seconds, 1e-9)

    def expect(self, count: int) -> None:
        """Let the bar grow by `count` architectures."""
        self._total += count
        self._bar.update(self._task, total=self._total)

    def add(self, score: Score) -> None:
        """Count one score."""
        self.done += 1
        self._reused += score.reused
        if score.error is None:
            self.best = max(self.best, score.value)
        self._bar.update(
            self._task, completed=self.done, rate=f"{self.rate:.3g}/s", best=f"best {self.best:.5g}"
        )


def _quality_table(summary: Mapping[str, Any]) -> Table:
    table = Table(
        title=f"{summary['proxy']} against {summary['benchmark']['label']}",
        title_justify="left",
        caption=summary["interval"],
        caption_justify="left",
    )
    table.add_column(summary["space"])
    for name in ("n", "at -inf"):
        table.add_column(name, justify="right")
    for name in ("Kendall tau-b", "Spearman rho", "Pearson r"):
        table.add_column(name)
    for population, quality in summary["correlation"].items():
        table.add_row(
            population,
            f"{quality['n']:,}",
            f"{quality['minus_infinite']:,}",
            *(_with_interval(quality[name]) for name in ("kendall", "spearman", "pearson")),
        )
    return table


def _with_interval(measured: Mapping[str, Any]) -> str:
    if measured["value"] is None:
        return "undefined"
    if measured["low"] is None:
        return f"{measured['value']:.3f}"
    return f"{measured['value']:.3f} [{measured['low']:.3f}, {measured['high']:.3f}]"


def _closing_lines(summary: Mapping[str, Any]) -> list[str]:
    counts = (
        f"scored {summary['scored']:,} anew and took {summary['reused']:,} from the store in "
        f"{summary['scoring_seconds']:.1f} s on {summary['hardware']}; "
        f"{summary['dead']:,} dead, {summary['failed']:,} failed"
    )
    lines = [counts]
    if best := summary["best"]:
        accuracy = f", {best['accuracy']:.2f}" if best["accuracy"] is not None else ""
        lines.append(f"best  {best['genotype']}  score {best['score']}{accuracy}")
    return lines + list(summary["remarks"])
