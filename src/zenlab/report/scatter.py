"""The picture of a run: score against measured quantity, one point per architecture."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

_POINTS_THAT_OVERLAP = 2000
_MARKED = 10
_INK = "#1f4e79"
_ACCENT = "#d1495b"


def draw_scatter(
    path: Path,
    scores: np.ndarray,
    measured: np.ndarray,
    *,
    score_label: str,
    measured_label: str,
    title: str,
) -> None:
    """Draw `measured` (n,) against `scores` (n,) into a PNG file.

    Architectures that score minus infinity stand in a strip of their own on the left; the best ten
    by score are marked; from 2,000 points on, the density is drawn instead of the points.
    """
    figure, (strip, axes) = _frame(dead=bool(np.isneginf(scores).any()))
    live = np.isfinite(scores)
    _draw_live(figure, axes, scores[live], measured[live])
    _draw_dead(strip, measured[~live])
    axes.set_xlabel(score_label)
    (strip if strip.get_visible() else axes).set_ylabel(measured_label)
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _frame(*, dead: bool) -> tuple[Figure, tuple[Axes, Axes]]:
    """Two plots with one vertical axis; the left one for the dead, if there are any."""
    figure, (strip, axes) = plt.subplots(
        1, 2, sharey=True, figsize=(7.2, 4.8), width_ratios=(1, 11), layout="constrained"
    )
    strip.set_visible(dead)
    axes.tick_params(labelleft=not dead)
    for plot in (strip, axes):
        plot.spines[["top", "right"]].set_visible(False)
        plot.grid(alpha=0.25, linewidth=0.6)
    return figure, (strip, axes)


def _draw_live(figure: Figure, axes: Axes, scores: np.ndarray, measured: np.ndarray) -> None:
    if len(scores) >= _POINTS_THAT_OVERLAP:
        bins = axes.hexbin(scores, measured, gridsize=70, bins="log", cmap="Blues", mincnt=1)
        figure.colorbar(bins, ax=axes, label="architectures", pad=0.01)
    else:
        axes.scatter(scores, measured, s=16, alpha=0.6, color=_INK, linewidths=0)
    best = np.argsort(-scores, kind="stable")[:_MARKED]
    axes.scatter(
        scores[best],
        measured[best],
        s=42,
        facecolors="none",
        edgecolors=_ACCENT,
        linewidths=1.2,
        label=f"best {len(best)} by score",
    )
    if len(scores):
        axes.legend(loc="lower right", frameon=False, fontsize=9)


def _draw_dead(strip: Axes, measured: np.ndarray) -> None:
    spread = np.linspace(-0.25, 0.25, max(len(measured), 1))[: len(measured)]
    strip.scatter(spread, measured, s=10, alpha=0.5, color="0.45", linewidths=0)
    strip.set(xlim=(-0.6, 0.6), xticks=[0], xticklabels=[r"$-\infty$"])
    strip.set_xlabel(f"dead\n({len(measured)})", fontsize=9)
