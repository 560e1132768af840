"""Says what each term of the closed-form Zen-score knows: tables on the terminal, and a figure.

python experiments/closed_form_zen/analyse.py RUN_FOLDER FIGURE.png
"""

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

from zenlab.proxies.closed_form import TERMS
from zenlab.spaces.nb201 import NB201

LABELS = {
    "fan_in": "fan-in",
    "growth": "growth",
    "log_difference": "log difference",
    "last": "last batch norm",
    "reduction": "reduction blocks",
}


def main(folder: str, figure: str) -> None:
    """Print the tables of a run and draw its figure."""
    cells = read(Path(folder))
    print(of_terms(cells))
    print(by(cells, "skips", range(4)))
    print(by(cells, "convolutions", range(1, 7)))
    print(within_equal_size(cells))
    draw(cells, Path(figure))


def read(folder: Path) -> pd.DataFrame:
    """Return the finite rows of a run's scores with the counts of their operations."""
    rows = pd.read_csv(folder / "scores.csv")
    space = NB201()
    counts = pd.DataFrame([dict(space.describe(genotype)) for genotype in rows["genotype"]])
    rows["skips"] = counts["count_skip_connect"].astype(int)
    rows["conv1x1"] = counts["count_nor_conv_1x1"].astype(int)
    rows["conv3x3"] = counts["count_nor_conv_3x3"].astype(int)
    rows["convolutions"] = rows["conv1x1"] + rows["conv3x3"]
    return rows[rows["score"] > float("-inf")]


def of_terms(cells: pd.DataFrame) -> str:
    """Share of the variance of the score, and rank correlation with accuracy."""
    lines = [
        "| term | share of the variance of zen | Spearman with accuracy |",
        "|---|---|---|",
    ]
    variance = cells["score"].var()
    for term in TERMS:
        share = cells[term].cov(cells["score"]) / variance
        lines.append(f"| {LABELS[term]} | {share:.1%} | {rho(cells, term):.2f} |")
    lines.append(f"| all together: zen | 100 % | {rho(cells, 'score'):.2f} |")
    return table(lines)


def by(cells: pd.DataFrame, what: str, values: range) -> str:
    """One row for each number of skips or of convolutions."""
    lines = [
        f"| {what} | cells | Spearman of zen | mean zen | mean accuracy | zen without growth |",
        "|---|---|---|---|---|---|",
    ]
    without = cells.assign(rest=cells["score"] - cells["growth"])
    for value in values:
        part = without[without[what] == value]
        lines.append(
            f"| {value} | {len(part):,} | {rho(part, 'score'):.2f} | {part['score'].mean():.0f} | "
            f"{part['accuracy'].mean():.1f} | {rho(part, 'rest'):.2f} |"
        )
    return table(lines)


def within_equal_size(cells: pd.DataFrame) -> str:
    """Mean Spearman, weighted by size, in groups with equal numbers of both convolutions."""
    groups = [part for _, part in cells.groupby(["conv1x1", "conv3x3"]) if len(part) > 2]
    weights = pd.Series([len(part) for part in groups], dtype=float)
    lines = ["| among cells with equal convolutions | mean Spearman |", "|---|---|"]
    for column, label in {"score": "zen", **{term: LABELS[term] for term in TERMS}}.items():
        found = pd.Series([rho(part, column) for part in groups])
        known = found.notna()
        mean = (found * weights)[known].sum() / weights[known].sum()
        lines.append(f"| {label} | {mean:.2f} |")
    return table(lines)


def rho(cells: pd.DataFrame, column: str) -> float:
    """Spearman correlation with accuracy; nan for a constant."""
    if cells[column].nunique() < 2:
        return float("nan")
    return cells[column].corr(cells["accuracy"], method="spearman")


def table(lines: list[str]) -> str:
    """Join lines, with an empty one behind."""
    return "\n".join(lines) + "\n"


def draw(cells: pd.DataFrame, path: Path) -> None:
    """One panel for the score and one for each term, against accuracy."""
    figure, panels = plt.subplots(2, 3, figsize=(10, 6), sharey=True, layout="constrained")
    columns = {"score": "zen, closed form", **{term: LABELS[term] for term in TERMS}}
    for axes, (column, label) in zip(panels.flat, columns.items(), strict=True):
        points = axes.scatter(
            cells[column],
            cells["accuracy"],
            c=cells["skips"].clip(upper=3),
            cmap=plt.get_cmap("viridis", 4),
            vmin=-0.5,
            vmax=3.5,
            s=3,
            alpha=0.5,
            linewidths=0,
            rasterized=True,
        )
        axes.set_title(f"{label}: Spearman {rho(cells, column):.2f}", loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25, linewidth=0.6)
    for axes in panels[:, 0]:
        axes.set_ylabel("CIFAR-10 test accuracy (%)", fontsize=9)
    bar = figure.colorbar(
        points, ax=panels, label="skip connections in the cell", ticks=range(4), shrink=0.7
    )
    bar.ax.set_yticklabels(["0", "1", "2", "3 or more"])
    bar.solids.set_alpha(1)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main(*sys.argv[1:])
