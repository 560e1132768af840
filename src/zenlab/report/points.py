"""The architectures behind a chart, small enough to be mailed: drawings share their parts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from zenlab.core import Space
from zenlab.report.drawings import picture

_MOST_POINTS = 20_000
_MOST_LETTERS = 2_000_000
_MOST_DRAWN = 1_500_000
"""Characters of the parts and of the references to them."""


@dataclass(frozen=True)
class Points:
    """Architectures in the order of their places, with the parts of their drawings.

    `drawings` are places in `parts`, for each architecture; None where there is none.
    """

    genotypes: Sequence[str]
    scores: Sequence[float | None]
    measured: Sequence[float]
    measured_label: str
    parts: Sequence[str]
    drawings: Sequence[Sequence[int] | None]

    def as_json(self) -> dict[str, Any]:
        """Return what the page's script reads; a score of None is minus infinity."""
        return {
            "genotypes": self.genotypes,
            "scores": self.scores,
            "measured": self.measured,
            "label": self.measured_label,
            "parts": self.parts,
            "drawings": self.drawings,
        }


def choose(rows: pd.DataFrame) -> pd.DataFrame:
    """Return as many rows as a page can hold, the highest scores first.

    Where there are more, half of them are the highest scores, and half are drawn from the others,
    always the same.
    """
    ranked = rows.sort_values("score", ascending=False, kind="stable")
    letters = max(1.0, float(ranked["genotype"].str.len().mean())) if len(ranked) else 1.0
    most = int(min(_MOST_POINTS, _MOST_LETTERS / letters))
    if len(ranked) <= most:
        return ranked.reset_index(drop=True)
    rng = np.random.default_rng(0)
    others = np.sort(rng.choice(np.arange(most // 2, len(ranked)), most - most // 2, replace=False))
    return ranked.iloc[[*range(most // 2), *others]].reset_index(drop=True)


def pack(space: Space, rows: pd.DataFrame, measured: str, label: str) -> Points:
    """Return the points of rows with `genotype`, `score` and the column `measured`.

    Drawings are made from the first row on, as far as there is room for them.
    """
    known: dict[str, int] = {}
    drawings: list[list[int] | None] = []
    room = _MOST_DRAWN
    for genotype in rows["genotype"]:
        drawing = picture(space, space.parse(genotype))
        parts = (f"<svg {drawing.frame}>", *drawing.parts)
        room -= sum(4 if part in known else len(part) + 4 for part in parts)
        drawings.append(
            [known.setdefault(part, len(known)) for part in parts] if room > 0 else None
        )
    return Points(
        genotypes=list(rows["genotype"]),
        scores=[_short(score) if np.isfinite(score) else None for score in rows["score"]],
        measured=[_short(value) for value in rows[measured].astype(float)],
        measured_label=label,
        parts=list(known),
        drawings=drawings,
    )


def _short(value: float) -> float:
    return float(f"{value:.7g}")
