"""TE-NAS strikes what its two scores say, as ranks, changes and ties are defined."""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import product

import numpy as np
import pytest

from tests.conftest import Outcome
from zenlab.core import Genotype, Score
from zenlab.searchers.te_nas import TeNasSearcher, dense_ranks, relative_gain
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201_supernet import NB201Supernet
from zenlab.spaces.nb201_supernet.cell import OPERATIONS

SPACE = NB201Supernet()
NAMES = {"proxies": ["ntk", "linear_regions"], "scales": ["minus_log", "linear"]}
Values = Callable[[Genotype], Mapping[str, float]]


class Letters:
    """A stand-in for a supernet: letters on edges, `abc/ab` has three on one edge, two on one."""

    def __init__(self, whole: str) -> None:
        self._whole = Genotype(whole)

    def whole(self) -> Genotype:
        return self._whole

    def choices(self, genotype: Genotype) -> list[list[str]]:
        return [list(left) for left in genotype.split("/")]

    def with_choices(self, choices: Sequence[Sequence[str]]) -> Genotype:
        return Genotype("/".join("".join(left) for left in choices))

    def parse(self, text: str) -> Genotype:
        return Genotype(text)

    sample = mutate = build = describe = canonical = parse  # never called


def letters(whole: str, condition: Mapping[str, float], regions: Mapping[str, float]) -> str:
    """Prune with condition numbers and regions of the genotypes named; return what is left."""
    searcher = TeNasSearcher(Letters(whole), **NAMES)
    return prune(
        searcher,
        lambda g: {"ntk": -math.log(condition[g]), "linear_regions": regions[g]},
    )[-1]


def prune(searcher: TeNasSearcher, values: Values) -> list[Genotype]:
    everything: list[Genotype] = []
    while asked := searcher.ask():
        everything += asked
        searcher.tell([Score(g, 0.0, terms=values(g)) for g in asked])
    return everything


def test_a_pruning_takes_54_removals_in_3_rounds_and_ends_at_a_cell_of_nas_bench_201() -> None:
    searcher = TeNasSearcher(SPACE, **NAMES)
    asked = prune(searcher, lambda g: {"ntk": -1.0, "linear_regions": 1.0})
    assert len(asked) == 1 + 24 + 1 + 18 + 1 + 12 + 1
    assert [SPACE.describe(asked[i])["operations"] for i in (0, 25, 44, 57)] == [24, 18, 12, 6]
    assert NB201().parse(asked[-1]) == asked[-1]
    assert searcher.remark == f"te_nas: 54 removals in 3 rounds; left is {asked[-1]}"
    assert searcher.ask() == []


def test_a_round_asks_for_the_cell_and_for_every_removal_alone() -> None:
    asked = TeNasSearcher(SPACE, **NAMES).ask()
    assert asked[0] == SPACE.whole()
    assert len(set(asked)) == 25
    assert all(SPACE.describe(g)["operations"] == 23 for g in asked[1:])


@pytest.mark.parametrize("seed", range(5))
def test_the_operations_that_both_scores_call_best_are_left(seed: int) -> None:
    """ln k and regions are sums over operations, and agree on which of them are good."""
    rng = np.random.default_rng(seed)
    keys = list(product(range(6), OPERATIONS))
    worth = dict(zip(keys, rng.permutation(len(keys)) / 10, strict=True))

    def values(genotype: Genotype) -> dict[str, float]:
        left = [(e, name) for e, names in enumerate(SPACE.choices(genotype)) for name in names]
        total = sum(worth[key] for key in left)
        return {"ntk": total - len(left), "linear_regions": 1000 + 10 * total}

    best = [[max(OPERATIONS, key=lambda name: worth[edge, name])] for edge in range(6)]
    found = prune(TeNasSearcher(SPACE, **NAMES), values)[-1]
    assert found == SPACE.with_choices(best)


