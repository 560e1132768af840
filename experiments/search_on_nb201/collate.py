"""Puts the searches of some sweeps side by side: python collate.py FOLDER ... > results/table.md.

One row for each proxy and searcher: the accuracy of the cell with the best score and its distance
to the best cell of the benchmark, means over seeds with 95 % intervals (Student's t), and the cost.
The benchmark is read from ZENLAB_DATA, else downloaded into ZENLAB_HOME, or to where zenlab keeps
things by default.
"""

import json
import math
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import platformdirs
from scipy import stats

from zenlab.benchmarks.nb201 import NB201Benchmark
from zenlab.spaces.nb201 import NB201


def main(sweeps: Iterable[Path]) -> None:
    """Print a table of the runs below `sweeps`."""
    runs = pd.DataFrame([of_run(path) for sweep in sweeps for path in sweep.glob("*/summary.json")])
    runs["found"] = runs["score"] == runs.groupby("proxy")["score"].transform("max")
    home = os.environ.get("ZENLAB_HOME") or platformdirs.user_data_dir("zenlab", appauthor=False)
    benchmark = NB201Benchmark(home=home, data=os.environ.get("ZENLAB_DATA"))
    best = max(benchmark.load(NB201(), "cifar10").values.values())
    print("| proxy | searcher | accuracy | regret | best score found | cells | seconds |")
    print("|---|---|---|---|---|---|---|")
    for (proxy, searcher), group in runs.groupby(["proxy", "searcher"], sort=False):
        cells = [
            interval(group["accuracy"]),
            interval(best - group["accuracy"]),
            f"{group['found'].sum()} of {len(group)}",
            f"{group['cells'].mean():.0f}",
            f"{group['seconds'].mean():.0f}",
        ]
        print(f"| {proxy} | {searcher} |", " | ".join(cells), "|")


def of_run(path: Path) -> dict:
    """Return what one run found: the accuracy of its best cell, and what it had to compute."""
    summary = json.loads(path.read_text(encoding="utf-8"))
    scores = pd.read_csv(path.parent / "scores.csv")
    best = scores.loc[scores["score"].idxmax()]
    return {
        **{name: summary[name] for name in ("proxy", "searcher")},
        "accuracy": best["accuracy"],
        "score": best["score"],
        "cells": len(scores),
        "seconds": scores["seconds"].sum(),
    }


def interval(values: pd.Series) -> str:
    """Return a mean with its 95 % interval."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std() / math.sqrt(len(values))
    return f"{values.mean():.2f} [{values.mean() - half:.2f}, {values.mean() + half:.2f}]"


if __name__ == "__main__":
    main(Path(folder) for folder in sys.argv[1:])
