"""A race returns the best, for few draws, and says what it is sure of."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Outcome
from zenlab.core import Estimate, Genotype, Score, Space
from zenlab.searchers.race import RaceSearcher, _Runner
from zenlab.spaces.nb201 import NB201

SPACE = NB201()


class Screen:
    """True means by official index, plus an error: what a closed form is to a Monte Carlo mean."""

    def __init__(self, means: np.ndarray, errors: np.ndarray) -> None:
        self.means = means
        self.errors = errors

    def mean(self, genotype: Genotype) -> float:
        return float(self.means[SPACE.index(genotype)])

    def evaluate(self, space: Space, genotypes: Sequence[Genotype]) -> list[Estimate]:
        return [Estimate(self.mean(g) + self.errors[SPACE.index(g)]) for g in genotypes]


def screen(seed: int) -> Screen:
    rng = np.random.default_rng(seed)
    return Screen(rng.normal(80, 30, len(SPACE)), rng.normal(-0.7, 0.8, len(SPACE)))


def run(race: RaceSearcher, truth: Screen, seed: int, noise: float = 1.5) -> list[Score]:
    rng = np.random.default_rng(seed)
    while asked := race.ask():
        told = []
        for genotype in asked:
            draws = rng.normal(truth.mean(genotype), noise, len(race.draws))
            stderr = draws.std(ddof=1) / np.sqrt(len(draws))
            told.append(Score(genotype, float(draws.mean()), float(stderr), seconds=1.0))
        race.tell(told)
    return race.settled()


@pytest.mark.parametrize("seed", range(20))
def test_the_best_are_found_for_a_tenth_of_the_draws(seed: int) -> None:
    truth = screen(seed)
    scores = run(RaceSearcher(SPACE, screen=truth, seed=seed), truth, seed + 100)
    assert len(scores) == 300
    best = sorted(scores, key=lambda score: -score.value)[:10]
    tenth = sorted((truth.mean(score.genotype) for score in scores), reverse=True)[9]
    two_standard_errors = 2 * 1.5 / np.sqrt(32)
    assert all(truth.mean(score.genotype) > tenth - two_standard_errors for score in best)
    assert all(score.terms["draws"] >= 4 for score in best)
    assert sum(score.terms["draws"] for score in scores) < 960


def test_intervals_hold_what_they_promise() -> None:
    inside = total = 0
    for seed in range(20):
        truth = screen(seed)
        for score in run(RaceSearcher(SPACE, screen=truth, seed=seed), truth, seed):
            total += 1
            inside += score.terms["low"] <= truth.mean(score.genotype) <= score.terms["high"]
    assert inside / total > 0.99


def test_what_can_not_be_told_apart_is_drawn_to_the_end_and_said_so() -> None:
    truth = Screen(np.full(len(SPACE), 5.0), np.zeros(len(SPACE)))
    race = RaceSearcher(SPACE, screen=truth, budget=20, k=3, most=10)
    scores = run(race, truth, 0)
    assert max(score.terms["draws"] for score in scores) == 10
    assert "could not be told apart by 10 draws" in race.remark


def test_a_clear_race_says_what_lies_between_the_best_and_the_others() -> None:
    truth = Screen(np.arange(len(SPACE)) * 20.0, np.zeros(len(SPACE)))
    race = RaceSearcher(SPACE, screen=truth, budget=50, k=3)
    run(race, truth, 0)
    above, below = re.search(r"above ([\d.]+), all others below ([\d.]+) \(", race.remark).groups()
    assert float(above) > float(below)
    assert "12 draws for the best 3 of 50 (32 for each would be 1,600)" in race.remark


def test_draws_of_several_rounds_add_up() -> None:
    draws = np.random.default_rng(0).normal(3, 2, 16)
    runner = _Runner(Genotype("a"), 0.0)
    for part in np.split(draws, [4, 8]):
        stderr = part.std(ddof=1) / np.sqrt(len(part))
        runner.add(Score(Genotype("a"), part.mean(), stderr), len(part))
    assert runner.mean == pytest.approx(draws.mean())
    assert runner.squares == pytest.approx(((draws - draws.mean()) ** 2).sum())


def test_what_fails_leaves_the_race_with_its_reason() -> None:
    truth = screen(0)
    race = RaceSearcher(SPACE, screen=truth, budget=30, k=3)
    first = race.ask()
    race.tell([Score(g, float("nan"), error="gone wrong") for g in first])
    scores = {score.genotype: score for score in run(race, truth, 0)}
    assert [scores[g].error for g in first] == ["gone wrong"] * len(first)
    assert not set(first) & {g for g, score in scores.items() if score.error is None}


def test_what_fails_in_a_later_round_leaves_the_race_too() -> None:
    truth = Screen(np.full(len(SPACE), 5.0), np.zeros(len(SPACE)))
    race = RaceSearcher(SPACE, screen=truth, budget=20, k=3)
    asked = race.ask()
    race.tell([Score(g, 5.0 + i / 1000, 0.5) for i, g in enumerate(asked)])
    again = race.ask()
    race.tell([Score(g, float("nan"), error="gone wrong") for g in again])
    assert not set(race.ask()) & set(again)
    failed = [score for score in race.settled() if score.genotype in set(again)]
    assert {score.error for score in failed} == {"gone wrong"}


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"budget": 10, "k": 10}, "searcher.k is 10 of 10 candidates; wanted fewer"),
        ({"budget": 0}, "searcher.budget is 0; wanted at least 1"),
        ({"most": 3}, "searcher.most is 3; wanted at least 4"),
        ({"width": 0}, "searcher.width is 0; wanted a positive number"),
        ({"k": 0}, "searcher.k is 0; wanted at least 1"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RaceSearcher(SPACE, screen=screen(0), **parameters)


RACE = (
    *("space.C=4", "space.N=1", "dataset.image_size=8", "proxy.batch_size=8", "benchmark=none"),
    *("searcher=race", "searcher.budget=20", "searcher.k=3", "searcher.most=8"),
)


def test_a_race_is_run_and_run_again_from_the_store(run_zenlab: Callable[..., Outcome]) -> None:
    first = run_zenlab(*RACE)
    again = run_zenlab(*RACE, folder="again")
    assert first.scores.score.tolist() == again.scores.score.tolist()
    assert set(first.scores.columns) >= {"draws", "screen", "low", "high"}
    assert first.summary["screened"] + first.summary["scored"] + first.summary["shared"] == 20
    assert again.summary["scored"] == 0
    assert first.summary["remarks"][-1].startswith("race: ")


def test_a_proxy_without_numbered_draws_is_refused(
    run_zenlab: Callable[..., Outcome], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="use it with proxy=zen"):
        run_zenlab("proxy=params", *RACE[:3], *RACE[4:])


def test_draws_that_depend_on_each_other_are_refused_before_any_is_made(
    run_zenlab: Callable[..., Outcome],
) -> None:
    with pytest.raises(ValueError, match=r"wants independent draws, .* use proxy.statistics=fresh"):
        run_zenlab(*RACE, "proxy.statistics=carried")
