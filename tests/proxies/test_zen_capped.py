"""The exploratory repair does what its three parameters say, and no wonders."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from zenlab.proxies.size import Params
from zenlab.proxies.zen_capped import ZenCapped
from zenlab.proxies.zen_closed import ZenClosed
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
FREE = ZenCapped(growth_cap=math.inf, log_difference_weight=1.0)
LIVE = "|skip_connect~0|+|none~0|none~1|+|skip_connect~0|skip_connect~1|none~2|"
WITH_A_DEAD_END = "|skip_connect~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|skip_connect~1|none~2|"


def test_without_cap_and_weight_it_is_the_closed_form_of_the_live_cell() -> None:
    live, dead_end = (SPACE.parse(cell) for cell in (LIVE, WITH_A_DEAD_END))
    (closed,) = ZenClosed().evaluate(SPACE, [live])
    found = FREE.evaluate(SPACE, [live, dead_end])
    assert [estimate.value for estimate in found] == pytest.approx([closed.value] * 2, rel=1e-12)


def test_the_cap_bounds_the_growth_of_each_batch_norm() -> None:
    cells = [SPACE.parse(cell) for cell in ("|skip_connect~0|+|skip_connect~0|skip_connect~1|+"
             "|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",)]  # fmt: skip
    (free,), (capped,) = (p.evaluate(SPACE, cells) for p in (FREE, ZenCapped(growth_cap=0.25)))
    assert capped.terms["fan_in"] == pytest.approx(free.terms["fan_in"])
    assert free.terms["growth"] > 45 * 0.25 >= capped.terms["growth"] > 0


def test_the_weight_multiplies_the_log_difference_once_for_every_cell() -> None:
    cells = [SPACE.parse(LIVE)] * 3
    one, three = (
        ZenCapped(log_difference_weight=weight).evaluate(SPACE, cells) for weight in (1.0, 3.0)
    )
    for a, b in zip(one, three, strict=True):
        assert b.terms["log_difference"] == pytest.approx(3 * a.terms["log_difference"])
        assert sum(b.terms.values()) == pytest.approx(b.value)


def test_it_ranks_reachable_cells_about_as_a_count_of_parameters_does(real_tables: Path) -> None:
    table = pd.read_csv(real_tables / "nb201" / "out_c10_200.csv", header=None, index_col=0)
    accuracies = table[2].sort_index().to_numpy()
    cells = list(SPACE)
    capped, params, closed = (
        np.array([e.value for e in proxy.evaluate(SPACE, cells)])
        for proxy in (ZenCapped(), Params(), ZenClosed())
    )
    live = np.isfinite(capped)
    assert (~live).sum() == 341
    live &= np.array([SPACE.describe(cell)["reachable"] == 1 for cell in cells])
    rho, size, plain = (
        stats.spearmanr(scores[live], accuracies[live]).statistic
        for scores in (capped, params, closed)
    )
    assert plain == pytest.approx(0.10, abs=0.01)
    assert size == pytest.approx(0.80, abs=0.01)
    assert rho == pytest.approx(size, abs=0.04)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lags": 0}, "proxy.lags is 0; wanted at least 1"),
        ({"gamma": 0.0}, "proxy.gamma is 0.0; wanted a positive number"),
        ({"growth_cap": -1.0}, "wanted neither below 0"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ZenCapped(**parameters)
