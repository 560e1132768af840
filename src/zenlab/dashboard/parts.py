"""What the dashboard shows, part by part: a question, and the panels that answer it.

Every metric named here is one that zenlab streams; docs/tracking.md lists them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import wandb_workspaces.reports.v2 as wr

from zenlab.tracking.metrics import EPOCH, EVALUATIONS

_TAU = "correlation.all.kendall.value"
_PROXY = wr.Config("options.proxy")
_SPACE = wr.Config("options.space")


@dataclass(frozen=True)
class Part:
    """A section of the workspace and a chapter of the report."""

    title: str
    text: str
    panels: Sequence[Any]


def parts() -> list[Part]:
    """Return all parts with panels of their own, in the order in which they are shown."""
    return [_leaderboard(), _scatter(), _verdicts(), _search(), _validation(), _cost()]


def _leaderboard() -> Part:
    return Part(
        "Leaderboard",
        "How well each proxy ranks each space: Kendall's tau against measured accuracies, with "
        "its 95 % interval.",
        [
            _table("standings"),
            _bars("Kendall's tau by proxy", _TAU, _PROXY),
            _bars("Kendall's tau by space", _TAU, _SPACE),
        ],
    )


def _scatter() -> Part:
    return Part(
        "Score against accuracy",
        "Each point is an architecture; beside it the rank correlation while a run goes on.",
        [
            wr.CustomChart(
                query={"summaryTable": {"tableKey": "scores"}},
                chart_name="wandb/scatter/v0",
                chart_fields={"x": "score", "y": "accuracy"},
                chart_strings={"title": "Score against accuracy"},
            ),
            _curve("Running tau", "running_tau"),
            _curve("Architectures with score and accuracy", "running_joined"),
        ],
    )


def _verdicts() -> Part:
    return Part(
        "Hypothesis verdicts",
        "What each tested claim came to, with its effect and the interval of it.",
        [_table("claims")],
    )


def _search() -> Part:
    return Part(
        "Search curves",
        "The best score so far, and the population that a searcher keeps.",
        [
            _curve("Best score so far", "best_so_far"),
            _curve("Best score of the population", "population/best"),
            _curve("Spread of the population", "population/spread"),
            _curves("Rejected by the constraint", "rejected/.+", over=EVALUATIONS),
        ],
    )


def _validation() -> Part:
    return Part(
        "Validation curves",
        "The best candidates of a run, trained for some epochs.",
        [
            _curves("Held-out accuracy (%)", "validation/rank_.+/held_out_accuracy", over=EPOCH),
            _curves("Training loss", "validation/rank_.+/train_loss", over=EPOCH),
            _curves("Learning rate", "validation/rank_.+/learning_rate", over=EPOCH),
        ],
    )


def _cost() -> Part:
    return Part(
        "Cost",
        "What scoring and training took, and what it bought.",
        [
            _curve("Architectures per second", "rate"),
            _bars("Seconds of scoring", "scoring_seconds", _PROXY),
            _bars("Seconds of training", "validation.training_seconds", _PROXY),
            wr.ScatterPlot(
                title="Kendall's tau against seconds of scoring",
                x=wr.SummaryMetric("scoring_seconds"),
                y=wr.SummaryMetric(_TAU),
                log_x=True,
            ),
        ],
    )


def _curve(title: str, metric: str) -> wr.LinePlot:
    return wr.LinePlot(title=title, x=EVALUATIONS, y=[metric])


def _curves(title: str, pattern: str, *, over: str) -> wr.LinePlot:
    return wr.LinePlot(title=title, x=over, metric_regex=pattern)


def _bars(title: str, metric: str, by: wr.Config) -> wr.BarPlot:
    return wr.BarPlot(title=title, metrics=[metric], groupby=by, groupby_aggfunc="mean")


def _table(name: str) -> wr.WeavePanelSummaryTable:
    return wr.WeavePanelSummaryTable(table_name=name)
