"""What a search leaves besides its scores: curve, population and Pareto front, as files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zenlab.abilities import Learning, Weighing
from zenlab.assembly import Parts
from zenlab.core import Score
from zenlab.report.files import write_scores
from zenlab.report.front import draw_front, front_rows
from zenlab.report.search import Trace, curve, draw_search, population

_OBJECTIVE = "params"
"""What the scores are weighed against where the searcher weighs nothing."""


def objective_of(parts: Parts) -> str:
    """Return the second quantity of the run's Pareto front."""
    return parts.searcher.objective if isinstance(parts.searcher, Weighing) else _OBJECTIVE


def write_search(
    folder: Path,
    parts: Parts,
    searcher: Learning,
    trace: Trace,
    rows: pd.DataFrame,
    costs: np.ndarray,
) -> dict[str, Any]:
    """Write `search.csv`, `population.csv` and `front.csv`; return their part of the summary.

    `rows` are those of `scores.csv`, `costs` the objective of each.
    """
    members = population(parts.space, searcher.members, rows)
    front = front_rows(rows, costs, objective_of(parts))
    tables = {"search": curve(trace, rows), "population": members, "front": front}
    for name, table in tables.items():
        write_scores(folder / f"{name}.csv", table)
    return {
        "evaluations": trace.evaluations,
        "best_at": trace.rises[-1].evaluation,
        "members": len(members),
        "objective": objective_of(parts),
        "front": [_plain(row) for row in front.to_dict("records")],
    }


def draw_found(
    folder: Path,
    parts: Parts,
    trace: Trace,
    rows: pd.DataFrame,
    costs: np.ndarray,
    measured_label: str,
) -> dict[str, Path]:
    """Draw the curve and the front; return the figures by name."""
    title = f"{parts.names['searcher']} with {parts.names['proxy']} on {parts.names['space']}"
    figures = {name: folder / "figures" / f"{name}.png" for name in ("search", "front")}
    rises = curve(trace, rows)
    draw_search(figures["search"], rises, trace.evaluations, title=title, measured=measured_label)
    scores = rows["score"].to_numpy(dtype=float)
    draw_front(figures["front"], scores, costs, objective=objective_of(parts), title=title)
    return figures


def costs_of(parts: Parts, scores: list[Score], descriptors: pd.DataFrame) -> np.ndarray:
    """Return the objective of each architecture, (n,); nan is unknown."""
    objective = objective_of(parts)
    if objective in descriptors:
        return descriptors[objective].to_numpy(dtype=float)
    return np.array([score.terms.get(objective, np.nan) for score in scores])


def _plain(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): None if value is pd.NA else value for name, value in row.items()}
