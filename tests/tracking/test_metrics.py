"""The vocabulary of the history is the one that docs/tracking.md gives its readers."""

import re
from pathlib import Path

import pytest

from zenlab.tracking.metrics import METRICS, metric_of

DOCUMENTED = Path(__file__).parents[2] / "docs" / "tracking.md"


def documented() -> list[list[str]]:
    """Return metric, axis and summary of each row of the table of the history."""
    _, _, rest = DOCUMENTED.read_text().partition("| metric | drawn over |")
    rows = [line for line in rest.partition("\n\n")[0].splitlines() if line.startswith("| `")]
    return [[cell.strip(" `") for cell in row.strip("|").split("|")[:3]] for row in rows]


def test_the_documentation_names_every_metric_with_its_axis_and_summary() -> None:
    known = [[metric.name, metric.axis or "", metric.best or "last"] for metric in METRICS]
    assert documented() == known


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("running_tau", "running_tau"),
        ("rejected/max_params", "rejected/<limit>"),
        ("validation/rank_12/train_loss", "validation/rank_<rank>/train_loss"),
        ("validation/rank_1/seed_0/held_out_accuracy", "validation/rank_<rank>/held_out_accuracy"),
    ],
)
def test_a_metric_is_found_by_its_name(name: str, kind: str) -> None:
    found = metric_of(name)
    assert found and found.name == kind
    assert re.fullmatch(found.pattern, name)


@pytest.mark.parametrize("name", ["tau", "rejected", "validation/rank_1", "xrunning_tau"])
def test_what_is_no_metric_of_zenlab_is_not_found(name: str) -> None:
    assert metric_of(name) is None
