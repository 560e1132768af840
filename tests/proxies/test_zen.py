"""What the Zen-score promises beyond its golden values."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.zen import Zen, draw_zen_scores
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=4, N=1, image_size=8)
CELL = SPACE.parse("6111")
BATCH = Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long), synthetic=True)


def measure(proxy: Zen, seed: int = 0) -> tuple[float, float | None]:
    rng = torch.Generator().manual_seed(seed)
    estimate = proxy.measure(SPACE.build(CELL), BATCH, rng=rng)
    return estimate.value, estimate.stderr


def single(seed: int, **parameters: object) -> float:
    return measure(Zen(batch_size=8, **parameters), seed)[0]


def test_the_same_generator_gives_the_same_score_whatever_weights_the_network_came_with() -> None:
    torch.manual_seed(1)
    first = single(5)
    torch.manual_seed(2)
    assert single(5) == first != single(6)


def test_the_score_is_the_log_difference_plus_log_deviations_of_batch_norm() -> None:
    """One batch norm after a 1x1 convolution on one channel: done by hand from the same draws."""

    class Tiny(Network):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.BatchNorm2d(1))

        def forward_features(self, images: torch.Tensor) -> torch.Tensor:
            return self.layers(images)

    rng = torch.Generator().manual_seed(3)
    weight = torch.randn(1, 1, 1, 1, generator=rng)
    clean = torch.randn(4, 1, 2, 2, generator=rng)
    perturbed = clean + 0.5 * torch.randn(4, 1, 2, 2, generator=rng)
    one, other = weight * clean, weight * perturbed
    variance = 0.9 * (0.9 + 0.1 * one.var()) + 0.1 * other.var()

    def normalised(x: torch.Tensor) -> torch.Tensor:
        return (x - x.mean()) / (x.var(correction=0) + 1e-5).sqrt()

    moved = (normalised(one) - normalised(other)).abs().sum((1, 2, 3)).mean()
    by_hand = {
        "fresh": moved.log() + variance.log() / 2,
        "batch": moved.log() + one.var().log() / 2,
    }
    for statistics, wanted in by_hand.items():
        rng.manual_seed(3)
        (found,) = draw_zen_scores(
            Tiny(), torch.empty(4, 1, 2, 2), iter([rng]), gamma=0.5, statistics=statistics
        )
        assert found == pytest.approx(wanted.item(), rel=1e-5)


@pytest.mark.parametrize("statistics", ["fresh", "batch"])
def test_independent_draws_do_not_depend_on_how_many_there_are(statistics: str) -> None:
    alone = [single(5 + draw, statistics=statistics) for draw in range(4)]
    value, stderr = measure(Zen(repeats=4, batch_size=8, statistics=statistics), 5)
    assert value == pytest.approx(np.mean(alone), rel=1e-6)
    assert stderr == pytest.approx(np.std(alone, ddof=1) / 2, rel=1e-4)


def test_draws_are_numbered_so_that_later_ones_can_be_made_alone() -> None:
    six = measure(Zen(repeats=6, batch_size=8))[0]
    two = measure(Zen(repeats=2, batch_size=8))[0]
    four = measure(Zen(repeats=4, first_draw=2, batch_size=8))[0]
    assert (2 * two + 4 * four) / 6 == pytest.approx(six, rel=1e-12)


def test_a_tolerance_ends_drawing_as_soon_as_the_standard_error_is_small_enough() -> None:
    def estimate(**parameters: float) -> Estimate:
        proxy = Zen(batch_size=8, **parameters)
        return proxy.measure(SPACE.build(CELL), BATCH, rng=torch.Generator().manual_seed(0))

    met = estimate(repeats=200, tolerance=0.15)
    draws = int(met.terms["draws"])
    assert 4 < draws < 200 and met.stderr <= 0.15
    assert estimate(repeats=draws).value == met.value
    assert estimate(repeats=draws - 1).stderr > 0.15
    assert estimate(repeats=5, tolerance=1e-6).terms["draws"] == 5
    assert estimate(repeats=9, tolerance=1e6).terms["draws"] == 4


def test_carried_draws_drift_upwards_and_have_no_standard_error() -> None:
    value, stderr = measure(Zen(repeats=16, batch_size=8, statistics="carried"))
    assert stderr is None
    assert value > single(0) + 1


def test_global_random_state_and_batch_are_left_alone() -> None:
    torch.manual_seed(0)
    network = SPACE.build(CELL)
    before = torch.get_rng_state()
    Zen(batch_size=4).measure(network, BATCH, rng=torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)
    assert BATCH.images.shape == (2, 3, 8, 8) and not BATCH.images.any()


def test_other_initial_weights_give_other_scores_and_keep_keeps_them() -> None:
    gaussian = single(5)
    assert single(5, initialisation="kaiming_fan_in") != gaussian
    assert not Zen(initialisation="default").runs_graphs and Zen().runs_graphs
    torch.manual_seed(1)
    first = single(5, initialisation="keep")
    torch.manual_seed(2)
    assert single(5, initialisation="keep") != first


def test_a_dead_cell_scores_minus_infinity() -> None:
    dead = SPACE.build(SPACE.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"))
    estimate = Zen(batch_size=4).measure(dead, BATCH, rng=torch.Generator().manual_seed(0))
    assert estimate.value == -math.inf


def test_a_network_without_batch_norm_is_refused() -> None:
    class Bare(Network):
        def forward_features(self, images: torch.Tensor) -> torch.Tensor:
            return images

    with pytest.raises(ValueError, match="meant for networks with batch norm"):
        Zen().measure(Bare(), BATCH, rng=torch.Generator())


def test_features_that_overflow_are_an_error_and_no_number() -> None:
    class Huge(Network):
        def __init__(self) -> None:
            super().__init__()
            self.norm = nn.BatchNorm2d(3)

        def forward_features(self, images: torch.Tensor) -> torch.Tensor:
            return self.norm(images) * 1e38

    with pytest.raises(ArithmeticError, match="overflowed"):
        Zen(batch_size=4).measure(Huge(), BATCH, rng=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"repeats": 0}, "proxy.repeats is 0; wanted at least 1"),
        ({"batch_size": 0}, "proxy.batch_size is 0; wanted at least 1"),
        ({"gamma": 0.0}, "proxy.gamma is 0.0; wanted a positive number"),
        ({"statistics": "leaky"}, "wanted one of fresh, carried, batch"),
        ({"share_equivalent": "yes"}, "share_equivalent is 'yes'; wanted one of True, False"),
        ({"tolerance": 0.1}, "proxy.repeats is 1, the most draws .* wanted at least 4"),
        ({"tolerance": 0, "repeats": 9}, "proxy.tolerance is 0; wanted a positive number"),
        ({"tolerance": 1, "statistics": "carried"}, "depend on each other.*tolerance=null"),
        (
            {"statistics": "carried", "initialisation": "default"},
            "initialisation=default begins batch norm anew",
        ),
        ({"first_draw": -1}, "proxy.first_draw is -1; wanted at least 0"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Zen(**parameters)


def test_the_memory_format_does_not_change_the_draws() -> None:
    images = torch.empty(8, 3, 8, 8)
    found = []
    for layout in (torch.contiguous_format, torch.channels_last):
        network = SPACE.build(CELL).to(memory_format=layout)
        laid_out = images.to(memory_format=layout)
        rng = torch.Generator().manual_seed(0)
        found += draw_zen_scores(network, laid_out, iter([rng]), gamma=0.01, statistics="fresh")
    assert found[1] == pytest.approx(found[0], rel=1e-4)
    assert single(0) == found[1]
