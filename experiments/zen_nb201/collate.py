"""Puts the correlations of a sweep side by side: python collate.py SWEEP_FOLDER > results/table.md.

One row for each run of the sweep, then their mean, its standard error, and the published figure.
"""

import json
import sys
from pathlib import Path
from statistics import mean, stdev

PUBLISHED = {
    ("all", "spearman"): 0.386,
    ("all", "kendall"): 0.296,
    ("reachable", "spearman"): 0.115,
}


def main(sweep: Path) -> None:
    """Print a table of the runs below `sweep`."""
    files = sorted(sweep.glob("*/summary.json"), key=lambda path: int(path.parent.name))
    runs = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    print("| seed |", " | ".join(f"{population}: {name}" for population, name in PUBLISHED), "|")
    print("|---|---|---|---|")
    for run in runs:
        print(f"| {run['seed']} |", " | ".join(cell(run, *key) for key in PUBLISHED), "|")
    values = {key: [value(run, *key) for run in runs] for key in PUBLISHED}
    print("| mean |", " | ".join(f"{mean(v):.3f}" for v in values.values()), "|")
    errors = [stdev(v) / len(v) ** 0.5 for v in values.values()]
    print("| its standard error |", " | ".join(f"{error:.3f}" for error in errors), "|")
    print("| published, all cells |", " | ".join(f"{v:.3f}" for v in PUBLISHED.values()), "|")


def value(run: dict, population: str, name: str) -> float:
    """Return one correlation of a run."""
    return run["correlation"][population][name]["value"]


def cell(run: dict, population: str, name: str) -> str:
    """Return one correlation of a run with its interval."""
    found = run["correlation"][population][name]
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
