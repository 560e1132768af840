"""The evolutionary search of Zen-NAS does what its description says, step by step."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from zenlab.core import Genotype, Score
from zenlab.searchers.evolution import EvolutionSearcher
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.plainnet import PlainNet

START = "SuperConvK3BNRELU(3,16,1,1)SuperResK3K3(16,32,2,24,2)SuperConvK1BNRELU(32,64,1,1)"


def plainnet() -> PlainNet:
    return PlainNet(blocks="residual", initial=START, max_width=2048)


def worth(genotype: Genotype) -> float:
    return plainnet().describe(genotype)["width"]


def search(searcher: EvolutionSearcher, most: int = 10_000) -> list[Genotype]:
    everything: list[Genotype] = []
    while (asked := searcher.ask()) and len(everything) < most:
        searcher.tell([Score(genotype, worth(genotype)) for genotype in asked])
        everything += asked
    return everything


def changed_blocks(parent: Genotype, child: Genotype) -> int:
    space = plainnet()
    before, after = (space._structure(genotype) for genotype in (parent, child))
    if len(before) != len(after):
        return 1  # a block has been split
    bare = [[block._replace(width_in=0) for block in structure] for structure in (before, after)]
    return sum(one != other for one, other in zip(*bare, strict=True))


def test_founders_are_one_change_away_from_the_start() -> None:
    space = plainnet()
    founders = search(EvolutionSearcher(space, budget=11))
    assert len(founders) == len(set(founders)) == 11
    assert all(changed_blocks(space.start, founder) <= 1 for founder in founders)


def test_later_children_are_up_to_two_changes_away_from_a_member() -> None:
    searcher = EvolutionSearcher(plainnet(), budget=200, population_size=30)
    distances = set()
    while True:
        members = searcher.members
        asked = searcher.ask()
        if not asked:
            break
        if len(members) > 10:
            distances.add(min(changed_blocks(member, asked[0]) for member in members))
        searcher.tell([Score(asked[0], worth(asked[0]))])
    assert 2 in distances and max(distances) <= 2


def test_the_population_is_the_best_of_all_that_was_told() -> None:
    searcher = EvolutionSearcher(plainnet(), budget=300, population_size=20)
    everything = search(searcher)
    best = sorted((worth(genotype) for genotype in everything), reverse=True)[:20]
    assert [worth(genotype) for genotype in searcher.members] == best


def test_the_population_becomes_better_than_founders_and_chance() -> None:
    space, rng = plainnet(), np.random.default_rng(0)
    searcher = EvolutionSearcher(space, budget=400, population_size=10)
    founders = [worth(genotype) for genotype in search(searcher)[:11]]
    by_chance = [worth(space.sample(rng)) for _ in range(400)]
    reached = min(worth(genotype) for genotype in searcher.members)
    assert reached > max(founders) and reached > np.quantile(by_chance, 0.9)


def test_what_is_rejected_is_never_asked_and_uses_up_an_iteration() -> None:
    tried: list[Genotype] = []

    def admit(genotype: Genotype) -> bool:
        tried.append(genotype)
        return worth(genotype) <= 40

    searcher = EvolutionSearcher(plainnet(), admit=admit, budget=None, iterations=500)
    asked = search(searcher)
    assert len(tried) == 500
    assert 0 < len(asked) < 500 and all(worth(genotype) <= 40 for genotype in asked)


def test_a_failed_architecture_stays_out_of_the_population() -> None:
    searcher = EvolutionSearcher(plainnet(), budget=50)
    failed = []
    while asked := searcher.ask():
        error = "out of memory" if len(failed) < 25 and len(asked[0]) % 2 else None
        failed += asked if error else []
        value = float("nan") if error else worth(asked[0])
        searcher.tell([Score(asked[0], value, error=error)])
    assert failed and not set(failed) & set(searcher.members)


def test_duplicates_enter_again_only_if_wanted_and_are_never_asked_again() -> None:
    for wanted in (False, True):
        space = PlainNet(blocks="residual", initial="SuperConvK3BNRELU(3,8,1,1)", max_width=24)
        searcher = EvolutionSearcher(
            space, budget=None, iterations=200, population_size=50, duplicates=wanted
        )
        asked = search(searcher)
        assert len(asked) == len(set(asked)) <= 3
        assert (len(searcher.members) > len(asked)) == wanted


def test_a_search_without_iterations_ends_when_nothing_new_comes() -> None:
    space = PlainNet(blocks="residual", initial="SuperConvK3BNRELU(3,8,1,1)", max_width=24)
    assert len(search(EvolutionSearcher(space, budget=1000))) <= 3


def test_several_children_at_a_time_are_different_and_within_the_budget() -> None:
    searcher = EvolutionSearcher(plainnet(), budget=25, batch=8)
    sizes = []
    while asked := searcher.ask():
        assert len(set(asked)) == len(asked)
        sizes.append(len(asked))
        searcher.tell([Score(genotype, worth(genotype)) for genotype in asked])
    assert sizes == [8, 8, 8, 1]


def test_cells_are_evolved_by_their_own_mutations() -> None:
    space = NB201()
    searcher = EvolutionSearcher(space, budget=300, population_size=20, seed=3)
    found: list[Genotype] = []
    while asked := searcher.ask():
        count = [space.describe(cell)["count_nor_conv_3x3"] for cell in asked]
        searcher.tell([Score(cell, c) for cell, c in zip(asked, count, strict=True)])
        found += asked
    assert max(space.describe(cell)["count_nor_conv_3x3"] for cell in found) == 6


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"budget": None}, "both null"),
        ({"budget": 0}, r"searcher\.budget"),
        ({"population_size": 0}, r"searcher\.population_size"),
        ({"batch": 0}, r"searcher\.batch"),
    ],
)
def test_settings_that_make_no_search_are_refused(settings: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        EvolutionSearcher(plainnet(), **settings)


def test_tell_before_ask_is_an_error() -> None:
    scores: Sequence[Score] = []
    with pytest.raises(RuntimeError, match="before ask"):
        EvolutionSearcher(plainnet()).tell(scores)
