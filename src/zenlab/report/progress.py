"""Bars of scoring and of training: how many are done, how fast, and the best so far."""

import math
import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from zenlab.core import Score
from zenlab.validation.archive import Trained

_SECONDS_BETWEEN_UPDATES = 0.1


def _bar(console: Console, what: str, *further: ProgressColumn) -> Progress:
    """Return a bar with count, time left and the best so far, and `further` between."""
    counted = TextColumn(what), BarColumn(bar_width=None), MofNCompleteColumn()
    best = TextColumn("{task.fields[best]}")
    return Progress(*counted, *further, TimeRemainingColumn(), best, console=console)


class TrainingProgress:
    """A bar of `total` trainings; use it as a context manager."""

    def __init__(self, console: Console, total: int) -> None:
        self._bar = _bar(console, "training")
        self._task = self._bar.add_task("training", total=total, best="")
        self._best = 0.0

    def __enter__(self) -> "TrainingProgress":
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

    def add(self, trained: Trained) -> None:
        """Count one training, whatever came of it."""
        if trained.error is None:
            self._best = max(self._best, trained.tested["accuracy"])
        self._bar.update(self._task, advance=1, best=f"best {self._best:.2f} %")


class ScoringProgress:
    """A bar with count, rate, time left and the best score so far."""

    def __init__(self, what: str, console: Console, *, show_best: bool, total: int = 0) -> None:
        self._show_best = show_best
        self.done = 0
        self.best = -math.inf
        self.scored = 0
        self._start = time.perf_counter()
        self._shown = 0.0
        self._bar = _bar(console, what, TextColumn("{task.fields[rate]}"))
        self._task: TaskID = self._bar.add_task(what, total=total, rate="", best="")
        self._total = total
        self._expected = 0

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
        """Leave the last state of the bar on the screen, full if nothing went wrong."""
        if kind is None:
            self._total = self.done  # what comes again isn't counted, so there may be fewer
        self._show()
        self._bar.stop()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.perf_counter() - self._start

    @property
    def rate(self) -> float:
        """Architectures scored anew per second."""
        return self.scored / max(self.seconds, 1e-9)

    def expect(self, count: int) -> None:
        """Let the bar grow by `count` architectures, where its end isn't known yet."""
        self._expected += count
        self._total = max(self._total, self._expected)

    def add(self, score: Score) -> None:
        """Count one score."""
        self.done += 1
        self.scored += not score.reused and not score.shared
        if score.error is None:
            self.best = max(self.best, score.value)
        if self.seconds - self._shown >= _SECONDS_BETWEEN_UPDATES:
            self._show()

    def _show(self) -> None:
        self._shown = self.seconds
        known = self._show_best and self.best > -math.inf
        best = f"best {self.best:.5g}" if known else ""
        rate = f"{self.rate:.3g}/s"
        self._bar.update(self._task, total=self._total, completed=self.done, rate=rate, best=best)
