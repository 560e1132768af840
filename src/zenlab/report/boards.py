"""The heat map of leaderboards: Kendall's tau of each proxy on each board."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

_MOST = 0.8  # the tau at which the colours end
_DARK = 0.5


def in_order(rows: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str]]:
    """Return the proxies, the highest mean tau first, and the boards as they came."""
    boards = list(dict.fromkeys(row["board"] for row in rows))
    proxies = list(dict.fromkeys(row["proxy"] for row in rows))
    return sorted(proxies, key=lambda proxy: -mean_tau(rows, proxy)), boards


def mean_tau(rows: Sequence[Mapping[str, Any]], proxy: str) -> float:
    """Return the mean of a proxy's taus over the boards; -1 where there is none."""
    known = [row["kendall"] for row in rows if row["proxy"] == proxy and row["kendall"] is not None]
    return float(np.mean(known)) if known else -1.0


def draw_boards(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw one row for each proxy, best first, and one column for each board, into a PNG file."""
    proxies, boards = in_order(rows)
    found = {(row["proxy"], row["board"]): row for row in rows}
    taus = np.array(
        [[_tau(found.get((proxy, board))) for board in boards] for proxy in proxies], dtype=float
    )
    figure, axes = plt.subplots(
        figsize=(2.4 + 1.55 * len(boards), 1.6 + 0.42 * len(proxies)), layout="constrained"
    )
    image = axes.imshow(taus, cmap="RdBu", vmin=-_MOST, vmax=_MOST, aspect="auto")
    for y, proxy in enumerate(proxies):
        for x, board in enumerate(boards):
            row = found.get((proxy, board))
            ink = "white" if abs(taus[y, x]) > _DARK else "black"
            axes.text(x, y, _words(row), ha="center", va="center", fontsize=8, color=ink)
    axes.set_xticks(range(len(boards)), [board.replace(", ", "\n") for board in boards])
    axes.set_yticks(range(len(proxies)), proxies)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    figure.colorbar(image, ax=axes, label="Kendall tau-b", pad=0.02, shrink=0.8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _tau(row: Mapping[str, Any] | None) -> float:
    return np.nan if row is None or row["kendall"] is None else row["kendall"]


def _words(row: Mapping[str, Any] | None) -> str:
    if row is None or row["kendall"] is None:
        return "undefined"
    if row["kendall_low"] is None:
        return f"{row['kendall']:.2f}"
    return f"{row['kendall']:.2f}\n[{row['kendall_low']:.2f}, {row['kendall_high']:.2f}]"
