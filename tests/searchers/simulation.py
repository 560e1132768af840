"""Searches on measured accuracies instead of scores, as the benchmark's own searches are."""

from collections.abc import Mapping
from pathlib import Path

from zenlab.benchmarks.nb201 import NB201Benchmark
from zenlab.core import Genotype, Score, Searcher
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
DATASETS = ("cifar10", "cifar100", "imagenet16")

Values = Mapping[Genotype, float]


def accuracies(data: Path, home: Path, dataset: str) -> tuple[Values, Values]:
    """Return what a search sees, the 12-epoch validation accuracy, and what judges it."""
    fitness, judge = (
        NB201Benchmark(home=str(home), data=str(data), split=split, schedule=epochs)
        for split, epochs in (("val", 12), ("test", 200))
    )
    return fitness.load(SPACE, dataset).values, judge.load(SPACE, dataset).values


def search(searcher: Searcher, fitness: Values) -> list[Genotype]:
    """Run a search on a table; return what it asked for, in its order."""
    everything: list[Genotype] = []
    while asked := searcher.ask():
        everything += asked
        searcher.tell([Score(genotype, fitness[genotype]) for genotype in asked])
    return everything


def best(asked: list[Genotype], fitness: Values) -> Genotype:
    """Return the best ever evaluated, the first of equals."""
    return max(asked, key=fitness.__getitem__)
