"""The terminal: the one place that prints."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

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

from zenlab.core import Score
from zenlab.report.progress import TrainingProgress
from zenlab.report.tables import (
    boards_table,
    leaderboard_table,
    parts_table,
    quality_table,
    stability_table,
    sweep_table,
    validation_table,
)

_SECONDS_BETWEEN_UPDATES = 0.1


class Terminal:
    """Prints a run: what it is, how far it has come, what came out."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def say(self, line: str) -> None:
        """Print one plain line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def progress(
        self, what: str, *, show_best: bool = True, total: int | None = None
    ) -> "ScoringProgress":
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
        for line in _closing_lines(summary):
            self.say(line)
        self._show_validation(summary)
        more = ", search.csv, population.csv, front.csv" if "search" in summary else ""
        more += ", reranking.csv" if "reranking" in summary else ""
        more += ", validation.csv" if "validation" in summary else ""
        more += ", figures/" if "correlation" in summary or more else ""
        self.say(f"written to {folder}: report.html, summary.json, scores.csv, config.yaml{more}")
        if tracked is not None:
            self.say(f"W&B: {tracked}")

    def show_leaderboard(
        self, summary: Mapping[str, Any], folder: Path, tracked: Path | str | None = None
    ) -> None:
        """Print what came out of several proxies: a table, best first, and where it all lies."""
        self._console.print()
        if "leaderboard" in summary:
            self._console.print(leaderboard_table(summary))
            self.say(summary["interval"])
        self.say(_counts(summary))
        if summary.get("rejected"):
            self.say(_rejected(summary["rejected"]))
        for name, member in summary["members"].items():
            for failure in member["failures"]:
                self.say(f"{name}: {failure}")
        self._show_validation(summary)
        figures = ", figures/" if "leaderboard" in summary else ""
        self.say(
            f"written to {folder}: report.html, summary.json, scores.csv, config.yaml{figures}"
        )
        if tracked is not None:
            self.say(f"W&B: {tracked}")

    def _show_validation(self, summary: Mapping[str, Any]) -> None:
        """Print what came of the best candidates, if any were trained."""
        if "validation" not in summary:
            return
        validation = summary["validation"]
        self._console.print()
        self._console.print(validation_table(validation))
        for line in [*_picked(validation), *validation["remarks"], *validation["failures"]]:
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


class ScoringProgress:
    """A bar with count, rate, time left and the best score so far."""

    def __init__(self, what: str, console: Console, *, show_best: bool, total: int = 0) -> None:
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
    return [
        *([summary["interval"]] if "interval" in summary else []),
        _counts(summary),
        *([_rejected(summary["rejected"])] if summary["rejected"] else []),
        *([_reranked(summary["reranking"])] if "reranking" in summary else []),
        *([_found(summary["search"], summary["asked"])] if "search" in summary else []),
        _best(summary["best"]),
        *summary["failures"],
    ]


def _picked(validation: Mapping[str, Any]) -> list[str]:
    """Say what validation picks, what that gained over the proxy's own pick, and what it cost."""
    pick, first, regret = (validation[key] for key in ("pick", "proxy_pick", "regret"))
    if pick is None:
        return ["no candidate could be trained"]
    lines = [f"* picked by {validation['picked_by']}: {pick['genotype']}"]
    if first["test_accuracy"] is not None:
        gain = pick["test_accuracy"] - first["test_accuracy"]
        lines.append(
            f"test accuracy {pick['test_accuracy']:.2f} %, {gain:+.2f} against the proxy's own "
            f"pick, for {validation['training_seconds']:.1f} s of training"
        )
    if regret is not None:
        lines.append(
            f"regret in {regret['of']}: {regret['proxy']:.2f} by proxy alone, "
            f"{regret['validation']:.2f} after validation (best of all scored: "
            f"{regret['best']:.2f})"
        )
    return lines


def _rejected(reasons: Mapping[str, int]) -> str:
    words = ", ".join(f"{count:,} by {reason}" for reason, count in reasons.items())
    return f"the constraint rejected {words}"


def _reranked(simulated: Mapping[str, Any]) -> str:
    """Say what training a few of the best would bring."""
    rows = {row["candidates"]: row for row in simulated["rows"]}
    first, ten = rows[1], rows[10]
    return (
        f"simulated validation: regret {first['regret']:.2f} by score alone, {ten['regret']:.2f} "
        f"[{ten['low']:.2f}, {ten['high']:.2f}] after training the best 10 for "
        f"{simulated['epochs']} epochs each, {ten['random_regret']:.2f} with 10 at random"
    )


def _found(search: Mapping[str, Any], different: int) -> str:
    return (
        f"search: {search['evaluations']:,} evaluations of {different:,} architectures, the best "
        f"found by evaluation {search['best_at']:,}; {len(search['front'])} on the front of score "
        f"against {search['objective']}"
    )


def _best(best: Mapping[str, Any]) -> str:
    measured = "" if best["accuracy"] is None else f", measured {best['accuracy']:.2f}"
    size = f"{best['params']:,.0f} params, {best['flops']:,.0f} FLOPs"
    return f"best score {best['score']:.6g}{measured}, {size}: {best['genotype']}"
