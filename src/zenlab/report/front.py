"""The Pareto front of a search: no architecture scores more at the same cost or less."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

_POINTS_THAT_OVERLAP = 2000
_INK = "#1f4e79"
_ACCENT = "#d1495b"


def pareto_front(scores: np.ndarray, costs: np.ndarray) -> np.ndarray:
    """Return the places of the front, the cheapest first; of equals the first one stands.

    `scores` (n,) should be high, `costs` (n,) low; minus infinity and nan are never on the front.
    """
    eligible = np.flatnonzero(np.isfinite(scores) & np.isfinite(costs))
    order = eligible[np.lexsort((-scores[eligible], costs[eligible]))]
    best_before = np.maximum.accumulate(np.concatenate([[-np.inf], scores[order]]))[:-1]
    return order[scores[order] > best_before]


def front_rows(rows: pd.DataFrame, costs: np.ndarray, objective: str) -> pd.DataFrame:
    """Return the columns of `front.csv` for the rows of `scores.csv`, the cheapest first.

    `objective` names `costs`, one for each row.
    """
    places = pareto_front(rows["score"].to_numpy(dtype=float), costs)
    front = rows.iloc[places][["genotype", "score", "accuracy"]]
    front.insert(1, objective, costs[places])
    return front.reset_index(drop=True)


def draw_front(
    path: Path, scores: np.ndarray, costs: np.ndarray, *, objective: str, title: str
) -> None:
    """Draw scores (n,) against costs (n,), with the front as a line, into a PNG file."""
    figure, axes = plt.subplots(figsize=(7.2, 4.8), layout="constrained")
    seen = np.isfinite(scores) & np.isfinite(costs)
    if seen.sum() >= _POINTS_THAT_OVERLAP:
        bins = axes.hexbin(costs[seen], scores[seen], gridsize=70, bins="log", cmap="Blues")
        figure.colorbar(bins, ax=axes, label="architectures", pad=0.01)
    else:
        axes.scatter(costs[seen], scores[seen], s=16, alpha=0.6, color=_INK, linewidths=0)
    front = pareto_front(scores, costs)
    axes.step(
        costs[front],
        scores[front],
        where="post",
        marker="o",
        markersize=4,
        color=_ACCENT,
        label=f"front ({len(front)})",
    )
    axes.set_xlabel(objective)
    axes.set_ylabel("score")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)
