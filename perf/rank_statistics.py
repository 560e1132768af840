"""Measures the rank statistics beside scipy's, and the whole analysis of an exhaustive run.

Medians of repeated calls in one process, ours and scipy's in turn, in milliseconds. Scores and
accuracies as on NAS-Bench-201: one row in 45 at minus infinity, the accuracies rounded. A draw is
one resample or one reseeding with Kendall's tau-b and Spearman's rho on it. Below, the evidence of
the hypothesis laboratory on all cells, in one process. Run with `python perf/rank_statistics.py`.
"""

import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np
from scipy import stats

from zenlab.analysis.applicability import map_applicability
from zenlab.analysis.correlation import kendall, spearman, weighted_kendall
from zenlab.analysis.partial import partial_correlations
from zenlab.analysis.quality import populations
from zenlab.analysis.ranked import Floats, Ranked, rank
from zenlab.analysis.strata import stratify
from zenlab.analysis.variants import halve, resample, reseed

SIZES = (1_000, 15_625)
REPEATS = 50
DRAWS = 1_000
EVIDENCE_DRAWS = 2_000


def main() -> None:
    print("median ms per call           " + "".join(f"{size:>12,}" for size in SIZES))
    columns = [dict(measure(*made_up(size))) for size in SIZES]
    for name in columns[0]:
        print(f"{name:29}" + "".join(f"{column[name]:12.2f}" for column in columns))
    print(f"\nseconds for 3 populations x {DRAWS:,} draws, {SIZES[-1]:,} rows")
    for name, options in (
        ("sample (bootstrap)", {"complete": False, "noisy": True}),
        ("exhaustive, random proxy", {"complete": True, "noisy": True}),
        ("exhaustive, exact", {"complete": True, "noisy": False}),
    ):
        print(f"{name:29}{whole_analysis(*made_up(SIZES[-1]), options):12.1f}")
    print(f"\nseconds for {EVIDENCE_DRAWS:,} draws, {SIZES[-1]:,} rows")
    print(f"{'':29}{'wall':>12}{'processor':>12}")
    for name, wall, processor in evidence(*made_up(SIZES[-1])):
        print(f"{name:29}{wall:12.1f}{processor:12.1f}")


def made_up(size: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    scores = rng.normal(size=size)
    accuracies = np.round(85 + 5 * (scores + rng.normal(size=size)), 2)
    scores[::45], accuracies[::45] = -np.inf, 10
    return scores, accuracies


def measure(scores: Floats, accuracies: Floats) -> Iterator[tuple[str, float]]:
    rows = rank(scores, accuracies, np.where(np.isfinite(scores), 0.1, np.nan))
    ranks = stats.rankdata(scores)  # scipy's functions take no infinity
    calls: Mapping[str, Callable[[], object]] = {
        "kendall": lambda: kendall(rows),
        "scipy.stats.kendalltau": lambda: stats.kendalltau(ranks, accuracies),
        "spearman": lambda: spearman(rows),
        "scipy.stats.spearmanr": lambda: stats.spearmanr(ranks, accuracies),
        "weighted_kendall": lambda: weighted_kendall(rows),
        "scipy.stats.weightedtau": lambda: stats.weightedtau(ranks, accuracies),
        "draw: resample": draw(rows, resample),
        "draw: reseed": draw(rows, reseed),
        "halve": lambda: next(halve(rows, 1, rng)),
    }
    rng = np.random.default_rng(1)
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(REPEATS):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            seconds[name].append(time.perf_counter() - start)
    for name in calls:
        yield name, 1000 * float(np.median(seconds[name]))


def draw(
    rows: Ranked, make: Callable[[Ranked, int, np.random.Generator], Iterator[Ranked]]
) -> Callable[[], object]:
    rng = np.random.default_rng(1)

    def call() -> tuple[float, float]:
        variant = next(make(rows, 1, rng))
        return kendall(variant), spearman(variant)

    return call


def whole_analysis(scores: Floats, accuracies: Floats, options: dict[str, bool]) -> float:
    live = np.isfinite(scores)
    masks = {"live": live, "reachable": live & (np.random.default_rng(2).random(len(live)) < 0.6)}
    stderr = np.where(live, 0.1, np.nan)
    start = time.perf_counter()
    populations(
        scores,
        accuracies,
        masks,
        stderr=stderr,
        draws=DRAWS,
        rng=np.random.default_rng(3),
        **options,
    )
    return time.perf_counter() - start


def evidence(scores: Floats, accuracies: Floats) -> Iterator[tuple[str, float, float]]:
    rng = np.random.default_rng(4)
    size = np.round(accuracies + 10 * rng.normal(size=len(scores)))
    given = {"params": size, "flops": np.round(size + rng.normal(size=len(scores)))}
    descriptors = {f"count_{name}": rng.integers(5, size=len(scores)) for name in range(20)}
    strata = {"count_0": descriptors["count_0"]}
    options = {"draws": EVIDENCE_DRAWS, "rng": rng}
    calls: Mapping[str, Callable[[], object]] = {
        "tau-b and Spearman": lambda: partial_correlations(scores, accuracies, {}, **options),
        "partial, given two": lambda: partial_correlations(scores, accuracies, given, **options),
        "strata and Simpson": lambda: stratify(scores, accuracies, strata, **options),
        "map, 20 descriptors": lambda: map_applicability(
            scores, accuracies, descriptors, **options
        ),
    }
    for name, call in calls.items():
        wall, processor = time.perf_counter(), time.process_time()
        call()
        yield name, time.perf_counter() - wall, time.process_time() - processor


if __name__ == "__main__":
    main()
