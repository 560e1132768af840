"""A map finds where scores rank well, and its values are those of rows that it hadn't seen."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.applicability import map_applicability
from zenlab.analysis.ranked import Floats
from zenlab.analysis.regions import Region

Columns = Mapping[str, Floats]


def rows(size: int = 1_200, seed: int = 0) -> tuple[Floats, Floats, Columns]:
    """Scores rank well if skips <= 1, badly if skips > 1 and depth > 3, and not at all else."""
    rng = np.random.default_rng(seed)
    skips, depth = rng.integers(4, size=size) * 1.0, rng.integers(1, 7, size=size) * 1.0
    scores, noise, other = rng.normal(size=(3, size))
    quality = np.where(skips <= 1, 2.0, np.where(depth > 3, -2.0, 0.0))
    scores[:15] = -math.inf
    accuracies = quality * scores.clip(-3) + noise
    return scores, accuracies, {"skips": skips, "depth": depth, "other": other}


def grow(columns: tuple[Floats, Floats, Columns], **options: Any) -> Region:
    options = {"draws": 50, "rng": np.random.default_rng(1), **options}
    return map_applicability(*columns, **options)


def test_it_finds_the_regions_that_there_are() -> None:
    root = grow(rows())
    assert [leaf.rule for leaf in root.leaves()] == [
        "skips <= 1.5",
        "skips > 1.5 and depth <= 3.5",
        "skips > 1.5 and depth > 3.5",
    ]
    well, nothing, badly = (leaf.kendall for leaf in root.leaves())
    assert (well.side, nothing.side, badly.side) == (1, 0, -1)
    assert root.split is not None and root.split.confirmed and root.split.difference.side == -1


def all_regions(region: Region) -> Iterator[Region]:
    yield region
    if region.split:
        yield from all_regions(region.split.low)
        yield from all_regions(region.split.high)


def test_every_value_is_scipys_on_the_rows_of_a_half() -> None:
    """The halves are made again from the same random numbers."""
    scores, accuracies, descriptors = rows()
    root = grow((scores, accuracies, descriptors))
    order = np.random.default_rng(1).spawn(2)[0].permutation(1_200)
    for region in all_regions(root):
        inside = np.full(1_200, True)
        for condition in region.conditions:
            below = descriptors[condition.descriptor] <= condition.threshold
            inside &= below if condition.below else ~below
        for half, count, value in (
            (order[:600], region.grown_n, region.grown_kendall),
            (order[600:], region.n, region.kendall.value),
        ):
            own = half[inside[half]]
            tau = stats.kendalltau(scores[own].clip(-1e9), accuracies[own]).statistic
            assert len(own) == count and value == pytest.approx(tau)


def test_the_first_split_is_the_best_of_all_by_brute_force() -> None:
    scores, accuracies, descriptors = rows(400)
    root = grow((scores, accuracies, descriptors), leaf=40, depth=1)
    half = np.random.default_rng(1).spawn(2)[0].permutation(400)[:200]
    best, where = 0.0, ("", 0.0)
    for name in ("skips", "depth"):
        column = descriptors[name][half]
        for threshold in np.unique(column)[:-1] + 0.5:
            parts = [half[column <= threshold], half[column > threshold]]
            low, high = (stats.kendalltau(scores[p].clip(-1e9), accuracies[p])[0] for p in parts)
            a, b = map(len, parts)
            if min(a, b) >= 40 and abs(high - low) * math.sqrt(a * b / (a + b)) > best:
                best = abs(high - low) * math.sqrt(a * b / (a + b))
                where = (name, float(threshold))
    assert root.split is not None and (root.split.descriptor, root.split.threshold) == where


def test_no_region_has_fewer_rows_than_a_leaf_or_more_conditions_than_the_depth() -> None:
    for leaf, depth in ((30, 3), (150, 2), (400, 1)):
        root = grow(rows(), leaf=leaf, depth=depth)
        for region in all_regions(root):
            assert region.grown_n >= leaf and len(region.conditions) <= depth


def test_scores_that_rank_alike_everywhere_are_not_split() -> None:
    scores, _, descriptors = rows()
    accuracies = scores.clip(-3) + np.random.default_rng(9).normal(size=1_200)
    root = grow((scores, accuracies, descriptors))
    assert root.split is None and list(root.leaves()) == [root]


def test_a_split_that_only_the_growing_half_sees_is_not_confirmed() -> None:
    scores, accuracies, descriptors = rows(800)
    order = np.random.default_rng(1).spawn(2)[0].permutation(800)
    alike = order[400:]
    noise = np.random.default_rng(2).normal(size=400)
    accuracies[alike] = scores[alike].clip(-3) + noise
    root = grow((scores, accuracies, descriptors), depth=1, leaf=50)
    assert root.split is not None and not root.split.confirmed
    assert root.split.low.grown_kendall != pytest.approx(root.split.high.grown_kendall, abs=0.3)
    assert root.split.low.kendall.value == pytest.approx(root.split.high.kendall.value, abs=0.2)


def test_a_difference_that_is_not_worth_a_split_makes_none() -> None:
    assert grow(rows(), difference=1.5).split is None


def test_the_same_seed_makes_the_same_map_and_another_other_halves() -> None:
    first, again = grow(rows()), grow(rows())
    assert first == again
    other = grow(rows(), rng=np.random.default_rng(2))
    assert other.kendall != first.kendall


def test_a_region_of_dead_networks_alone_is_never_cut_off() -> None:
    """Tau is undefined there, which is no reason to believe in a difference."""
    scores, accuracies, descriptors = rows()
    dead = np.arange(1_200) < 400
    scores[dead] = -math.inf
    root = grow((scores, accuracies, {**descriptors, "dead": dead * 1.0}), leaf=50)
    assert all(c.descriptor != "dead" for r in all_regions(root) for c in r.conditions)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 4}, r"applicability\.depth is 4; wanted at most 3"),
        ({"depth": 0}, r"applicability\.depth is 0; wanted at least 1"),
        ({"leaf": 5}, r"applicability\.leaf is 5; wanted at least 10"),
        ({"leaf": 601}, "1200 rows; wanted at least 1202, twice applicability.leaf"),
        ({"difference": 0}, r"applicability\.difference is 0; wanted a positive number"),
        ({"draws": 1}, r"analysis\.draws is 1"),
    ],
)
def test_parameters_out_of_range_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        grow(rows(), **options)


def test_rows_of_one_group_are_on_one_half() -> None:
    """Every second row repeats the one before, and the halves have whole pairs."""
    rng = np.random.default_rng(2)
    values = np.repeat(rng.normal(size=(3, 201)), 2, axis=1)
    root = map_applicability(
        values[0],
        values[1],
        {"x": values[2]},
        leaf=50,
        draws=20,
        rng=np.random.default_rng(0),
        groups=np.repeat(np.arange(201), 2),
    )
    assert (root.grown_n, root.n) == (202, 200)
