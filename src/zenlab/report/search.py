"""What a search found: how the best score grew, and what the searcher has kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from zenlab.core import Genotype, Score, Space

_INK = "#1f4e79"
_ACCENT = "#d1495b"


@dataclass(frozen=True)
class Rise:
    """An evaluation, counted from 1, that scored more than all before it."""

    evaluation: int
    genotype: Genotype
    score: float


class Trace:
    """The scores of a run in the order in which they came.

    With `distinct` an architecture that is scored again keeps its first place, and its first score
    unless that failed.
    """

    def __init__(self, *, distinct: bool) -> None:
        self.evaluations = 0
        self.rises: list[Rise] = []
        self._kept: dict[Genotype | int, Score] = {}
        self._distinct = distinct

    @property
    def scores(self) -> list[Score]:
        """What has been kept."""
        return list(self._kept.values())

    def add(self, scores: Sequence[Score]) -> None:
        """Keep the scores of one more round."""
        for score in scores:
            self.evaluations += 1
            key = score.genotype if self._distinct else self.evaluations
            before = self._kept.get(key)
            if before is None or before.error is not None:
                self._kept[key] = score
            if score.error is None and (not self.rises or score.value > self.rises[-1].score):
                self.rises.append(Rise(self.evaluations, score.genotype, score.value))


def curve(trace: Trace, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `search.csv`: the best score after an evaluation, where it rose.

    `rows` are those of `scores.csv`; `accuracy` is that of the best by score, where it is known.
    """
    rises = pd.DataFrame(trace.rises, columns=["evaluation", "genotype", "score"])
    return rises.merge(rows[["genotype", "accuracy"]], on="genotype", how="left")


def population(space: Space, members: Sequence[Genotype], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of `population.csv`: what the searcher has kept, in its order."""
    known = pd.DataFrame({"genotype": list(members)}).merge(
        rows[["genotype", "score", "accuracy"]], on="genotype", how="left"
    )
    return known.assign(**sizes(space, members))


def sizes(space: Space, genotypes: Sequence[Genotype]) -> dict[str, list[float]]:
    """Return params and FLOPs of some architectures."""
    described = [space.describe(genotype) for genotype in genotypes]
    return {name: [numbers[name] for numbers in described] for name in ("params", "flops")}


def draw_search(
    path: Path, rises: pd.DataFrame, evaluations: int, *, title: str, measured: str
) -> None:
    """Draw the best score, and below it what `measured` names, where known, into a PNG file."""
    known = bool(rises["accuracy"].notna().any())
    figure, axes = plt.subplots(
        1 + known, 1, sharex=True, squeeze=False, figsize=(7.2, 4.8), layout="constrained"
    )
    panels: list[Axes] = list(axes[:, 0])
    _draw_steps(panels[0], rises["evaluation"], rises["score"], evaluations, _INK)
    panels[0].set_ylabel("best score")
    if known:
        _draw_steps(panels[1], rises["evaluation"], rises["accuracy"], evaluations, _ACCENT)
        panels[1].set_title(f"of the best by score: {measured}", loc="left", fontsize=9)
    panels[-1].set_xlabel("evaluations")
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _draw_steps(axes: Axes, at: Any, values: Any, end: int, colour: str) -> None:
    """Draw a level from each rise to the next; the dead and the unknown leave a gap."""
    levels = np.asarray(pd.Series(values).astype(float).replace(-np.inf, np.nan))
    places = np.append(np.asarray(at), end)
    axes.step(places, np.append(levels, levels[-1]), where="post", color=colour, linewidth=1.6)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.25, linewidth=0.6)
