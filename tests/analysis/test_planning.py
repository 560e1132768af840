"""Plans find the sizes that textbooks compute, and their quick intervals are the evidence's."""

import math

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.contrast import contrast
from zenlab.analysis.correlation import kendall
from zenlab.analysis.planning import (
    Plan,
    decides,
    difference_of_means,
    kendall_of,
    mean_of,
    plan,
    precise_to,
)
from zenlab.analysis.ranked import Floats, rank


def normal_pilot(mean: float, size: int = 4000) -> Floats:
    """Exactly this mean and a standard deviation of 1."""
    values = np.random.default_rng(1).normal(size=size)
    return mean + ((values - values.mean()) / values.std())[:, None]


def search(pilot: Floats, *arguments: object, **options: object) -> Plan:
    settings = {"most": 2000, "simulations": 400, "rng": np.random.default_rng(2), **options}
    return plan(pilot, *arguments, **settings)  # type: ignore[arg-type]


def power_of_t(effect: float, size: int) -> float:
    """The power of a two-sided t-test at 5 %, in closed form."""
    limit = stats.t.ppf(0.975, size - 1)
    shifted = stats.nct(size - 1, effect * math.sqrt(size))
    return float(shifted.sf(limit) + shifted.cdf(-limit))


@pytest.mark.parametrize("effect", [0.3, 0.5])
def test_a_plan_needs_about_as_many_rows_as_the_power_of_the_t_test_says(effect: float) -> None:
    exact = next(size for size in range(5, 2000) if power_of_t(effect, size) >= 0.8)
    found = search(normal_pilot(effect), mean_of, decides(0))
    assert found.needed == pytest.approx(exact, rel=0.15)
    for power in found.tried:
        assert power.share == pytest.approx(power_of_t(effect, power.n), abs=0.08)
        assert power.low <= power.share <= power.high


def test_a_plan_for_a_width_needs_about_as_many_rows_as_the_standard_error_says() -> None:
    found = search(normal_pilot(0), mean_of, precise_to(0.1))
    assert found.needed == pytest.approx((1.96 / 0.1) ** 2, rel=0.12)


def test_a_difference_between_unequal_sides_needs_more() -> None:
    rng = np.random.default_rng(3)
    needed = []
    for share in (0.5, 0.1):
        factor = (np.arange(4000) < 4000 * share) * 1.0
        outcomes = rng.normal(size=4000)
        for side in (0, 1):
            outcomes[factor == side] += 0.5 * side - outcomes[factor == side].mean()
        pilot = np.stack([outcomes, factor], axis=1)
        found = search(pilot, difference_of_means, decides(0), least=40, simulations=300)
        assert found.needed is not None
        needed.append(found.needed)
    assert needed[1] == pytest.approx(needed[0] * 0.25 / 0.09, rel=0.25)


def test_an_effect_of_just_the_smallest_size_is_never_decided() -> None:
    found = search(normal_pilot(0.2), mean_of, decides(0.2), most=500)
    assert found.needed is None and found.assurance is None
    assert found.tried[-1].n == 500 and found.tried[-1].share < 0.12
    assert found.reason is not None and found.reason.startswith("500 rows reach the goal in ")


def test_a_refuted_claim_is_decided_too() -> None:
    assert decides(1.0)(Bounded(0.2, 0.1, 0.3)) and decides(0.0)(Bounded(0.2, 0.1, 0.3))
    assert not decides(0.2)(Bounded(0.2, 0.1, 0.3))
    assert not decides(0.0)(Bounded(None, None, None)) and not precise_to(1)(Bounded(1, None, None))


def test_assurance_is_lower_where_the_pilot_is_small() -> None:
    small, large = (
        search(normal_pilot(0.5, size), mean_of, decides(0), simulations=200) for size in (12, 4000)
    )
    assert small.assurance is not None and large.assurance is not None
    assert small.assurance < 0.75 < large.assurance


def test_the_same_numbers_make_the_same_plan() -> None:
    pilot = normal_pilot(0.4)
    ours, again = (search(pilot, mean_of, decides(0), simulations=40) for _ in range(2))
    assert ours == again


def test_quick_intervals_of_means_are_scipys() -> None:
    rng = np.random.default_rng(4)
    outcomes, factor = rng.normal(size=80), np.repeat([1.0, 0.0], [30, 50])
    ours = difference_of_means(np.stack([outcomes, factor], axis=1))
    welch = stats.ttest_ind(outcomes[:30], outcomes[30:], equal_var=False).confidence_interval()
    assert (ours.low, ours.high) == pytest.approx(tuple(welch))
    alone = mean_of(outcomes[:, None])
    student = stats.ttest_1samp(outcomes, 0).confidence_interval()
    assert (alone.low, alone.high) == pytest.approx(tuple(student))


def test_the_quick_interval_of_a_difference_is_about_that_of_a_contrast() -> None:
    rng = np.random.default_rng(5)
    factor = np.repeat([1.0, 0.0], 100)
    outcomes = factor - rng.exponential(size=200)
    quick = difference_of_means(np.stack([outcomes, factor], axis=1))
    full = contrast(outcomes, factor, top=20, draws=2000, rng=rng).mean
    assert (quick.low, quick.high) == pytest.approx((full.low, full.high), abs=0.03)


@pytest.mark.parametrize("ties", [False, True])
def test_the_quick_interval_of_tau_has_the_error_of_a_jackknife(ties: bool) -> None:
    rng = np.random.default_rng(6)
    scores, noise = rng.normal(size=(2, 300))
    accuracies = scores + noise
    if ties:
        scores, accuracies = np.round(scores), np.round(accuracies)
        scores[:20] = -np.inf
    found = kendall_of(np.stack([scores, accuracies], axis=1))
    without = [
        kendall(rank(np.delete(scores, row), np.delete(accuracies, row))) for row in range(300)
    ]
    assert found.value is not None and found.high is not None
    reach = (math.atanh(found.high) - math.atanh(found.value)) * (1 - found.value**2)
    error = reach / stats.t.ppf(0.975, 299)
    assert error == pytest.approx(np.std(without) * math.sqrt(299), rel=0.02)


def test_what_has_no_quick_interval_says_why() -> None:
    same = np.stack([np.zeros(20), np.repeat([1.0, 0.0], 10)], axis=1)
    for found in (
        mean_of(same),
        mean_of(same[:2]),
        difference_of_means(same),
        difference_of_means(same[:11]),
        kendall_of(same),
        kendall_of(np.stack([np.arange(20.0)] * 2, axis=1)),
    ):
        assert found.low is None and found.high is None and found.reason


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"pilot": np.zeros((9, 1))}, r"pilot is \(9, 1\); wanted \(rows, columns\), at least 10"),
        ({"pilot": np.zeros(20)}, r"pilot is \(20,\)"),
        ({"pilot": np.full((20, 1), np.nan)}, "pilot holds nan in row 0"),
        ({"most": 5}, "most is 5; wanted at least 10"),
        ({"power": 1.0}, "power is 1.0; wanted a number between 0 and 1"),
        ({"simulations": 0}, "simulations is 0; wanted at least 1"),
    ],
)
def test_what_can_not_be_planned_is_refused(change: dict[str, object], match: str) -> None:
    options = {"pilot": normal_pilot(0.5), "statistic": mean_of, "goal": decides(0), **change}
    with pytest.raises(ValueError, match=match):
        search(**options)  # type: ignore[arg-type]


def test_a_width_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="half_width is 0; wanted a positive number"):
        precise_to(0)
