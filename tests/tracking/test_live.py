"""What is told of a run while it goes on is right, and costs little."""

import math
import time

import numpy as np
import pytest
from scipy import stats

from zenlab.core import Genotype, Score, Table
from zenlab.searchers.regularized_evolution import RegularizedEvolutionSearcher
from zenlab.spaces.nb201 import NB201
from zenlab.tracking import live as module
from zenlab.tracking.live import Live, population_metrics, running_tau

CELLS = [Genotype(f"cell {number}") for number in range(40)]
TABLE = Table("made up", "accuracy (%)", {cell: float(hash_) for hash_, cell in enumerate(CELLS)})


def scores(values: np.ndarray) -> dict[Genotype, float]:
    return dict(zip(CELLS, values.tolist(), strict=False))


def test_the_running_tau_is_that_of_scipy_over_what_is_joined() -> None:
    values = np.round(np.random.default_rng(0).normal(size=30) + np.arange(30) / 10, 1)
    values[:2] = -math.inf
    told = running_tau({**scores(values), Genotype("unknown"): 99.0}, TABLE)
    ranks = stats.rankdata(values)
    assert told["running_tau"] == pytest.approx(stats.kendalltau(ranks, np.arange(30)).statistic)
    assert told["running_joined"] == 30


@pytest.mark.parametrize("count", [0, 1])
def test_below_two_architectures_there_is_no_tau(count: int) -> None:
    told = running_tau(scores(np.arange(count, dtype=float)), TABLE)
    assert math.isnan(told["running_tau"]) and told["running_joined"] == count


def test_the_score_that_came_last_the_best_and_what_was_rejected_are_told() -> None:
    rejected: dict[str, int] = {}
    live = Live(rejected=rejected)
    for value in (1.0, 3.0, 2.0):
        live.add(Score(CELLS[0], value))
    live.add(Score(CELLS[1], math.nan, error="out of memory"))
    rejected["max_params"] = 7
    assert live.metrics(0.5) == {"score": 2.0, "best_so_far": 3.0, "rejected/max_params": 7}


def test_the_latest_score_of_an_architecture_counts() -> None:
    live = Live(table=TABLE)
    for cell, value in [(CELLS[0], 9.0), (CELLS[1], 1.0), (CELLS[0], 0.0)]:
        live.add(Score(cell, value))
    told = live.metrics(1.0, final=True)
    assert (told["running_tau"], told["running_joined"]) == (1.0, 2)


def test_the_tau_is_told_every_five_seconds_and_at_the_end() -> None:
    live = Live(table=TABLE)
    live.add(Score(CELLS[0], 1.0))
    live.add(Score(CELLS[1], 2.0))
    told = [second for second in range(20) if "running_tau" in live.metrics(float(second))]
    assert told == [5, 10, 15]
    assert live.metrics(19.5, final=True)["running_tau"] == 1.0


def test_a_dear_tau_takes_a_fortieth_of_the_time_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(values: object, table: object) -> dict[str, float]:
        nonlocal clock
        clock += 1.0  # a second passes
        return {"running_tau": 0.5}

    clock = 0.0
    monkeypatch.setattr(module, "running_tau", slow)
    monkeypatch.setattr(time, "perf_counter", lambda: clock)
    live = Live(table=TABLE)
    told = [second for second in range(201) if "running_tau" in live.metrics(float(second))]
    assert told == [5, 45, 85, 125, 165]


def test_over_the_whole_of_nas_bench_201_a_tau_takes_less_than_a_tenth_of_a_second() -> None:
    values = np.random.default_rng(0).normal(size=(2, 15_625))
    cells = [Genotype(str(number)) for number in range(15_625)]
    known = Table("made up", "%", dict(zip(cells, values[0].tolist(), strict=True)))
    found = dict(zip(cells, values[1].tolist(), strict=True))
    begun = time.process_time()
    for _ in range(5):
        running_tau(found, known)
    assert (time.process_time() - begun) / 5 < 0.1


def test_the_population_of_a_search_is_told_with_its_best_and_its_spread() -> None:
    space = NB201()
    searcher = RegularizedEvolutionSearcher(space, budget=20, population_size=5, sample_size=2)
    live = Live(searcher=searcher)
    values: dict[Genotype, float] = {}
    while asked := searcher.ask():
        found = [Score(genotype, float(len(values) + k)) for k, genotype in enumerate(asked)]
        values |= {score.genotype: score.value for score in found}
        for score in found:
            live.add(score)
        searcher.tell(found)
    told = live.metrics(1.0)
    members = [values[member] for member in searcher.members]
    assert told["population/size"] == len(members) == 5
    assert told["population/best"] == max(members)
    assert told["population/spread"] == pytest.approx(np.std(members))


def test_dead_and_failed_members_count_for_the_size_only() -> None:
    told = population_metrics(np.array([-math.inf, math.nan, 1.0, 3.0]))
    assert told == {"population/size": 4, "population/best": 3.0, "population/spread": 1.0}
    assert math.isnan(population_metrics(np.array([-math.inf]))["population/best"])


def test_scores_of_several_proxies_are_not_mixed() -> None:
    live = Live(table=TABLE, rejected={"max_flops": 2}, comparable=False)
    live.add(Score(CELLS[0], 1.0))
    assert live.metrics(9.0, final=True) == {"rejected/max_flops": 2}
