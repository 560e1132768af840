"""Holm's adjusted p-values are those of a closed test, which goes through all sets of claims."""

from itertools import combinations

import numpy as np
import pytest

from zenlab.analysis.multiplicity import holm


def closed_test(p_values: dict[str, float]) -> dict[str, float]:
    """The largest Bonferroni p-value among all sets that hold the claim (Marcus et al., 1976)."""
    sets = [
        set(chosen)
        for size in range(1, len(p_values) + 1)
        for chosen in combinations(p_values, size)
    ]
    return {
        name: max(
            min(1.0, len(chosen) * min(p_values[one] for one in chosen))
            for chosen in sets
            if name in chosen
        )
        for name in p_values
    }


@pytest.mark.parametrize("seed", range(20))
def test_adjusted_values_equal_those_of_the_closed_test(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.round(rng.random(1 + seed % 6) ** 3, 2)  # with ties and zeros
    p_values = {f"claim_{number}": float(value) for number, value in enumerate(values)}
    found = holm(p_values)
    assert found == pytest.approx(closed_test(p_values), abs=1e-12)
    assert list(found) == list(p_values)


def test_adjusted_values_of_a_worked_example() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005}) == pytest.approx(
        {"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.02}
    )


def test_no_claims_need_no_adjustment() -> None:
    assert holm({}) == {}


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused_by_name(value: float) -> None:
    with pytest.raises(
        ValueError, match=r"the p-value of h1 is .*; wanted a number between 0 and 1"
    ):
        holm({"h2": 0.5, "h1": value})
