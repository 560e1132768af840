"""The picture of re-ranking: regret against what is spent on training candidates."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt

_INK = "#1f4e79"


def draw_reranking(
    path: Path, rows: Sequence[Mapping[str, Any]], *, epochs: int, measured_label: str, title: str
) -> None:
    """Draw the regret of picking among more and more candidates, each trained for `epochs`."""
    figure, axes = plt.subplots(figsize=(7.2, 4.4), layout="constrained")
    counts = [row["candidates"] for row in rows]
    axes.fill_between(
        counts,
        [row["low"] for row in rows],
        [row["high"] for row in rows],
        color=_INK,
        alpha=0.15,
        linewidth=0,
        label="95 % of searches",
    )
    axes.plot(counts, [row["regret"] for row in rows], "o-", color=_INK, label="best by score")
    axes.plot(counts, [row["random_regret"] for row in rows], "o--", color="0.55", label="random")
    axes.set_xscale("log")
    axes.set_xticks(counts, [str(count) for count in counts])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set(
        xlabel=f"candidates trained for {epochs} epochs, the best of which is picked",
        ylabel=f"regret: {measured_label}",
    )
    axes.legend(frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)
