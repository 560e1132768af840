"""Local search looks at all neighbours, climbs to the best, and starts anew at the top."""

import math
from pathlib import Path

import numpy as np
import pytest

from tests.searchers.simulation import SPACE, Values, accuracies, search
from zenlab.core import Genotype, Score
from zenlab.searchers.local_search import LocalSearcher

SIZES = {genotype: SPACE.describe(genotype)["params"] for genotype in SPACE}


class Letters:
    """Two letters; a space that can't list neighbours."""

    def sample(self, rng: np.random.Generator) -> Genotype:
        return Genotype("".join(rng.choice(list("abc"), size=2)))

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        letters = list(parent)
        place = rng.integers(2)
        letters[place] = rng.choice([letter for letter in "abc" if letter != letters[place]])
        return Genotype("".join(letters))


LETTERS = {a + b: float(ord(a) + ord(b)) for a in "abc" for b in "abc"}


def test_no_architecture_is_asked_twice_and_the_budget_is_kept() -> None:
    searcher = LocalSearcher(SPACE, budget=200)
    asked = search(searcher, SIZES)
    assert len(asked) == len(set(asked)) == searcher.budget == 200


def test_a_step_asks_for_all_unknown_neighbours_of_the_best() -> None:
    searcher = LocalSearcher(SPACE, budget=1000)
    (place,) = searcher.ask()
    known = {place}
    searcher.tell([Score(place, SIZES[place])])
    while not searcher.members:
        around = SPACE.neighbours(place)
        asked = searcher.ask()
        if place != max(around, key=SIZES.__getitem__) and not searcher.members:
            assert asked == [genotype for genotype in around if genotype not in known]
        known.update(asked)
        searcher.tell([Score(genotype, SIZES[genotype]) for genotype in asked])
        place = max(around, key=SIZES.__getitem__)
    assert SIZES[searcher.members[0]] == max(SIZES.values())


def test_a_small_space_is_searched_to_its_end_without_a_list_of_neighbours() -> None:
    searcher = LocalSearcher(Letters(), neighbours=12, budget=50)
    assert sorted(search(searcher, LETTERS)) == sorted(LETTERS)
    assert searcher.members[0] == "cc"


def test_a_failure_is_lowest_and_stops_nothing() -> None:
    searcher = LocalSearcher(SPACE, budget=120)
    count = 0
    while asked := searcher.ask():
        searcher.tell([Score(genotype, math.nan, error="no") for genotype in asked])
        count += len(asked)
    assert count == 120


def test_nothing_that_is_not_admitted_is_asked() -> None:
    searcher = LocalSearcher(SPACE, admit=lambda g: SIZES[g] < 500_000, budget=200)
    assert max(SIZES[genotype] for genotype in search(searcher, SIZES)) < 500_000


@pytest.mark.parametrize("name", ["budget", "neighbours"])
def test_bad_parameters_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"searcher.{name} is 0; wanted at least 1"):
        LocalSearcher(SPACE, **{name: 0})


@pytest.mark.parametrize(
    ("dataset", "epochs", "cells", "mean", "tolerance"),
    [
        ("cifar10", 12, 111, 94.01, 0.09),
        ("cifar10", 200, 113, 94.21, 0.09),
        ("cifar100", 12, 105, 71.46, 0.4),
        ("cifar100", 200, 116, 73.04, 0.25),
        ("imagenet16", 12, 103, 45.45, 0.35),
        ("imagenet16", 200, 103, 46.48, 0.25),
    ],
)
def test_it_finds_what_an_independent_simulation_found(
    real_tables: Path,
    tmp_path: Path,
    dataset: str,
    epochs: int,
    cells: int,
    mean: float,
    tolerance: float,
) -> None:
    """Cells to the first optimum, and its 200-epoch test accuracy; figures of 1,000 other seeds."""
    validation, test = accuracies(real_tables, tmp_path, dataset)
    fitness = validation if epochs == 12 else test
    counts, found = zip(*(first_optimum(fitness, seed) for seed in range(300)), strict=True)
    assert np.mean(counts) == pytest.approx(cells, rel=0.06)
    assert np.mean([test[genotype] for genotype in found]) == pytest.approx(mean, abs=tolerance)


def first_optimum(fitness: Values, seed: int) -> tuple[int, Genotype]:
    searcher = LocalSearcher(SPACE, budget=2000, seed=seed)
    count = 0
    while (asked := searcher.ask()) and not searcher.members:
        searcher.tell([Score(genotype, fitness[genotype]) for genotype in asked])
        count += len(asked)
    return count, searcher.members[0]
