"""Looks up what prunings found, beside two baselines: python analyse.py PRUNINGS RANDOM_CELLS.

Both are sweep folders. Accuracies are those of NAS-Bench-201 after 200 epochs, from the tables that
the first run was given. A rank of 1 is the best of the 15,625 cells.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from zenlab.benchmarks.nb201 import NB201Benchmark
from zenlab.core import Genotype, Score
from zenlab.searchers.te_nas import TeNasSearcher
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201_supernet import NB201Supernet

SETS = ("cifar10", "cifar100", "imagenet16")
MEMBERS = ("ntk", "linear_regions")
PRUNINGS = 1000


def main(prunings: Path, random_cells: Path) -> None:
    """Print the cells found, and means over seeds beside those of the baselines."""
    accuracies = load_accuracies(next(runs(prunings)))
    print("| seed | cell | CIFAR-10 (rank) | CIFAR-100 (rank) | ImageNet16-120 (rank) | minutes |")
    print("|---|---|---|---|---|---|")
    found = []
    for folder in runs(prunings):
        cell = pd.read_csv(folder / "scores.csv")["genotype"].iloc[-1]
        found.append(cell)
        seed = yaml.safe_load((folder / "config.yaml").read_text())["seed"]
        minutes = json.loads((folder / "summary.json").read_text())["scoring_seconds"] / 60
        placed = " | ".join(place(accuracies[name], cell) for name in SETS)
        print(f"| {seed} | {NB201().index(cell)} | {placed} | {minutes:.1f} |")
    print("\n| mean (standard deviation) of | CIFAR-10 | CIFAR-100 | ImageNet16-120 |")
    print("|---|---|---|---|")
    print_row(f"{len(found)} prunings", found, accuracies)
    print_row(f"{PRUNINGS} prunings by random scores", list(prune_at_random()), accuracies)
    samples = [pd.read_csv(folder / "scores.csv") for folder in runs(random_cells)]
    for name in MEMBERS:
        best = [rows["genotype"][rows[name].idxmax()] for rows in samples]
        print_row(
            f"{len(best)} x the best of {len(samples[0])} random cells by {name}", best, accuracies
        )
    ranked = [rows[list(MEMBERS)].rank().sum(axis=1).idxmax() for rows in samples]
    best = [rows["genotype"][row] for rows, row in zip(samples, ranked, strict=True)]
    print_row(f"{len(best)} x the best of them by the sum of both ranks", best, accuracies)
    print_row("all 15,625 cells", list(accuracies["cifar10"].index), accuracies)


def runs(sweep: Path) -> Iterator[Path]:
    """Walk through the runs of a sweep in their order."""
    yield from sorted(sweep.glob("[0-9]*"), key=lambda path: int(path.name))


def load_accuracies(run: Path) -> dict[str, "pd.Series[float]"]:
    """Return the accuracies of all cells on each dataset, by genotype."""
    config = yaml.safe_load((run / "config.yaml").read_text())
    return {
        name: pd.Series(
            NB201Benchmark(config["home"], data=config["data"]).load(NB201(), name).values
        )
        for name in SETS
    }


def place(accuracies: "pd.Series[float]", cell: str) -> str:
    """Write the accuracy of a cell, and how many cells are better, plus one."""
    return f"{accuracies[cell]:.2f} ({int((accuracies > accuracies[cell]).sum()) + 1:,})"


def print_row(name: str, cells: list[str], accuracies: dict[str, "pd.Series[float]"]) -> None:
    """Print mean and standard deviation of the accuracies of some cells on each dataset."""
    values = [accuracies[name][cells] for name in SETS]
    print(f"| {name} | {' | '.join(f'{v.mean():.2f} ({v.std():.2f})' for v in values)} |")


def prune_at_random() -> Iterator[Genotype]:
    """Yield what the same schedule finds when scores are drawn at random."""
    space, rng = NB201Supernet(), np.random.default_rng(0)
    for _ in range(PRUNINGS):
        searcher = TeNasSearcher(space, proxies=MEMBERS, scales=("linear", "linear"))
        while asked := searcher.ask():
            scores = rng.uniform(1, 2, (len(asked), len(MEMBERS)))
            searcher.tell(
                [
                    Score(genotype, 0.0, terms=dict(zip(MEMBERS, values, strict=True)))
                    for genotype, values in zip(asked, scores.tolist(), strict=True)
                ]
            )
            last = asked[0]
        yield last


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
