"""The picture of a validation: how candidates learnt, and how they ended."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

_ACCENT = "#d1495b"
_COLOURS = plt.get_cmap("viridis")


def draw_validation(path: Path, summary: Mapping[str, Any], *, title: str) -> None:
    """Draw the curves of all candidates, and their final accuracies by proxy rank, into a PNG."""
    candidates = [c for c in summary["candidates"] if c["seeds"]]
    held_out = candidates[0]["held_out_accuracy"] is not None
    curve = "held_out_accuracy" if held_out else "train_loss"
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.4), layout="constrained")
    _draw_curves(left, candidates, curve)
    left.set(xlabel="epoch", ylabel="held-out accuracy (%)" if held_out else "training loss")
    _draw_ends(right, candidates, summary["pick"]["rank"], held_out=held_out)
    right.set(xlabel="place by proxy score", ylabel=summary["label"])
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _draw_curves(axes: Axes, candidates: Sequence[Mapping[str, Any]], what: str) -> None:
    for candidate in candidates:
        rows = [row for row in candidate["epochs"] if what in row]
        axes.plot(
            [row["epoch"] for row in rows],
            [row[what] for row in rows],
            color=_colour(candidate, candidates),
            marker="o" if len(rows) < 2 else None,
            linewidth=1.6,
            label=f"{candidate['rank']}",
        )
    axes.legend(title="place by proxy", frameon=False, fontsize=9, ncols=2)
    _lighten(axes)


def _draw_ends(
    axes: Axes, candidates: Sequence[Mapping[str, Any]], picked: int, *, held_out: bool
) -> None:
    for candidate in candidates:
        colour = _colour(candidate, candidates)
        spread = candidate["test_accuracy_std"]
        axes.errorbar(
            candidate["rank"], candidate["test_accuracy"], yerr=spread, fmt="o", color=colour
        )
        if candidate["rank"] == picked:
            place = (candidate["rank"], candidate["test_accuracy"])
            axes.scatter(*place, s=150, facecolors="none", edgecolors=_ACCENT, linewidths=1.6)
            by = "held-out accuracy" if held_out else "test accuracy"
            axes.annotate(
                f"picked by {by}",
                place,
                xytext=(0, 12),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=_ACCENT,
            )
    axes.set_xticks([candidate["rank"] for candidate in candidates])
    axes.margins(x=0.15, y=0.18)
    _lighten(axes)


def _colour(candidate: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]]) -> Any:
    last = max(c["rank"] for c in candidates)
    return _COLOURS(0.85 * (candidate["rank"] - 1) / max(last - 1, 1))


def _lighten(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