def test_ranks_of_both_scores_over_all_edges_are_added() -> None:
    """The removals -a, -b, -c, -d.

    Condition numbers 8, 9, 4, 2 of 10 rank 2, 3, 1, 0; regions 90, 80, 50, 95 of 100 rank 1, 2, 3,
    0. The sums are 3, 5, 4, 0: a and d go.
    """
    condition = {"ab/cd": 10, "b/cd": 8, "a/cd": 9, "ab/d": 4, "ab/c": 2, "b/c": 1}
    regions = {"ab/cd": 100, "b/cd": 90, "a/cd": 80, "ab/d": 50, "ab/c": 95, "b/c": 1}
    assert letters("ab/cd", condition, regions) == "b/c"


def test_ranks_count_other_edges_too() -> None:
    """Alone a and b would tie, and a would go; edge two widens their gap in regions.

    Condition numbers of -a, -b, -c, -d: 5, 6, 9, 9 rank 0, 1, 2, 2. Regions 80, 90, 85, 84 rank 3,
    0, 1, 2. Sums 3, 1, 3, 4: b and c go.
    """
    condition = {"ab/cd": 10, "b/cd": 5, "a/cd": 6, "ab/d": 9, "ab/c": 9, "a/d": 1}
    regions = {"ab/cd": 100, "b/cd": 80, "a/cd": 90, "ab/d": 85, "ab/c": 84, "a/d": 1}
    assert letters("ab/cd", condition, regions) == "a/d"


def test_equal_sums_go_to_the_better_rank_of_the_first_score() -> None:
    condition = {"ab": 10, "a": 5, "b": 6}
    regions = {"ab": 100, "a": 80, "b": 90}
    assert letters("ab", condition, regions) == "a"  # b's removal lowers k most
    searcher = TeNasSearcher(
        Letters("ab"), proxies=["linear_regions", "ntk"], scales=["linear", "minus_log"]
    )
    values = {g: {"ntk": -math.log(condition[g]), "linear_regions": regions[g]} for g in condition}
    assert prune(searcher, values.__getitem__)[-1] == "b"


def test_what_still_ties_goes_in_the_order_listed() -> None:
    equal = {"abc": 10, "ab": 5, "ac": 5, "bc": 5, "b": 5, "c": 5}
    assert letters("abc", equal, equal) == "c"


def test_equal_values_share_a_rank_and_the_next_has_the_next() -> None:
    assert dense_ranks([0.5, 0.9, 0.5, -math.inf, 0.1]) == [1, 0, 1, 3, 2]


def test_changes_are_compared_draw_by_draw_and_rounded() -> None:
    """Draws of k: 1000 and 10. Without b: 900 and 1; without a: 100 and 9.

    Mean relative changes 0.5 and 0.5 tie, where the change of the mean would be far greater for a.
    Without c: 0.4996 and 0.5 rounds to 0.5 and 0.5, a tie too.
    """

    def values(genotype: Genotype) -> dict[str, float]:
        draws = {
            "abc": (1000.0, 10.0),
            "ac": (900.0, 1.0),
            "bc": (100.0, 9.0),
            "ab": (500.4, 5.0),
        }.get(genotype, (1.0, 1.0))
        regions = {"abc": 100.0, "ac": 99.0, "bc": 98.0, "ab": 97.0}.get(genotype, 1.0)
        named = {f"ntk_draw_{i}": -math.log(k) for i, k in enumerate(draws)}
        return {"ntk": -1.0, **named, "linear_regions": regions}

    searcher = TeNasSearcher(Letters("abc"), **NAMES)
    asked = searcher.ask()
    searcher.tell([Score(g, 0.0, terms=values(g)) for g in asked])
    assert searcher.ask()[0] == "ac"  # regions decide


def test_more_decimals_tell_changes_apart() -> None:
    condition, regions = {"ab": 1000, "a": 500.1, "b": 500.4}, {"ab": 2, "a": 1, "b": 1}
    assert letters("ab", condition, regions) == "b"
    searcher = TeNasSearcher(Letters("ab"), **NAMES, decimals=4)
    values = {g: {"ntk": -math.log(condition[g]), "linear_regions": regions[g]} for g in condition}
    assert prune(searcher, values.__getitem__)[-1] == "a"


