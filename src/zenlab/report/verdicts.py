"""Pictures of verdicts: the parts of a claim with their intervals, and claims by proxies."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.patches import Rectangle

COLOURS = {
    "supported": "#2a7f62",
    "refuted": "#d1495b",
    "conditional": "#e0a030",
    "undecided": "#8a8f98",
    "failed": "#d9dadd",
}


def draw_parts(path: Path, parts: Sequence[Mapping[str, Any]], *, title: str) -> None:
    """Draw each part of a claim as an effect with its interval, coloured by what it says.

    Parts in different units stand in panels of their own.
    """
    units = list(dict.fromkeys(part["unit"] for part in parts))
    groups = [[part for part in parts if part["unit"] == unit] for unit in units]
    sizes = [len(group) for group in groups]
    figure, panels = plt.subplots(
        len(units),
        1,
        figsize=(7.6, 1.3 + 0.42 * sum(sizes) + 0.5 * len(units)),
        height_ratios=sizes,
        squeeze=False,
        layout="constrained",
    )
    for axes, unit, group in zip(panels[:, 0], units, groups, strict=True):
        _draw_group(axes, group, unit)
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _draw_group(axes: Any, group: Sequence[Mapping[str, Any]], unit: str) -> None:
    known = [part for part in group if part["effect"] is not None]
    axes.axvline(0, color="0.4", linewidth=0.8)
    if known:
        axes.axvspan(0, known[0]["smallest"], color="0.5", alpha=0.12, linewidth=0)
    for row, part in enumerate(group):
        if part["effect"] is None:
            axes.text(0, row, " undefined", va="center", fontsize=9, color="0.4")
            continue
        colour = COLOURS[part["says"]]
        if part["low"] is not None:
            axes.plot([part["low"], part["high"]], [row, row], color=colour, linewidth=2.2)
        axes.plot(part["effect"], row, "o", color=colour, markersize=6)
    axes.set_yticks(range(len(group)), [part["part"] for part in group])
    axes.set_ylim(len(group) - 0.5, -0.5)
    axes.set_xlabel(f"effect ({unit}); grey: too small to matter" if unit else "effect")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.25, linewidth=0.6)


def draw_sweep(path: Path, rows: Sequence[Mapping[str, Any]], *, title: str) -> None:
    """Draw a grid of verdicts, one row for each claim and one column for each proxy."""
    claims = list(dict.fromkeys(row["claim"] for row in rows))
    proxies = list(dict.fromkeys(row["proxy"] for row in rows))
    figure, axes = plt.subplots(
        figsize=(2.6 + 1.9 * len(proxies), 1.3 + 0.75 * len(claims)), layout="constrained"
    )
    for row in rows:
        x, y = proxies.index(row["proxy"]), claims.index(row["claim"])
        colour = COLOURS[row["verdict"]]
        axes.add_patch(
            Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, color=colour, alpha=0.85, linewidth=0)
        )
        ink = "white" if row["verdict"] in ("supported", "refuted", "undecided") else "black"
        axes.text(x, y - 0.2, row["verdict"], ha="center", va="center", color=ink, fontsize=10)
        axes.text(x, y + 0.15, _told(row), ha="center", va="center", color=ink, fontsize=8)
    axes.set_xticks(range(len(proxies)), proxies)
    axes.set_yticks(range(len(claims)), claims)
    axes.set_xlim(-0.5, len(proxies) - 0.5)
    axes.set_ylim(len(claims) - 0.5, -0.5)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _told(row: Mapping[str, Any]) -> str:
    """Say how many parts hold, and the effect of the first."""
    holds = row.get("holds")
    first = f"{holds} parts hold" if isinstance(holds, str) else ""
    return "\n".join(filter(None, [first, _numbers(row)]))


def _numbers(row: Mapping[str, Any]) -> str:
    effect = row["effect"]
    if effect is None or (isinstance(effect, float) and np.isnan(effect)):
        return ""
    if row["low"] is None or row["low"] == row["high"]:
        return f"{effect:+.2f}"
    return f"{effect:+.2f} [{row['low']:.2f}, {row['high']:.2f}]"
