"""Contrasts of subsets: equal to numpy, to scipy, or to going through every possibility."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.contrast import Contrast, contrast, contrasts
from zenlab.analysis.ranked import Floats
from zenlab.benchmarks.nb201 import NB201Benchmark
from zenlab.spaces.nb201.space import NB201


def made_up(present: int = 40, absent: int = 60, *, ties: bool = False) -> tuple[Floats, Floats]:
    rng = np.random.default_rng([present, absent, 1])
    factor = rng.permutation(np.repeat([1.0, 0.0], [present, absent]))
    outcomes = 90 + factor / 2 + (1 + factor / 2) * rng.normal(size=present + absent)
    return np.round(outcomes) if ties else outcomes, factor


def judge(outcomes: Floats, factor: Floats, *, top: int = 10, draws: int = 200) -> Contrast:
    return contrast(outcomes, factor, top=top, draws=draws, rng=np.random.default_rng(0))


def test_each_side_is_told_as_numpy_computes_it() -> None:
    outcomes, factor = made_up()
    found = judge(outcomes, factor)
    for side, value in ((found.present, 1), (found.absent, 0)):
        rows = outcomes[factor == value]
        assert side.n == len(rows)
        assert side.mean == pytest.approx(rows.mean())
        assert side.median == pytest.approx(np.median(rows))
        assert side.best == rows.max()
        highest = np.argsort(outcomes)[-10:]
        assert side.top_share == pytest.approx((factor[highest] == value).sum() / len(rows))
    assert found.mean.value == pytest.approx(found.present.mean - found.absent.mean)
    assert found.median.value == pytest.approx(found.present.median - found.absent.median)
    assert found.top_share.value == pytest.approx(found.present.top_share - found.absent.top_share)


def test_the_best_of_equal_is_the_mean_over_all_choices_of_so_many_rows() -> None:
    outcomes = np.array([1.0, 5, 3, 3, 9, 2, 4, 8, 7])
    factor = np.array([1.0, 0, 0, 0, 0, 0, 0, 1, 1])
    found = judge(outcomes, factor, top=2)
    others = outcomes[factor == 0]
    expected = np.mean([max(chosen) for chosen in itertools.combinations(others, 3)])
    assert found.absent.best_of_equal == pytest.approx(expected)
    assert found.present.best_of_equal == found.present.best == 8
    assert found.best_of_equal == pytest.approx(8 - expected)
    assert found.best == -1


def test_rows_tied_with_the_last_place_share_it() -> None:
    """The mean over every order of the tied rows."""
    outcomes = np.array([9.0, 5, 5, 5, 5, 1, 1])
    factor = np.array([0.0, 1, 1, 1, 0, 0, 1])
    found = judge(outcomes, factor, top=3)
    tops = [{0, *chosen} for chosen in itertools.combinations([1, 2, 3, 4], 2)]
    for side, value in ((found.present, 1), (found.absent, 0)):
        rows = set(np.flatnonzero(factor == value).tolist())
        assert side.top_share == pytest.approx(np.mean([len(rows & top) for top in tops]) / side.n)


@pytest.mark.parametrize("ties", [False, True])
def test_intervals_equal_a_naive_bootstrap_with_the_same_draws(ties: bool) -> None:
    outcomes, factor = made_up(ties=ties)
    found = judge(outcomes, factor)
    rng = np.random.default_rng(0).spawn(2)[0]
    sides = outcomes[factor == 1], outcomes[factor == 0]
    drawn = [side[rng.integers(len(side), size=(200, len(side)))] for side in sides]
    means, medians, shares = [], [], []
    for ours, theirs in zip(*drawn, strict=True):
        means.append(ours.mean() - theirs.mean())
        medians.append(np.median(ours) - np.median(theirs))
        order = np.concatenate((ours, theirs))
        shares.append(_top_share(ours, order) - _top_share(theirs, order))
    freedom = stats.ttest_ind(*sides, equal_var=False).df
    reach = stats.t.ppf(0.975, freedom) * np.std(means, ddof=1) * np.sqrt(40 / 39)
    assert found.mean.high == pytest.approx(found.mean.value + reach)
    assert found.mean.low == pytest.approx(found.mean.value - reach)
    ends = [[bounds.low, bounds.high] for bounds in (found.median, found.top_share)]
    assert ends[0] == pytest.approx(np.quantile(medians, (0.025, 0.975)))
    assert ends[1] == pytest.approx(np.quantile(shares, (0.025, 0.975)))


def _top_share(side: Floats, both: Floats) -> float:
    last = sorted(both)[-10]
    chance = (10 - (both > last).sum()) / (both == last).sum()
    return float(((side > last).sum() + chance * (side == last).sum()) / len(side))


def test_the_interval_of_the_mean_is_about_that_of_welch() -> None:
    outcomes, factor = made_up(80, 120)
    found = judge(outcomes, factor, draws=4000).mean
    welch = stats.ttest_ind(outcomes[factor == 1], outcomes[factor == 0], equal_var=False)
    assert [found.low, found.high] == pytest.approx(list(welch.confidence_interval()), abs=0.03)


@pytest.mark.parametrize("shift", [0.0, 1.2])
def test_the_p_value_is_about_that_over_all_permutations(shift: float) -> None:
    rng = np.random.default_rng(4)
    present, absent = rng.normal(shift, 2, size=4), rng.normal(size=7)
    exact = stats.permutation_test(
        (present, absent),
        lambda x, y, axis: np.abs(
            stats.ttest_ind(x, y, axis=axis, equal_var=False).statistic,
        ),
        alternative="greater",
        n_resamples=np.inf,
    ).pvalue
    found = judge(
        np.concatenate((present, absent)), np.repeat([1.0, 0.0], [4, 7]), top=2, draws=8000
    )
    assert found.p_value == pytest.approx(exact, abs=0.02)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_top_all_on_one_side_has_the_interval_of_so_many_rows(sign: int) -> None:
    outcomes = np.concatenate((np.full(40, 90.0), np.full(60, 90 - 5.0 * sign)))
    outcomes += np.random.default_rng(0).random(100)
    side, other = (40, 60) if sign > 0 else (60, 40)
    found = judge(outcomes, np.repeat([1.0, 0.0], [40, 60]), top=20).top_share
    assert found.value == pytest.approx(sign * 20 / side)
    least = 20 * stats.binomtest(20, 20).proportion_ci(method="wilson").low
    nearest = sign * (least / side - (20 - least) / other)
    ends = sorted([sign * 20 / side, nearest])
    assert (found.low, found.high) == pytest.approx(tuple(ends), abs=1e-5)


def test_equal_outcomes_differ_in_nothing_and_have_no_interval() -> None:
    found = judge(np.full(30, 0.1), np.repeat([1.0, 0.0], 15))
    assert found.p_value == 1
    for bounds in (found.mean, found.median, found.top_share):
        assert bounds.value == pytest.approx(0, abs=1e-12)
        assert bounds.low is None and bounds.high is None and bounds.reason


def test_the_order_of_the_rows_makes_no_difference_to_values() -> None:
    outcomes, factor = made_up(ties=True)
    order = np.random.default_rng(1).permutation(100)
    found, moved = judge(outcomes, factor), judge(outcomes[order], factor[order])
    assert found.present == moved.present and found.absent == moved.absent


def test_many_rows_are_resampled_in_portions_with_the_same_promise() -> None:
    outcomes, factor = made_up(20_000, 30_000)
    found = judge(outcomes, factor, top=500, draws=30)
    assert found.mean.low is not None and found.mean.high is not None
    assert 0.4 < found.mean.low < 0.5 < found.mean.high < 0.6
    assert found.p_value == 1 / 31


def test_a_population_has_random_numbers_of_its_own() -> None:
    outcomes, factor = made_up()
    masks = {"high": outcomes > 88, "live": outcomes > 89}
    both, one = (
        contrasts(outcomes, factor, chosen, top=5, draws=50, rng=np.random.default_rng(3))
        for chosen in (masks, {"high": masks["high"]})
    )
    assert list(both) == ["all", "high", "live"]
    assert both["high"] == one["high"] and both["all"] == one["all"]
    assert both["live"].present.n == (masks["live"] & (factor == 1)).sum()


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (
            {"factor": np.zeros(100)},
            "factor is 1 in 0 rows and 0 in 100; wanted at least 2 of each",
        ),
        ({"factor": np.full(100, 0.5)}, "factor is 0.5 in row 0; wanted 0 or 1"),
        ({"factor": np.zeros(99)}, r"outcomes \(100,\), factor \(99,\) don't fit together"),
        ({"outcomes": np.full(100, -np.inf)}, "outcomes holds -inf in row 0"),
        ({"top": 100}, "top is 100 of 100 rows; wanted fewer than all"),
        ({"top": 0}, "top is 0; wanted at least 1"),
        ({"draws": 1}, "draws is 1; wanted at least 2"),
    ],
)
def test_what_can_not_be_contrasted_is_refused(change: dict[str, object], match: str) -> None:
    outcomes, factor = made_up()
    options = {"outcomes": outcomes, "factor": factor, "top": 10, "draws": 20, **change}
    with pytest.raises(ValueError, match=match):
        contrast(**options, rng=np.random.default_rng(0))


def test_an_empty_side_is_told_with_the_name_of_its_population() -> None:
    outcomes, factor = made_up()
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="live rows: factor is 1 in 0 rows"):
        contrasts(outcomes, factor, {"live": factor == 0}, top=5, draws=20, rng=rng)


def test_the_contrast_of_the_poster_is_that_of_the_published_tables(
    real_tables: Path, tmp_path: Path
) -> None:
    """Mean CIFAR-10 test accuracy after 12 epochs: 75.984; with a skip on edge 0->3 78.405."""
    space = NB201()
    benchmark = NB201Benchmark(str(tmp_path), data=str(real_tables), schedule=12)
    values = benchmark.load(space, "cifar10").values
    outcomes = np.array([values[genotype] for genotype in space])
    told = [space.describe(genotype) for genotype in space]
    factor = np.array([one["edge_03_skip_connect"] for one in told])
    dead = np.array([one["dead"] for one in told]) == 1
    found = contrasts(
        outcomes, factor, {"live": ~dead}, top=100, draws=2, rng=np.random.default_rng(0)
    )
    assert outcomes.mean() == pytest.approx(75.984, abs=5e-4)
    assert found["all"].present.mean == pytest.approx(78.405, abs=5e-4)
    assert found["all"].present.n == found["live"].present.n == 3125  # such a cell can't be dead
    assert found["live"].absent.n == 12_500 - 341
