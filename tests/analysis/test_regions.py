"""Regions are told by conditions that a reader can check by hand."""

import numpy as np
import pytest

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.regions import Condition, Region

TAU = Bounded(0.5, 0.4, 0.6)


def region(*conditions: Condition) -> Region:
    return Region(conditions, 10, 0.5, 10, TAU, None)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition("count_skip_connect", 1.5, below=True), "count_skip_connect <= 1.5"),
        (Condition("depth", 3.0, below=False), "depth > 3"),
        (Condition("params", 573385.5, below=True), "params <= 573,385.5"),
        (Condition("flops", 1.2e9, below=False), "flops > 1,200,000,000"),
        (Condition("width", 0.1 + 0.2, below=True), "width <= 0.3"),
    ],
)
def test_a_condition_reads_as_a_rule(condition: Condition, text: str) -> None:
    assert str(condition) == text


def test_a_rule_joins_its_conditions_and_drops_what_later_ones_make_tighter() -> None:
    skips, tighter = (Condition("skips", limit, below=True) for limit in (2.5, 1.5))
    deep = Condition("depth", 3.0, below=False)
    assert region(skips, deep).rule == "skips <= 2.5 and depth > 3"
    assert region(skips, deep, tighter).rule == "skips <= 1.5 and depth > 3"
    above = Condition("skips", 0.5, below=False)
    assert region(skips, above).rule == "skips <= 2.5 and skips > 0.5"
    assert region().rule == "all architectures"


def test_a_condition_holds_on_one_side_only() -> None:
    skips = {"skips": np.array([0.0, 1.5, 2.0])}
    assert Condition("skips", 1.5, below=True).holds(skips).tolist() == [True, True, False]
    assert Condition("skips", 1.5, below=False).holds(skips).tolist() == [False, False, True]
