"""Puts the searches of some sweeps side by side: python collate.py FOLDER ... > results/table.md.

One row for each proxy and searcher: the accuracy of the cell with the best score, mean and standard
deviation over seeds, and how close the searcher came to the best score that anyone found.
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

AFTER = (100, 300)  # different cells


def main(sweeps: Iterable[Path]) -> None:
    """Print a table of the runs below `sweeps`."""
    runs = pd.DataFrame([of_run(path) for sweep in sweeps for path in sweep.glob("*/summary.json")])
    runs["gap"] = runs.groupby("proxy")["score"].transform("max") - runs["score"]
    headings = [f"accuracy after {count} cells" for count in AFTER]
    print("| proxy | searcher | runs |", " | ".join(headings), "| found the best score | cells |")
    print("|---|---|---|---|---|---|---|")
    for (proxy, searcher), group in runs.groupby(["proxy", "searcher"]):
        cells = [f"{group[n].mean():.2f} ± {group[n].std():.2f}" for n in AFTER]
        found = f"{(group['gap'] == 0).sum()} of {len(group)}"
        cells += [found, f"{group['cells'].mean():.0f}"]
        print(f"| {proxy} | {searcher} | {len(group)} |", " | ".join(cells), "|")


def of_run(path: Path) -> dict:
    """Return what one run found: its scores stand in the order of evaluation, each cell once."""
    summary = json.loads(path.read_text(encoding="utf-8"))
    scores = pd.read_csv(path.parent / "scores.csv")
    row = {name: summary[name] for name in ("proxy", "searcher")}
    for count in AFTER:
        best = scores.loc[scores["score"].head(count).idxmax()]
        row |= {count: best["accuracy"], "score": best["score"]}
    return row | {"cells": len(scores)}


if __name__ == "__main__":
    main(Path(folder) for folder in sys.argv[1:])
