"""What one score is, whoever computes it."""

import math

import torch

from tests.scoring.proxies import Counting, Failing
from zenlab.core import Batch, Score
from zenlab.proxies.zen import Zen
from zenlab.scoring.measure import Measurement, seed_of
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=2, N=1, image_size=8)
CELL = SPACE.parse("6111")
DEAD = SPACE.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
BATCH = Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long), synthetic=True)


def test_a_score_depends_on_seed_and_genotype_alone() -> None:
    zen = Measurement(SPACE, Zen(batch_size=4), BATCH)
    first = zen.score(CELL)
    torch.manual_seed(9)
    zen.score(SPACE.parse("12"))
    assert zen.score(CELL).value == first.value
    assert Measurement(SPACE, Zen(batch_size=4, seed=1), BATCH).score(CELL).value != first.value


def test_global_random_state_is_left_alone(tmp_path: object) -> None:
    before = torch.get_rng_state()
    Measurement(SPACE, Zen(batch_size=4), BATCH).score(CELL)
    assert torch.equal(torch.get_rng_state(), before)


def test_initial_weights_derive_from_seed_and_genotype_too(tmp_path: object) -> None:
    counting = Measurement(SPACE, Counting(f"{tmp_path}/calls"), BATCH)
    torch.manual_seed(1)
    first = counting.score(CELL)
    torch.manual_seed(2)
    assert counting.score(CELL).value == first.value


def test_seeds_of_a_thousand_cells_and_two_seeds_differ() -> None:
    seeds = {seed_of(seed, cell) for seed in (0, 1) for cell in list(SPACE)[:1000]}
    assert len(seeds) == 2000


def test_a_dead_cell_scores_minus_infinity_without_a_call(tmp_path: object) -> None:
    score = Measurement(SPACE, Failing("raise"), BATCH).score(DEAD)
    assert score == Score(DEAD, -math.inf)


def test_an_error_of_one_network_is_the_reason_of_its_failed_score() -> None:
    score = Measurement(SPACE, Failing("raise"), BATCH).score(CELL)
    assert math.isnan(score.value)
    assert score.error == "RuntimeError: gone wrong"


def test_a_score_that_is_no_number_is_a_failed_score_with_a_reason() -> None:
    score = Measurement(SPACE, Failing("nan"), BATCH).score(CELL)
    assert math.isnan(score.value)
    assert score.error == "ArithmeticError: the proxy returned nan, which is no score"
