"""Measure the embedded benchmark: reliability between seeds, agreement with official accuracies.

Run: ZENLAB_DATA=<folder of the public tables> python experiments/embedded_benchmark/measure.py
"""

import os
import tempfile
from importlib import resources

import numpy as np
import pandas as pd
from scipy import stats

from zenlab.benchmarks.nb201 import NB201Benchmark
from zenlab.spaces.nb201 import NB201

DRAWS = 2000


def main() -> None:
    """Print a Markdown table."""
    path = resources.files("zenlab.benchmarks.embedded") / "nb201_fashion_mnist.parquet"
    with path.open("rb") as opened:
        rows = pd.read_parquet(opened)
    for schedule in (12, 200):
        rows[f"official_{schedule}"] = official(rows["genotype"], schedule)
    better = rows["official_200"] >= rows["official_200"].median()
    print(f"{len(rows):,} cells; accuracy {describe(rows['accuracy'])}")
    print(f"official 200 epochs {describe(rows['official_200'])}\n")
    print("| Spearman | all | better half |")
    print("|---|---|---|")
    for name, of in measures(rows).items():
        print(f"| {name} | {of(rows)} | {of(rows[better])} |")


def measures(rows: pd.DataFrame) -> dict:
    """Return what is measured, by name."""
    seeds = len(rows.filter(regex=r"^accuracy_seed_").columns)
    return {
        "between seeds, accuracy": lambda some: between_seeds(some, "accuracy"),
        "between seeds, loss": lambda some: between_seeds(some, "loss"),
        f"reliability of the mean of {seeds} (Spearman-Brown), accuracy": lambda some: brown(
            some, "accuracy", seeds
        ),
        f"reliability of the mean of {seeds} (Spearman-Brown), loss": lambda some: brown(
            some, "loss", seeds
        ),
        "accuracy against 12 epochs": lambda some: correlate(some["accuracy"], some["official_12"]),
        "accuracy against 200 epochs": lambda some: correlate(
            some["accuracy"], some["official_200"]
        ),
        "loss against 200 epochs": lambda some: correlate(-some["loss"], some["official_200"]),
        "12 against 200 epochs": lambda some: correlate(some["official_12"], some["official_200"]),
    }


def official(genotypes: pd.Series, schedule: int) -> list[float]:
    """Return official CIFAR-10 test accuracies."""
    with tempfile.TemporaryDirectory() as home:
        benchmark = NB201Benchmark(home, schedule=schedule, data=os.environ["ZENLAB_DATA"])
        values = benchmark.load(NB201(), "cifar10").values
    return [values[genotype] for genotype in genotypes]


def between_seeds(rows: pd.DataFrame, quantity: str) -> str:
    """Correlate the first two seeds."""
    return correlate(rows[f"{quantity}_seed_0"], rows[f"{quantity}_seed_1"])


def brown(rows: pd.DataFrame, quantity: str, seeds: int) -> str:
    """Step the correlation of two seeds up to that of the mean of several."""
    one, other = rows[f"{quantity}_seed_0"], rows[f"{quantity}_seed_1"]
    return bounded(one.to_numpy(), other.to_numpy(), lambda r: seeds * r / (1 + (seeds - 1) * r))


def correlate(one: pd.Series, other: pd.Series) -> str:
    """Spearman with a 95 % bootstrap interval."""
    return bounded(one.to_numpy(), other.to_numpy(), lambda r: r)


def bounded(one: np.ndarray, other: np.ndarray, made) -> str:
    """Return a value made of Spearman's rho, with the percentiles of resamples."""
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        rows = rng.integers(len(one), size=len(one))
        drawn.append(made(stats.spearmanr(one[rows], other[rows]).statistic))
    low, high = np.percentile(drawn, (2.5, 97.5))
    return f"{made(stats.spearmanr(one, other).statistic):.3f} [{low:.3f}, {high:.3f}]"


def describe(values: pd.Series) -> str:
    """Say minimum, median and maximum."""
    return f"{values.min():.1f} / {values.median():.1f} / {values.max():.1f} % (min, median, max)"


if __name__ == "__main__":
    main()
