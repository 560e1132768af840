"""The bar of trainings: how many are done, how fast, and the best accuracy so far."""

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from zenlab.validation.archive import Trained


class TrainingProgress:
    """A bar of `total` trainings; use it as a context manager."""

    def __init__(self, console: Console, total: int) -> None:
        self._bar = Progress(
            TextColumn("training"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[best]}"),
            console=console,
        )
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
