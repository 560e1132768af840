"""Measures the evidence of the hypothesis laboratory on all 15,625 cells of NAS-Bench-201.

Seconds of wall clock and, since other programs may be running, of this process's work: the choices
of each cell, the 75,000 pairs that differ by one edit to a skip, their effects on accuracy and on a
score (all pairs, by edit, by edge and by two kinds of context, 1,000 draws), and the contrast of
cells with a skip on edge 0 -> 3. Accuracies and scores are made up, 341 cells being dead as in the
tables. Run with `python perf/evidence.py`.
"""

import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from zenlab.analysis.contrast import contrast
from zenlab.analysis.matched import matched_effects
from zenlab.analysis.pairs import choices_of, count_elsewhere, edits_to, find_pairs
from zenlab.spaces.nb201.space import NB201

DRAWS = 1_000
SKIP = "skip_connect"

Result = TypeVar("Result")


def main() -> None:
    space = NB201()
    cells = list(space)
    dead = np.array([space.describe(cell)["dead"] for cell in cells]) == 1
    rng = np.random.default_rng(0)
    scores = np.where(dead, -np.inf, rng.normal(size=len(cells)))
    accuracies = np.where(dead, 10, np.round(88 + rng.normal(size=len(cells)) + scores.clip(-5), 2))

    print("                                  wall    work  (s)")
    started = time.perf_counter(), time.process_time()
    choices = timed("choices of 15,625 cells", lambda: choices_of(space, cells))
    edits = edits_to(space.factors(), SKIP)
    pairs = timed("finding 75,000 pairs", lambda: find_pairs(choices, edits))
    labels = {
        "other skips": count_elsewhere(choices, pairs, SKIP),
        "dead before": dead[pairs.before],
    }
    timed(
        "effects over the pairs",
        lambda: matched_effects(pairs, accuracies, scores, labels=labels, draws=DRAWS, rng=rng),
    )
    show("matched pairs in all", *started)
    factor = (choices["edge_03"] == SKIP) * 1.0
    timed(
        "contrast of 3,125 with 12,500",
        lambda: contrast(accuracies, factor, top=100, draws=DRAWS, rng=rng),
    )


def timed(name: str, call: Callable[[], Result]) -> Result:
    wall, work = time.perf_counter(), time.process_time()
    result = call()
    show(name, wall, work)
    return result


def show(name: str, wall: float, work: float) -> None:
    print(f"{name:30}{time.perf_counter() - wall:8.2f}{time.process_time() - work:8.2f}")


if __name__ == "__main__":
    main()
