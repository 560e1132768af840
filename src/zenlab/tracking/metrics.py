"""The metrics of a run's history: over which axis each is drawn, and which value of it is best."""

import re
from dataclasses import dataclass

EVALUATIONS = "evaluations"
EPOCH = "validation/epoch"
TRAININGS = "trainings"
NETWORKS = "plan/networks"


@dataclass(frozen=True)
class Metric:
    """A metric, or all of a kind: what stands in angle brackets is any name.

    `axis` is the metric that it is drawn over, None for an axis itself; `best` is the summary that
    W&B keeps of it, `max` or `min`, None for the last value.
    """

    name: str
    axis: str | None = EVALUATIONS
    best: str | None = None

    def matches(self, name: str) -> bool:
        """Whether `name` is of this kind."""
        return re.fullmatch(self.pattern, name) is not None

    @property
    def pattern(self) -> str:
        """The regular expression of the names of this kind."""
        return "".join(
            ".+" if part.startswith("<") else re.escape(part)
            for part in re.split(r"(<[^>]+>)", self.name)
        )


METRICS = (
    Metric(EVALUATIONS, axis=None),
    Metric("scored"),
    Metric("rate"),
    Metric("score"),
    Metric("best_so_far", best="max"),
    Metric("running_tau"),
    Metric("running_joined"),
    Metric("population/size"),
    Metric("population/best", best="max"),
    Metric("population/spread"),
    Metric("rejected/<limit>"),
    Metric(EPOCH, axis=None),
    Metric("validation/rank_<rank>/train_loss", EPOCH, best="min"),
    Metric("validation/rank_<rank>/held_out_loss", EPOCH, best="min"),
    Metric("validation/rank_<rank>/held_out_accuracy", EPOCH, best="max"),
    Metric("validation/rank_<rank>/learning_rate", EPOCH),
    Metric(TRAININGS, axis=None),
    Metric("training/accuracy", TRAININGS, best="max"),
    Metric("training/seconds", TRAININGS),
    Metric(NETWORKS, axis=None),
    Metric("plan/power", NETWORKS),
)
"""Everything that a run may stream; with several seeds `<rank>` is `<rank>/seed_<seed>`."""


def metric_of(name: str) -> Metric | None:
    """Return the kind of a metric by its name, None where it is not one of zenlab's."""
    return next((metric for metric in METRICS if metric.matches(name)), None)
