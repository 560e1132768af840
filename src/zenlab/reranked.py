"""What validating a run's best candidates would bring, simulated where a benchmark allows it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from zenlab.analysis.reranking import rerank
from zenlab.core import Score, Table
from zenlab.report.files import write_scores
from zenlab.report.reranking import draw_reranking

_FEWEST = 10
_DRAWS = 500
_SEED = 0


def simulate_reranking(
    folder: Path,
    summary: dict[str, Any],
    scores: Sequence[Score],
    table: Table,
    short: tuple[int, Table],
) -> dict[str, Path]:
    """Put the regret after training more and more candidates into `summary`, unless too few.

    Writes `reranking.csv`; returns the figure by name.
    """
    known = _known(scores, table, short[1])
    if len(known) < _FEWEST:
        return {}
    epochs, accuracies = short
    rows = rerank(
        np.array([score.value for score in known]),
        np.array([accuracies.values[score.genotype] for score in known]),
        np.array([table.values[score.genotype] for score in known]),
        draws=_DRAWS,
        rng=np.random.default_rng(_SEED),
    )
    rows = [{**row, "epochs": row["candidates"] * epochs} for row in rows]
    summary["reranking"] = {
        "epochs": epochs,
        "picked_by": accuracies.label,
        "of": table.label,
        "rows": rows,
    }
    write_scores(folder / "reranking.csv", pd.DataFrame(rows))
    figure = folder / "figures" / "reranking.png"
    title = f"{summary['proxy']} on {summary['space']}: what training the best would bring"
    draw_reranking(figure, rows, epochs=epochs, measured_label=table.label, title=title)
    return {"reranking": figure}


def _known(scores: Sequence[Score], table: Table, short: Table) -> list[Score]:
    """Return each scored architecture once that both tables know."""
    different = {score.genotype: score for score in scores if score.error is None}
    return [
        score
        for genotype, score in different.items()
        if genotype in table.values and genotype in short.values
    ]
