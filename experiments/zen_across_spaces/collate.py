"""Puts the runs of this experiment side by side: python collate.py FOLDER > results/table.md.

One row for each run below FOLDER. Kendall's tau and `equal shape` are of the run's first proxy, the
other figures Spearman's rho. Equal shape: rho among networks of equal shape, averaged over shapes
by their number of networks: equally many blocks in NAS-Bench-Macro, equally many modules and
strides in TransNAS-Bench-101.
"""

import json
import sys
from pathlib import Path

import pandas as pd
from omegaconf import OmegaConf
from scipy.stats import spearmanr

from zenlab.core import Genotype
from zenlab.spaces.nb_macro import NBMacro
from zenlab.spaces.transnas_macro import TransNASMacro

PROXIES = ("zen", "zen_closed", "params", "flops")
SHAPES = {"nb_macro": ["blocks"], "transnas_macro": ["modules", "strides"]}
SPACES = {"nb_macro": NBMacro(), "transnas_macro": TransNASMacro()}


def main(folder: Path) -> None:
    """Print a table of the runs below `folder`."""
    print("| space | pixels | against | first: Kendall |", " | ".join(PROXIES), "| equal shape |")
    print("|---|---|---|---|" + "---|" * (len(PROXIES) + 1))
    for path in sorted(folder.rglob("summary.json")):
        summary = json.loads(path.read_text(encoding="utf-8"))
        rows = pd.read_csv(path.with_name("scores.csv"), dtype={"genotype": str})
        first = next(iter(summary["members"]))
        cells = [
            summary["space"],
            str(OmegaConf.load(path.with_name("config.yaml")).dataset.image_size),
            summary["benchmark"]["label"],
            cell(summary, first, "kendall"),
            *(cell(summary, proxy, "spearman") for proxy in PROXIES),
            f"{at_equal_shape(rows, first, summary['space']):.3f}",
        ]
        print("|", " | ".join(cells), "|")


def cell(summary: dict, proxy: str, name: str) -> str:
    """Return one correlation of a run, with its interval where it isn't exact."""
    if proxy not in summary["members"]:
        return ""
    found = summary["members"][proxy]["correlation"]["all"][name]
    if found["low"] in (None, found["high"]):
        return f"{found['value']:.3f}"
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def at_equal_shape(rows: pd.DataFrame, proxy: str, space: str) -> float:
    """Return the mean of Spearman's rho over groups of equal shape, weighted by their sizes."""
    described = pd.DataFrame(
        [SPACES[space].describe(Genotype(genotype)) for genotype in rows["genotype"]]
    )
    found = []
    for _, group in rows.groupby([described[name] for name in SHAPES[space]]):
        if len(group) > 2:
            found.append((spearmanr(group[proxy], group["accuracy"]).statistic, len(group)))
    return sum(rho * size for rho, size in found) / sum(size for _, size in found)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
