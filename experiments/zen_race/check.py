"""Draws the contenders of races 32 times each, and compares: python check.py SWEEP_FOLDER.

Contenders are the best 20 of each race by its own scores. A cell passes if its 32-draw mean is at
most two standard errors (of its difference to the tenth best) below the tenth best.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import yaml

from zenlab.core import Batch
from zenlab.proxies.zen import Zen
from zenlab.scoring.measure import Measurement
from zenlab.scoring.workers import WorkerPool
from zenlab.spaces.nb201 import NB201

BATCH = Batch(torch.zeros(64, 3, 32, 32), torch.zeros(64, dtype=torch.long), synthetic=True)
CONTENDERS, CHOSEN, DRAWS = 20, 10, 32


def main(sweep: Path) -> None:
    """Print one row for each race."""
    print("| seed | draws | share of 32 for each | passed | worst, in standard errors |")
    print("|---|---|---|---|---|")
    for folder in sorted(sweep.glob("[0-9]*"), key=lambda path: int(path.name)):
        seed = yaml.safe_load((folder / "config.yaml").read_text())["seed"]
        rows = pd.read_csv(folder / "scores.csv").sort_values("score", ascending=False)
        means, errors = draw_anew(list(rows["genotype"][:CONTENDERS]), seed)
        tenth = np.argsort(-means)[CHOSEN - 1]
        behind = (means[tenth] - means[:CHOSEN]) / np.hypot(errors[:CHOSEN], errors[tenth])
        draws = int(rows["draws"].sum())
        print(
            f"| {seed} | {draws} | {draws / (DRAWS * len(rows)):.1%} | "
            f"{(behind <= 2).sum()} of {CHOSEN} | {max(behind.max(), 0):.1f} |",
            flush=True,
        )


def draw_anew(genotypes: list[str], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard error of 32 draws, (genotypes,); equal functions share theirs."""
    space = NB201()
    measurement = Measurement(space, Zen(repeats=DRAWS, seed=seed), BATCH)
    stand_ins = [space.representative(space.parse(genotype)) for genotype in genotypes]
    with WorkerPool(measurement, ["cpu", "cpu"]) as pool:
        scores = {score.genotype: score for score in pool.score(list(dict.fromkeys(stand_ins)))}
    found = [scores[genotype] for genotype in stand_ins]
    return np.array([s.value for s in found]), np.array([s.stderr for s in found])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
