"""Evidence in contexts: equal to a naive jackknife, near a bootstrap of contexts, or scipy's."""

import itertools

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.clustered import mean_of_pairs, median_of_pairs, null_chance, share_of_pairs
from zenlab.analysis.ranked import Floats


def made_up(count: int = 60, *, seed: int = 0) -> tuple[Floats, np.ndarray]:
    """Contexts with 1 to 4 pairs, which share most of their value."""
    rng = np.random.default_rng([count, seed])
    contexts = np.repeat(np.arange(count), rng.integers(1, 5, size=count))
    values = rng.normal(0.4, 1, size=count)[contexts] + 0.3 * rng.normal(size=len(contexts))
    order = rng.permutation(len(contexts))
    return values[order], contexts[order]


def width(found: Bounded) -> float:
    assert found.low is not None and found.high is not None
    return found.high - found.low


def test_a_mean_of_single_pairs_has_the_interval_of_students_t() -> None:
    values = np.random.default_rng(1).normal(size=50)
    found = mean_of_pairs(values, np.random.default_rng(2).permutation(50))
    expected = stats.ttest_1samp(values, 0).confidence_interval()
    assert (found.value, found.low, found.high) == pytest.approx((values.mean(), *expected))


def test_a_mean_has_the_standard_error_of_a_naive_jackknife() -> None:
    values, contexts = made_up()
    among = values > -0.5
    without = [
        values[among & (contexts != context)].mean() for context in np.unique(contexts[among])
    ]
    count = len(without)
    error = np.sqrt((count - 1) / count * ((without - np.mean(without)) ** 2).sum())
    found = mean_of_pairs(values, contexts, among=among)
    assert found.value == pytest.approx(values[among].mean())
    assert width(found) == pytest.approx(2 * stats.t.ppf(0.975, count - 1) * error)


def test_a_mean_has_about_the_standard_error_of_a_bootstrap_of_whole_contexts() -> None:
    values, contexts = made_up(150)
    rng, rows = np.random.default_rng(3), [np.flatnonzero(contexts == c) for c in range(150)]
    drawn = [
        values[np.concatenate([rows[c] for c in rng.integers(150, size=150)])].mean()
        for _ in range(3000)
    ]
    error = width(mean_of_pairs(values, contexts)) / 2 / stats.t.ppf(0.975, 149)
    assert error == pytest.approx(np.std(drawn), rel=0.06)
    assert error > 1.3 * values.std() / np.sqrt(len(values))  # pairs alone would be too sure


def test_a_share_of_single_pairs_has_the_interval_of_wilson() -> None:
    chosen = np.arange(2000) < 1400
    found = share_of_pairs(chosen, np.arange(2000))
    expected = stats.binomtest(1400, 2000).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=2e-4)


def test_a_share_of_one_counts_contexts_not_pairs() -> None:
    contexts = np.repeat(np.arange(2000), 3)
    found = share_of_pairs(np.full(6000, True), contexts)
    assert found.low == pytest.approx(
        stats.binomtest(2000, 2000).proportion_ci(method="wilson").low, abs=1e-4
    )
    assert found.value == found.high == 1


def test_repeating_pairs_within_their_context_makes_nothing_surer() -> None:
    values, contexts = made_up()
    for judge in (mean_of_pairs, median_of_pairs):
        once, thrice = judge(values, contexts), judge(np.tile(values, 3), np.tile(contexts, 3))
        assert width(thrice) == pytest.approx(width(once), rel=0.05)


def test_the_median_of_single_pairs_lies_between_order_statistics_of_the_binomial() -> None:
    values = np.sort(np.random.default_rng(8).normal(size=400))
    found = median_of_pairs(values, np.arange(400))
    low, high = stats.binom.ppf((0.025, 0.975), 400, 0.5).astype(int)
    assert found.value == pytest.approx(np.median(values))
    assert values[low - 3] <= found.low <= values[low + 2]
    assert values[high - 3] <= found.high <= values[high + 2]


@pytest.mark.parametrize("shift", [0.0, 0.6])
def test_the_p_value_is_that_over_all_turns_of_signs(shift: float) -> None:
    values, contexts = made_up(12, seed=2)
    values += shift
    sums = np.bincount(contexts, values)
    turned = [abs(np.dot(signs, sums)) for signs in itertools.product((-1, 1), repeat=12)]
    exact = np.mean(np.array(turned) >= abs(sums.sum()) - 1e-9)
    rng = np.random.default_rng(0)
    assert null_chance(values, contexts, draws=20_000, rng=rng) == pytest.approx(exact, abs=0.01)


def test_effects_that_cancel_have_a_p_value_of_one() -> None:
    rng = np.random.default_rng(0)
    assert null_chance(np.tile([0.1, -0.1], 20), np.arange(40), draws=100, rng=rng) == 1


def test_what_has_no_interval_says_why() -> None:
    few = mean_of_pairs(np.arange(9.0), np.arange(9))
    assert (few.value, few.low, few.reason) == (4, None, "only 9 contexts; at least 10 are needed")
    same = np.full(30, 0.1)
    for judge in (mean_of_pairs, median_of_pairs):
        found = judge(same, np.arange(30))
        assert found.value == pytest.approx(0.1)
        assert found.low is None and found.reason and "all contexts agree" in found.reason
    nothing = share_of_pairs(same > 0, np.arange(30), among=same > 1)
    assert (nothing.value, nothing.reason) == (None, "there are no such pairs")
