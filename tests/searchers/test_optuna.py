"""Optuna chooses operations, learns from scores, and never sees a failure as a number."""

import math
import sys

import numpy as np
import pytest

from tests.searchers.simulation import SPACE, search
from zenlab.core import Genotype, Score
from zenlab.searchers.optuna import NSGA2Searcher, OptunaSearcher

SIZES = {genotype: SPACE.describe(genotype)["params"] for genotype in SPACE}
FLOPS = {genotype: SPACE.describe(genotype)["flops"] for genotype in SPACE}


class Unfactored:
    def describe(self, genotype: Genotype) -> dict[str, float]:
        return {"params": 1.0}

    def sample(self, rng: np.random.Generator) -> Genotype:
        return Genotype("a")


@pytest.mark.parametrize("sampler", ["tpe", "nsga2"])
def test_a_sampler_beats_chance_by_far(sampler: str) -> None:
    """A random cell has the mean of all; what Optuna asks last has far more parameters."""
    searcher = OptunaSearcher(SPACE, sampler=sampler, budget=250, population_size=25)
    asked = search(searcher, SIZES)
    assert len(asked) == searcher.budget == 250
    late, chance = np.mean([SIZES[g] for g in asked[-50:]]), np.mean(list(SIZES.values()))
    assert late > chance + 1.5 * np.std(list(SIZES.values()))
    assert SIZES[searcher.members[0]] == max(SIZES[genotype] for genotype in asked)


def test_nsga2_asks_for_a_generation_at_a_time() -> None:
    searcher = OptunaSearcher(SPACE, sampler="nsga2", budget=45, population_size=20)
    lengths = []
    while asked := searcher.ask():
        lengths.append(len(asked))
        searcher.tell([Score(genotype, 0.0) for genotype in asked])
    assert lengths == [20, 20, 5]


@pytest.mark.parametrize("kind", [OptunaSearcher, NSGA2Searcher])
def test_failures_and_dead_networks_are_learnt_without_numbers(kind: type) -> None:
    searcher = kind(SPACE, budget=60, population_size=20)
    count = 0
    while asked := searcher.ask():
        searcher.tell(
            [
                Score(g, math.nan, error="no") if place % 3 else Score(g, -math.inf)
                for place, g in enumerate(asked)
            ]
        )
        count += len(asked)
    assert count == 60


@pytest.mark.parametrize("kind", [OptunaSearcher, NSGA2Searcher])
def test_nothing_that_is_not_admitted_is_asked(kind: type) -> None:
    searcher = kind(SPACE, admit=lambda g: SIZES[g] < 500_000, budget=60)
    assert max(SIZES[genotype] for genotype in search(searcher, SIZES)) < 500_000


def test_two_goals_have_a_front_that_reaches_both_ends() -> None:
    """Few parameters and many operations on paths: the front goes from poor to rich."""
    searcher = NSGA2Searcher(SPACE, objective="params", budget=400, seed=2)
    asked = search(searcher, FLOPS)
    front = searcher.members
    assert set(front) <= set(asked)
    for member in front:
        assert not any(FLOPS[g] > FLOPS[member] and SIZES[g] <= SIZES[member] for g in asked)
    assert FLOPS[max(front, key=FLOPS.__getitem__)] == max(FLOPS[g] for g in asked)
    assert SIZES[min(front, key=SIZES.__getitem__)] == min(SIZES[g] for g in asked)


def test_latency_comes_with_the_scores_and_the_unknown_is_a_failure() -> None:
    searcher = NSGA2Searcher(SPACE, objective="latency_ms", budget=20, population_size=10)
    known = []
    while asked := searcher.ask():
        known += asked[1:]
        terms = [{}, *({"latency_ms": SIZES[genotype]} for genotype in asked[1:])]
        searcher.tell([Score(g, FLOPS[g], terms=t) for g, t in zip(asked, terms, strict=True)])
    assert searcher.members and set(searcher.members) <= set(known)


@pytest.mark.parametrize(
    ("kind", "parameters", "message"),
    [
        (OptunaSearcher, {"sampler": "grid"}, "searcher.sampler is 'grid'; wanted one of tpe, ns"),
        (OptunaSearcher, {"budget": 0}, "searcher.budget is 0"),
        (NSGA2Searcher, {"population_size": 0}, "searcher.population_size is 0"),
        (NSGA2Searcher, {"objective": "price"}, "searcher.objective is 'price'; wanted latency_ms"),
    ],
)
def test_bad_parameters_are_refused(
    kind: type, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        kind(SPACE, **parameters)


def test_a_space_without_factors_is_refused() -> None:
    with pytest.raises(ValueError, match="Unfactored has no factors; use"):
        OptunaSearcher(Unfactored())


def test_where_optuna_is_not_installed_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(ValueError, match=r"pip install 'zenlab\[optuna\]'"):
        OptunaSearcher(SPACE)
