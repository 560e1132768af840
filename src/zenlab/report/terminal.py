"""The terminal: the one place that prints."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from zenlab.report.lines import closing_lines, counts, picked, rejected
from zenlab.report.progress import ScoringProgress, TrainingProgress
from zenlab.report.tables import (
    boards_table,
    leaderboard_table,
    parts_table,
    quality_table,
    stability_table,
    sweep_table,
    validation_table,
)


class Terminal:
    """Prints a run: what it is, how far it has come, what came out."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def say(self, line: str) -> None:
        """Print one plain line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def say_tracked(self, where: Path | str | None) -> None:
        """Say where W&B has the run: its page, or the folder of an offline one."""
        if where is not None:
            self.say(f"W&B: {where}")

    def progress(
        self, what: str, *, show_best: bool = True, total: int | None = None
    ) -> ScoringProgress:
        """Return a progress bar to be used as a context manager; `total` is where it ends."""
        return ScoringProgress(what, self._console, show_best=show_best, total=total or 0)

    def trainings(self, total: int) -> TrainingProgress:
        """Return a bar of trainings, to be used as a context manager."""
        return TrainingProgress(self._console, total)

    @contextmanager
    def tasks(self) -> Iterator[Callable[[str, int, int], None]]:
        """Show a bar for each task reported (what, bytes done, bytes in all), if there are any."""
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
        bars: dict[str, TaskID] = {}
        progress = Progress(*columns, TimeRemainingColumn(), console=self._console)

        def report(what: str, done: int, total: int) -> None:
            if what not in bars:
                progress.start()
                bars[what] = progress.add_task(what, total=total)
            progress.update(bars[what], completed=done, total=total)

        try:
            yield report
        finally:
            if bars:
                progress.stop()

    def show(
        self, summary: Mapping[str, Any], folder: Path, tracked: Path | str | None = None
    ) -> None:
        """Print the result of a run: one table, a few lines, and where everything lies."""
        self._console.print()
        if "correlation" in summary:
            self._console.print(quality_table(summary))
        for line in closing_lines(summary):
            self.say(line)
        self._show_validation(summary)
        more = ", search.csv, population.csv, front.csv" if "search" in summary else ""
        more += ", reranking.csv" if "reranking" in summary else ""
        more += ", validation.csv" if "validation" in summary else ""
        more += ", figures/" if "correlation" in summary or more else ""
        self.say(f"written to {folder}: report.html, summary.json, scores.csv, config.yaml{more}")
        self.say_tracked(tracked)

    def show_leaderboard(
        self, summary: Mapping[str, Any], folder: Path, tracked: Path | str | None = None
    ) -> None:
        """Print what came out of several proxies: a table, best first, and where it all lies."""
        self._console.print()
        if "leaderboard" in summary:
            self._console.print(leaderboard_table(summary))
            self.say(summary["interval"])
        self.say(counts(summary))
        if summary.get("rejected"):
            self.say(rejected(summary["rejected"]))
        for name, member in summary["members"].items():
            for failure in member["failures"]:
                self.say(f"{name}: {failure}")
        self._show_validation(summary)
        figures = ", figures/" if "leaderboard" in summary else ""
        self.say(
            f"written to {folder}: report.html, summary.json, scores.csv, config.yaml{figures}"
        )
        self.say_tracked(tracked)

    def _show_validation(self, summary: Mapping[str, Any]) -> None:
        """Print what came of the best candidates, if any were trained."""
        if "validation" not in summary:
            return
        validation = summary["validation"]
        self._console.print()
        self._console.print(validation_table(validation))
        for line in [*picked(validation), *validation["remarks"], *validation["failures"]]:
            self.say(line)

    def show_verdict(
        self, parts: Sequence[Mapping[str, Any]], sentence: str, notes: Sequence[str] = ()
    ) -> None:
        """Print the parts of a claim, what else there is to see, then what follows."""
        self._console.print()
        self._console.print(parts_table(parts))
        for line in (*notes, sentence):
            self.say(line)

    def show_sweep(self, rows: Sequence[Mapping[str, Any]], folder: Path) -> None:
        """Print the verdicts of a sweep: claim and proxy, effect and interval."""
        self._console.print()
        self._console.print(sweep_table(rows))

    def show_boards(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Print Kendall's tau of each proxy on each board, best first."""
        self._console.print()
        self._console.print(boards_table(rows))
        self.say("Kendall tau-b; intervals, Spearman, top-10 % hits and seconds: leaderboard.csv")

    def show_stability(self, rows: Sequence[Mapping[str, Any]], folder: Path) -> None:
        """Print how far proxies agree with themselves."""
        self._console.print()
        self._console.print(stability_table(rows))
        self.say("brackets: 95 % bootstrap interval over architectures")
        self.say(f"written to {folder}: summary.json, stability.csv, scores.csv, config.yaml")