@pytest.mark.parametrize(
    ("before", "after", "scale", "gain"),
    [
        (-math.log(8), -math.log(2), "minus_log", 0.75),
        (-math.log(2), -math.log(8), "minus_log", -3),
        (math.log(8), math.log(2), "log", -0.75),
        (200, 150, "linear", -0.25),
        (-200, -150, "linear", 0.25),
        (0.0, 2.0, "linear", math.inf),
        (-math.inf, -5.0, "minus_log", 1),
        (-5.0, -math.inf, "minus_log", -math.inf),
        (-math.inf, -math.inf, "minus_log", 0),
        (-1.0, -1000.0, "minus_log", -math.inf),
    ],
)
def test_gains_are_relative_changes_for_the_better(
    before: float, after: float, scale: str, gain: float
) -> None:
    assert relative_gain(before, after, scale) == pytest.approx(gain)


@pytest.mark.parametrize(
    ("space", "parameters", "message"),
    [
        (NB201(), {}, "NB201 has one operation on each edge; use space=nb201_supernet"),
        (SPACE, {"proxies": ["ntk"]}, r"searcher.proxies is \['ntk'\]; wanted a list of two"),
        (SPACE, {"proxies": "ab"}, "searcher.proxies is 'ab'; wanted a list of two"),
        (SPACE, {"proxies": ["ntk", "ntk"]}, "searcher.proxies names ntk twice"),
        (SPACE, {"scales": ["ln", "log"]}, "searcher.scales is 'ln'; wanted one of linear, log"),
        (SPACE, {"decimals": -1}, "searcher.decimals is -1"),
        (SPACE, {"admit": lambda _: True}, "can't keep to a constraint"),
    ],
)
def test_what_makes_no_sense_is_refused(
    space: object, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        TeNasSearcher(space, **{**NAMES, **parameters})


def test_a_member_that_is_missing_or_has_failed_ends_the_search_with_its_name() -> None:
    searcher = TeNasSearcher(SPACE, **NAMES)
    asked = searcher.ask()
    with pytest.raises(ValueError, match="names linear_regions, which scored nothing; wanted two"):
        searcher.tell([Score(g, 0.0, terms={"ntk": 0.0}) for g in asked])
    failed = [Score(g, 0.0, terms={"ntk": 0.0, "linear_regions": math.nan}) for g in asked]
    searcher.ask()
    with pytest.raises(RuntimeError, match="linear_regions failed on"):
        searcher.tell(failed)


SMALL = (
    *("experiment=te_nas_nb201", "dataset.image_size=8", "benchmark=none", "hardware.workers=1"),
    "proxy.settings.ntk={repeats: 2, batch_size: 6, images_per_repeat: 3, dtype: float64}",
    "proxy.settings.linear_regions={repeats: 1, batch_size: 6}",
)


def test_a_run_prunes_by_both_members_and_ends_with_the_cell_that_is_left(
    run_zenlab: Callable[..., Outcome],
) -> None:
    run = run_zenlab(*SMALL)
    genotypes = list(run.scores["genotype"])
    assert len(genotypes) == 58
    (remark,) = [line for line in run.summary["remarks"] if line.startswith("te_nas")]
    assert remark == f"te_nas: 54 removals in 3 rounds; left is {genotypes[-1]}"
    assert NB201().parse(genotypes[-1]) == genotypes[-1]


def test_a_run_with_one_proxy_is_told_what_is_missing(run_zenlab: Callable[..., Outcome]) -> None:
    with pytest.raises(ValueError, match="names ntk, which scored nothing; wanted two members of"):
        run_zenlab(
            *("space=nb201_supernet", "searcher=te_nas", "proxy=params", "benchmark=none"),
        )
