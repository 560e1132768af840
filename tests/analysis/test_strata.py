"""Rank quality within strata equals scipy's on the rows of each, and Simpson's paradox is seen."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.ranked import Floats
from zenlab.analysis.strata import Strata, stratify

Columns = Mapping[str, Floats]


def judge(scores: Floats, accuracies: Floats, descriptors: Columns, most: int = 8) -> Strata:
    rng = np.random.default_rng(0)
    return stratify(scores, accuracies, descriptors, most=most, draws=100, rng=rng)


def rows(size: int = 300) -> tuple[Floats, Floats, Columns]:
    """Few skips: ranked well; many: the wrong way round. Two rows in three strata are dead."""
    rng = np.random.default_rng(3)
    skips, depth = rng.integers(3, size=size) * 1.0, rng.integers(1, 3, size=size) * 1.0
    scores, noise = rng.normal(size=(2, size))
    accuracies = np.round(scores * (1 - skips) + noise, 1)
    scores[:6] = -math.inf
    return scores, accuracies, {"skips": skips, "depth": depth}


def test_each_stratum_has_scipys_values_on_its_rows() -> None:
    scores, accuracies, descriptors = rows()
    strata = judge(scores, accuracies, descriptors).strata
    expected = [(skips, depth) for skips in (0, 1, 2) for depth in (1, 2)]
    assert [(s.ranges["skips"][0], s.ranges["depth"][1]) for s in strata] == expected
    for stratum, (skips, depth) in zip(strata, expected, strict=True):
        mask = (descriptors["skips"] == skips) & (descriptors["depth"] == depth)
        x, y = scores[mask].clip(-1e9), accuracies[mask]
        assert stratum.n == mask.sum()
        assert stratum.kendall.value == pytest.approx(stats.kendalltau(x, y).statistic)
        assert stratum.spearman.value == pytest.approx(stats.spearmanr(x, y).statistic)


def test_the_mean_within_strata_counts_pairs_for_tau_and_rows_for_rho() -> None:
    scores, accuracies, descriptors = rows()
    found = judge(scores, accuracies, {"skips": descriptors["skips"]})
    counts = np.array([stratum.n for stratum in found.strata])
    taus = [stratum.kendall.value for stratum in found.strata]
    rhos = [stratum.spearman.value for stratum in found.strata]
    pairs = counts * (counts - 1) / 2
    assert found.kendall.value == pytest.approx(np.average(taus, weights=pairs))
    assert found.spearman.value == pytest.approx(np.average(rhos, weights=counts))
    assert found.simpson.share_within == pytest.approx(pairs.sum() / (300 * 299 / 2))


def test_without_ties_the_tau_within_is_that_of_the_pairs_that_share_a_stratum() -> None:
    rng = np.random.default_rng(1)
    scores, noise = rng.normal(size=(2, 60))
    group = rng.integers(4, size=60) * 1.0
    accuracies = scores + noise
    signs = [
        np.sign((scores[i] - scores[j]) * (accuracies[i] - accuracies[j]))
        for i in range(60)
        for j in range(i)
        if group[i] == group[j]
    ]
    found = judge(scores, accuracies, {"group": group})
    assert found.kendall.value == pytest.approx(np.mean(signs))


def test_one_stratum_is_the_pool() -> None:
    scores, accuracies, _ = rows()
    found = judge(scores, accuracies, {"width": np.full(300, 16.0)})
    assert len(found.strata) == 1 and found.strata[0].name == "width = 16"
    for bounded in (found.simpson.pooled, found.strata[0].kendall):
        assert bounded.value == pytest.approx(found.kendall.value)
        assert (bounded.low, bounded.high) == pytest.approx((found.kendall.low, found.kendall.high))
    assert found.simpson.difference.value == pytest.approx(0) and found.simpson.share_within == 1


def test_many_values_make_groups_of_about_equal_size() -> None:
    scores, accuracies, _ = rows()
    params = np.random.default_rng(2).permutation(300) * 1.5
    found = judge(scores, accuracies, {"params": params}, most=3)
    assert [s.n for s in found.strata] == [100, 100, 100]
    assert [s.name for s in found.strata] == [
        "0 <= params <= 148.5",
        "150 <= params <= 298.5",
        "300 <= params <= 448.5",
    ]


def paradox(within: float, between: float, size: int = 400) -> Strata:
    """Scores follow the group; accuracies follow it by `between` and scores within by `within`."""
    rng = np.random.default_rng(4)
    group = rng.integers(4, size=size) * 1.0
    inner, noise = rng.normal(size=(2, size))
    accuracies = between * 3 * group + within * inner + 0.5 * noise
    return judge(3 * group + inner, accuracies, {"group": group})


@pytest.mark.parametrize(
    ("within", "between", "direction"),
    [
        (1, 1, "same"),
        (-1, 1, "reversed"),
        (1, -1, "reversed"),
        (0, 1, "only pooled"),
        (1, -0.1, "only within"),
        (0, 0, "undecided"),
    ],
)
def test_a_reversal_is_flagged_and_nothing_else_is(
    within: float, between: float, direction: str
) -> None:
    found = paradox(within, between).simpson
    assert found.direction == direction
    assert found.reversed == (direction == "reversed")
    assert found.pooled.value is not None and found.within.value is not None
    assert found.difference.value == pytest.approx(found.pooled.value - found.within.value)
    assert len(found.opposed) == (4 if direction == "reversed" else 0)


def test_opposed_names_the_strata_that_rank_against_the_pool() -> None:
    rng = np.random.default_rng(5)
    group = np.repeat([0.0, 1.0], [300, 100])
    scores, noise = rng.normal(size=(2, 400))
    accuracies = np.where(group == 0, scores, -scores) + 0.5 * noise
    found = judge(scores, accuracies, {"group": group}).simpson
    assert found.opposed == ("group = 1",) and found.direction == "same"


def test_small_and_tied_strata_say_why_they_have_no_value() -> None:
    scores, accuracies, _ = rows(40)
    group = np.repeat([0.0, 1.0, 2.0, 3.0], [2, 5, 13, 20])
    accuracies[7:20] = 90.0
    found = judge(scores, accuracies, {"group": group})
    two, five, tied, rest = (stratum.kendall for stratum in found.strata)
    assert two.value is None and "only 2 rows" in str(two.reason)
    assert five.value is not None and five.low is None and "only 5 rows" in str(five.reason)
    assert tied.value is None and "tied" in str(tied.reason)
    assert rest.low is not None and found.kendall.value is not None


def test_parameters_out_of_range_are_refused() -> None:
    scores, accuracies, descriptors = rows()
    with pytest.raises(ValueError, match="0 descriptors in 8 groups"):
        judge(scores, accuracies, {})
    with pytest.raises(ValueError, match="1 descriptors in 1 groups"):
        judge(scores, accuracies, {"skips": descriptors["skips"]}, most=1)
    with pytest.raises(ValueError, match="skips holds nan in row 0"):
        judge(scores, accuracies, {"skips": np.full(300, math.nan)})
