"""Proxies that draw several times tell each draw, so that a search can compare them in pairs."""

import math

import pytest
import torch

from zenlab.core import Batch
from zenlab.proxies.linear_regions import LinearRegions
from zenlab.proxies.ntk import Ntk, condition_number, tangent_kernel
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=2, N=1, image_size=8)
IMAGES = torch.randn(6, 3, 8, 8, generator=torch.Generator().manual_seed(5))
BATCH = Batch(IMAGES, torch.zeros(6, dtype=torch.long), synthetic=True)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return SPACE.build(SPACE.parse("6111"))


@pytest.mark.parametrize(
    "proxy", [Ntk(repeats=3, batch_size=6), LinearRegions(repeats=3, batch_size=6)]
)
def test_the_value_is_the_mean_of_its_draws(proxy: Ntk | LinearRegions) -> None:
    estimate = proxy.measure(network(), BATCH, rng=rng())
    assert list(estimate.terms) == ["draw_0", "draw_1", "draw_2"]
    assert len(set(estimate.terms.values())) == 3
    assert estimate.value == pytest.approx(sum(estimate.terms.values()) / 3)


@pytest.mark.parametrize(
    "proxy", [Ntk(repeats=1, batch_size=6), LinearRegions(repeats=1, batch_size=6)]
)
def test_a_single_draw_is_the_value_itself(proxy: Ntk | LinearRegions) -> None:
    assert proxy.measure(network(), BATCH, rng=rng()).terms == {}


def test_each_draw_of_ntk_sees_images_of_its_own_where_so_many_are_given() -> None:
    proxy = Ntk(repeats=2, batch_size=6, images_per_repeat=3, dtype="float64")
    drawn, generator = proxy.measure(network(), BATCH, rng=rng()), rng()
    seen = network().double()
    for draw, images in enumerate(IMAGES.double().split(3)):
        Ntk(repeats=1, batch_size=3, dtype="float64").measure(
            seen, Batch(images, BATCH.labels, synthetic=True), rng=generator
        )
        number = condition_number(tangent_kernel(seen, images))
        assert drawn.terms[f"draw_{draw}"] == pytest.approx(-math.log(number), rel=1e-9)


def test_float64_agrees_with_float32_on_a_well_conditioned_kernel() -> None:
    single, double = (
        Ntk(batch_size=6, initialisation="keep", dtype=dtype)
        .measure(network(), BATCH, rng=rng())
        .value
        for dtype in ("float32", "float64")
    )
    assert single != double and single == pytest.approx(double, rel=1e-3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"images_per_repeat": 1}, "proxy.images_per_repeat is 1; wanted at least 2"),
        (
            {"repeats": 3, "batch_size": 32, "images_per_repeat": 16},
            r"proxy.batch_size is 32; wanted at least 3 \(proxy.repeats\) x 16",
        ),
        ({"dtype": "float16"}, "proxy.dtype is 'float16'; wanted one of float32, float64"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Ntk(**parameters)
