"""The terminal: the one place that prints."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from zenlab.core import Score

_SECONDS_BETWEEN_UPDATES = 0.1


class Terminal:
    """Prints a run: what it is, how far it has come, what came out."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def say(self, line: str) -> None:
        """Print one plain line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def progress(self, what: str, *, show_best: bool = True) -> "ScoringProgress":
        """Return a progress bar to be used as a context manager."""
        return ScoringProgress(what, self._console, show_best=show_best)

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
            self._console.print(_quality_table(summary))
        for line in _closing_lines(summary):
            self.say(line)
        figures = ", figures/" if "correlation" in summary else ""
        self.say(f"written to {folder}: summary.json, scores.csv, config.yaml{figures}")
        if tracked is not None:
            self.say(f"W&B: {tracked}")

    def show_leaderboard(
        self, summary: Mapping[str, Any], folder: Path, tracked: Path | str | None = None
    ) -> None:
        """Print what came out of several proxies: a table, best first, and where it all lies."""
        self._console.print()
        if "leaderboard" in summary:
            self._console.print(_leaderboard_table(summary))
            self.say(summary["interval"])
        self.say(_counts(summary))
        for name, member in summary["members"].items():
            for failure in member["failures"]:
                self.say(f"{name}: {failure}")
        figures = ", figures/" if "leaderboard" in summary else ""
        self.say(f"written to {folder}: summary.json, scores.csv, config.yaml{figures}")
        if tracked is not None:
            self.say(f"W&B: {tracked}")

    def show_stability(self, rows: Sequence[Mapping[str, Any]], folder: Path) -> None:
        """Print how far proxies agree with themselves."""
        table = Table(
            title="Spearman between rankings of the same architectures, mean of pairs",
            title_justify="left",
            box=SIMPLE_HEAD,
            show_edge=False,
            padding=(0, 1, 0, 0),
        )
        for name in ("proxy", "between"):
            table.add_column(name, no_wrap=True)
        for name in ("Spearman", "pairs", "s/net"):
            table.add_column(name, justify="right", no_wrap=True)
        for row in rows:
            seconds = row["seconds_per_network"]
            cells = (row["between"], _with_interval(row), str(row["pairs"]), _duration(seconds))
            table.add_row(row["proxy"], *cells)
        self._console.print()
        self._console.print(table)
        self.say("brackets: 95 % bootstrap interval over architectures")
        self.say(f"written to {folder}: summary.json, stability.csv, scores.csv, config.yaml")


class ScoringProgress:
    """A bar with count, rate, time left and the best score so far."""

    def __init__(self, what: str, console: Console, *, show_best: bool) -> None:
        self._show_best = show_best
        self.done = 0
        self.best = -math.inf
        self.scored = 0
        self._start = time.perf_counter()
        self._shown = 0.0
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
        """Let the bar grow by `count` architectures."""
        self._total += count
        self._bar.update(self._task, total=self._total)

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
        best = f"best {self.best:.5g}" if self._show_best else ""
        rate = f"{self.rate:.3g}/s"
        self._bar.update(self._task, completed=self.done, rate=rate, best=best)


_ROWS = {
    "kendall": "Kendall tau-b",
    "spearman": "Spearman rho",
    "pearson": "Pearson r",
    "weighted_kendall": "weighted tau",
}


def _quality_table(summary: Mapping[str, Any]) -> Table:
    """One column for each population; the outcomes of picking by score below the correlations."""
    populations = summary["correlation"]
    table = Table(
        title=f"{summary['proxy']} against {summary['benchmark']['label']}",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column(summary["space"], no_wrap=True)
    for name in populations:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("n", *(f"{quality['n']:,}" for quality in populations.values()))
    for key, name in _ROWS.items():
        table.add_row(name, *(_with_interval(quality[key]) for quality in populations.values()))
    for group, key, name in (
        ("top_precision", "10%", "top-10% hits"),
        ("regret", "top_1", "regret, top 1"),
        ("regret", "top_10", "regret, top 10"),
    ):
        table.add_row(name, *(_number(quality[group][key]) for quality in populations.values()))
    return table


def _number(measured: Mapping[str, Any]) -> str:
    return "undefined" if measured["value"] is None else f"{measured['value']:.2f}"


def _with_interval(measured: Mapping[str, Any]) -> str:
    if measured["low"] is None or measured["low"] == measured["high"]:
        return _number(measured)
    return f"{_number(measured)} [{measured['low']:.2f},{measured['high']:.2f}]"


def _leaderboard_table(summary: Mapping[str, Any]) -> Table:
    """One row for each proxy: tau and Spearman over all and over reachable, cost."""
    table = Table(
        title=f"{summary['space']}: proxies against {summary['benchmark']['label']}",
        title_justify="left",
        box=SIMPLE_HEAD,
        show_edge=False,
        padding=(0, 1, 0, 0),
    )
    populations = [p for p in ("all", "reachable") if p in summary["leaderboard"][0]]
    table.add_column("proxy", no_wrap=True)
    for population in populations:
        heading = "tau, all" if population == "all" else population
        table.add_column(heading, justify="right", no_wrap=True)
    for name in ("rho", "top10", "s/net"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in summary["leaderboard"]:
        seconds = row["seconds_per_network"]
        table.add_row(
            row["proxy"],
            *(_with_interval(row[population]["kendall"]) for population in populations),
            _number(row["all"]["spearman"]),
            _number(row["all"]["top_10%"]),
            _duration(seconds),
        )
    return table


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return "<0.01" if seconds < 0.01 else f"{seconds:.2f}"


def _counts(summary: Mapping[str, Any]) -> str:
    others = ""
    if summary["shared"]:
        others += f"{summary['shared']:,} share a score with an equal one, "
    if summary["screened"]:
        others += f"{summary['screened']:,} by the screen alone, "
    return (
        f"scored {summary['scored']:,} in {summary['scoring_seconds']:.1f} s, {others}took "
        f"{summary['reused']:,} from the store; {summary['dead']:,} dead, "
        f"{summary['failed']:,} failed"
    )


def _closing_lines(summary: Mapping[str, Any]) -> list[str]:
    best = summary["best"]
    measured = "" if best["accuracy"] is None else f", measured {best['accuracy']:.2f}"
    return [
        *([summary["interval"]] if "interval" in summary else []),
        _counts(summary),
        f"best score {best['score']:.6g}{measured}: {best['genotype']}",
        *summary["failures"],
    ]
