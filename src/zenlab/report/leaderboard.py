"""Proxies side by side: a table of rows, best first, and its figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

_INK = "#1f4e79"
_ACCENT = "#d1495b"
_POPULATIONS = {"all": ("o", _INK), "reachable": ("D", _ACCENT)}


def leaderboard(members: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one row for each member, ready for JSON: the highest tau over all cells first.

    Undefined values come last.
    """
    rows = []
    for name, member in members.items():
        row: dict[str, Any] = {"proxy": name, "kind": member["kind"], "failed": member["failed"]}
        row["seconds_per_network"] = member["seconds_per_network"]
        for population, quality in member["correlation"].items():
            row[population] = {
                "n": quality["n"],
                "kendall": quality["kendall"],
                "spearman": quality["spearman"],
                "top_10%": quality["top_precision"]["10%"],
            }
        rows.append(row)
    return sorted(rows, key=lambda row: -_known(row["all"]["kendall"]["value"]))


def draw_leaderboard(path: Path, rows: Sequence[Mapping[str, Any]], *, title: str) -> None:
    """Draw Kendall's tau with its interval, one line for each proxy, into a PNG file."""
    height = 1.2 + 0.28 * len(rows)
    figure, axes = plt.subplots(figsize=(7.2, height), layout="constrained")
    places = np.arange(len(rows))[::-1]
    shown = {name: look for name, look in _POPULATIONS.items() if name in rows[0]}
    for (population, (marker, colour)), offset in zip(shown.items(), (0.14, -0.14), strict=False):
        found = [row[population]["kendall"] for row in rows]
        values = np.array([np.nan if f["value"] is None else f["value"] for f in found])
        ends = np.array(
            [
                [v if f[end] is None else f[end] for f, v in zip(found, values, strict=True)]
                for end in ("low", "high")
            ],
            dtype=float,
        )
        axes.errorbar(
            values,
            places + offset,
            xerr=np.abs(ends - values),
            fmt=marker,
            color=colour,
            markersize=5,
            linewidth=1.2,
            label=f"{population} ({rows[0][population]['n']:,})",
        )
    axes.axvline(0, color="0.6", linewidth=0.8)
    axes.set_yticks(places, [row["proxy"] for row in rows])
    axes.set_xlabel("Kendall tau-b with measured accuracy, 95 % interval")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25, linewidth=0.6)
    axes.legend(frameon=False, fontsize=9, loc="lower right")
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _known(value: float | None) -> float:
    return -np.inf if value is None else value
