"""Proxies that read activation patterns and features: by hand, by brute force, and golden."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.golden_networks import Case, cases, golden_file
from tests.golden_readings.patterns import READINGS
from zenlab.core import Batch, LookingProxy, Network
from zenlab.proxies.az_expressivity import AzExpressivity, block_entropy
from zenlab.proxies.az_progressivity import AzProgressivity, smallest_step
from zenlab.proxies.az_trainability import AzTrainability, gradient_preservation
from zenlab.proxies.binary_patterns import count_distinct_rows, pack, switched_on
from zenlab.proxies.leaf_maps import covariances
from zenlab.proxies.linear_regions import LinearRegions, count_regions, draw_crops
from zenlab.proxies.meco import Meco, smallest_eigenvalues, sum_of_smallest_eigenvalues
from zenlab.proxies.meco_opt import MecoOpt, sum_of_sampled_eigenvalues
from zenlab.proxies.naswot import Naswot, count_agreements, log_determinant
from zenlab.proxies.near import Near, effective_ranks, sum_of_ranks, window_of
from zenlab.proxies.recording import leaves, watch
from zenlab.proxies.swap import Swap, count_unit_patterns, size_penalty
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=4, N=1, image_size=8)
BATCH = Batch(
    torch.randn(10, 3, 8, 8, generator=torch.Generator().manual_seed(1)),
    torch.arange(10),
    synthetic=True,
)
PROXIES = [
    Naswot(batch_size=10),
    Naswot(batch_size=10, count="twice"),
    Swap(repeats=2, batch_size=10),
    Swap(repeats=2, batch_size=10, mu=20, sigma=300),
    LinearRegions(batch_size=10),
    LinearRegions(batch_size=10, network="full"),
    Meco(batch_size=10),
    MecoOpt(batch_size=10),
    Near(repeats=2, batch_size=10),
    AzExpressivity(batch_size=10),
    AzProgressivity(batch_size=10, input="batch"),
    AzTrainability(batch_size=10),
    AzTrainability(batch_size=10, input="batch"),
]
FILED = [Naswot, Swap, LinearRegions, Meco, MecoOpt, Near]
FILED += [AzExpressivity, AzProgressivity, AzTrainability]


def network(cell: str = "6111") -> Network:
    return SPACE.build(SPACE.parse(cell))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def randn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(3))


# The golden file


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=["float32", "float64"])
@pytest.mark.parametrize("number", range(13))
def test_golden_values_are_met(number: int, dtype: torch.dtype) -> None:
    case = cases(dtype, 8)[number]
    values = "values_float64" if dtype == torch.float64 else "values"
    for name in READINGS.keys() & case.entry[values].keys():
        found, tolerance = READINGS[name](case), golden_file()["proxies"][name]
        if dtype == torch.float64:
            wanted = pytest.approx(case.value(name), rel=tolerance["tolerance_relative_float64"])
        else:
            wanted = pytest.approx(
                case.value(name),
                rel=tolerance["tolerance_relative"],
                abs=tolerance["tolerance_absolute"],
            )
        if name == "az_nas.trainability" and is_dead(case):
            wanted = -math.inf
        if name.startswith("az_nas") and case.value(name) == -math.inf:  # fails in float32
            firm = float(case.entry["values_float64"][name])
            wanted = pytest.approx(firm, rel=1e-4, abs=1e-3)
        assert found == wanted, name


def is_dead(case: Case) -> bool:
    return bool(case.space.describe(case.space.parse(case.entry["arch"]))["dead"])


# What all of them promise


@pytest.mark.parametrize("proxy", PROXIES, ids=repr)
def test_a_score_comes_again_and_leaves_batch_and_global_random_state_alone(proxy: Any) -> None:
    images, state = BATCH.images.clone(), torch.get_rng_state()
    with torch.random.fork_rng(devices=[]):
        first, second = network(), network()
    found = proxy.measure(first, BATCH, rng=generator())
    assert torch.equal(torch.get_rng_state(), state)
    assert proxy.measure(second, BATCH, rng=generator()) == found
    assert math.isfinite(found.value)
    assert torch.equal(BATCH.images, images)


@pytest.mark.parametrize("proxy", PROXIES, ids=repr)
def test_another_generator_gives_another_score(proxy: Any) -> None:
    if not isinstance(proxy, LinearRegions):  # counts of few inputs may be equal
        one, other = (proxy.measure(network(), BATCH, rng=generator(seed)) for seed in (0, 1))
        assert one.value != other.value


@pytest.mark.parametrize("proxy", [p for p in PROXIES if not isinstance(p, AzProgressivity)])
def test_numbers_that_overflow_are_an_error_and_no_score(proxy: Any) -> None:
    class Huge(Network):
        def __init__(self, channels: int = 3) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Conv2d(channels, 3, 1), nn.ReLU())

        def forward_blocks(self, images: Tensor) -> list[Tensor]:
            first = self.layers(images)
            return [first, first * 1e38 * 1e38]

        def forward(self, images: Tensor) -> Tensor:
            return self.layers(images).mean((2, 3)) * 1e38 * 1e38

        def thin(self) -> nn.Module:
            return Huge(1)

    with pytest.raises(ArithmeticError, match="overflowed"):
        proxy.measure(Huge(), BATCH, rng=generator())


class Linear(Network):
    def __init__(self, *before: nn.Module) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), *before, nn.Linear(192, 10))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)


@pytest.mark.parametrize("proxy", [Naswot(), Swap(), LinearRegions(network="full")], ids=repr)
def test_a_network_without_relu_is_refused(proxy: Any) -> None:
    with pytest.raises(ValueError, match="no ReLU modules"):
        proxy.measure(Linear(), BATCH, rng=generator())


@pytest.mark.parametrize("proxy", [Swap(), LinearRegions(network="full")], ids=repr)
def test_relus_that_return_no_maps_are_refused(proxy: Any) -> None:
    with pytest.raises(ValueError, match="no ReLU that returns feature maps"):
        proxy.measure(Linear(nn.ReLU()), BATCH, rng=generator())


@pytest.mark.parametrize(
    "proxy", [LinearRegions(), AzExpressivity(), AzProgressivity(), AzTrainability()], ids=repr
)
def test_a_network_that_does_not_tell_its_cells_is_refused(proxy: Any) -> None:
    with pytest.raises(ValueError, match=r"thin version of itself|tell its blocks"):
        proxy.measure(Linear(), BATCH, rng=generator())


@pytest.mark.parametrize("proxy", FILED)
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"batch_size": 0}, "proxy.batch_size is 0; wanted at least"),
        ({"seed": -1}, "proxy.seed is -1; wanted at least 0"),
        ({"initialisation": "zero"}, "proxy.initialisation is 'zero'; wanted one of keep"),
        ({"share_equivalent": 2}, "share_equivalent is 2; wanted one of True, False"),
    ],
)
def test_bad_parameters_are_refused(
    proxy: Callable[..., Any], parameters: dict[str, object], message: str
) -> None:
    if set(parameters) <= set(proxy.__dataclass_fields__):
        with pytest.raises(ValueError, match=message):
            proxy(**parameters)


@pytest.mark.parametrize(
    ("proxy", "parameters", "message"),
    [
        (Naswot, {"batch_size": 1}, "proxy.batch_size is 1; wanted at least 2"),
        (Naswot, {"count": "thrice"}, "proxy.count is 'thrice'; wanted one of once, twice"),
        (Swap, {"repeats": 0}, "proxy.repeats is 0; wanted at least 1"),
        (Swap, {"mu": 850}, "proxy.mu is 850 and proxy.sigma is None; wanted two numbers"),
        (Swap, {"mu": 850, "sigma": 0}, "proxy.sigma is 0; wanted a positive number"),
        (LinearRegions, {"network": "fat"}, "proxy.network is 'fat'; wanted one of thin, full"),
        (LinearRegions, {"initialisation": "keep"}, "no weights to keep.*proxy.network=full"),
        (Near, {"repeats": 0}, "proxy.repeats is 0; wanted at least 1"),
        (AzExpressivity, {"input": "x"}, "proxy.input is 'x'; wanted one of noise, batch"),
        (AzProgressivity, {"input": "x"}, "proxy.input is 'x'; wanted one of noise, batch"),
        (AzTrainability, {"input": "x"}, "proxy.input is 'x'; wanted one of noise, batch"),
    ],
)
def test_bad_parameters_of_its_own_are_refused(
    proxy: Callable[..., Any], parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        proxy(**parameters)


# Patterns of ReLUs


@pytest.mark.parametrize("columns", [1, 5, 24, 25, 120])
def test_packed_rows_are_distinct_where_the_rows_are(columns: int) -> None:
    patterns = switched_on(randn(40, columns) - 1.5)
    patterns[7] = patterns[3]
    patterns[9, -1] = 1 - patterns[9, -1]
    distinct = {tuple(row) for row in patterns.tolist()}
    assert count_distinct_rows(pack(patterns)) == len(distinct) < 40


class Chain(nn.Module):
    """A convolution, a ReLU that is called twice, and a block of ReLU, convolution, batch norm."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 2, 1)
        self.relu = nn.ReLU()
        self.block = nn.Sequential(nn.ReLU(), nn.Conv2d(2, 2, 1), nn.BatchNorm2d(2))

    def inputs(self, images: Tensor) -> list[Tensor]:
        """What its ReLUs see: the shared one twice, then the one in the block."""
        first = self.first(images)
        return [first, -first, first.relu() - (-first).relu()]

    def forward(self, images: Tensor) -> Tensor:
        first = self.first(images)
        return self.block(self.relu(first) - self.relu(-first)).mean((2, 3))


def on(chain: Chain, images: Tensor) -> list[Tensor]:
    with torch.no_grad():
        return [(seen > 0).flatten(1) for seen in chain.inputs(images)]


def test_naswot_counts_every_call_of_a_relu_on_which_two_images_agree() -> None:
    chain, images = Chain(), randn(5, 3, 4, 4)
    shared, again, block = on(chain, images)
    for count, parts in {
        "once": [shared, again, block],
        "twice": [shared, again, block, block],
    }.items():
        bits = torch.cat(parts, 1).tolist()
        wanted = [
            [sum(a == b for a, b in zip(one, other, strict=True)) for other in bits] for one in bits
        ]
        found = count_agreements(chain, images, count=count)
        assert found.tolist() == wanted
        assert log_determinant(found) == pytest.approx(math.log(np.linalg.det(np.array(wanted))))


def test_naswot_is_minus_infinity_where_two_images_switch_all_relus_alike() -> None:
    images = randn(5, 3, 4, 4)
    images[4] = images[2]
    assert log_determinant(count_agreements(Chain(), images, count="once")) == -math.inf


def test_what_a_network_writes_over_in_place_is_seen_as_it_was() -> None:
    """The next module may write into an output: proxies that keep it must have copied it."""

    class InPlace(nn.Module):
        def __init__(self, inplace: bool) -> None:
            super().__init__()
            torch.manual_seed(0)
            layers = [nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.ReLU(inplace), nn.Conv2d(4, 4, 1)]
            self.layers = nn.Sequential(*layers, nn.ReLU(inplace))

        def forward(self, images: Tensor) -> Tensor:
            return self.layers(images).mul_(-1)

    images = randn(4, 3, 6, 6)
    first, second = InPlace(inplace=False), InPlace(inplace=True)
    for read in (
        lambda net, images: count_agreements(net, images, count="once").flatten().tolist(),
        count_unit_patterns,
        sum_of_smallest_eigenvalues,
        lambda net, images: sum_of_sampled_eigenvalues(net, images, first_channels),
        lambda net, images: sum_of_ranks(net, images, lambda choices: choices - 1),
    ):
        assert read(first, images) == pytest.approx(read(second, images))


@pytest.mark.parametrize("channels", [1, 3])
def test_networks_run_in_channels_last_and_keep_their_own_layout(channels: int) -> None:
    first = nn.Conv2d(channels, 4, 3)
    layers = nn.Sequential(first, nn.BatchNorm2d(4), nn.ReLU())
    layouts = []

    def see(_: nn.Module, output: Tensor) -> None:
        layouts.append(output.is_contiguous(memory_format=torch.channels_last))

    watch(layers, randn(2, channels, 6, 6), leaves(layers), see)
    assert layouts == [True, True, True]
    assert first.weight.is_contiguous()


def test_naswot_counts_all_relus_of_a_nas_bench_201_network_twice_but_the_last() -> None:
    both = [count_agreements(network("6111"), BATCH.images, count=c) for c in ("once", "twice")]
    once, twice = (counted[0, 0].item() for counted in both)  # all units
    assert 2 * once - twice == 16 * 2 * 2


@pytest.mark.parametrize("images", [5, 20, 60])
def test_swap_counts_the_distinct_patterns_of_units_over_images(images: int) -> None:
    chain, batch = Chain(), randn(images, 3, 4, 4)
    distinct = {tuple(unit) for bits in on(chain, batch) for unit in bits.T.tolist()}
    assert count_unit_patterns(chain, batch) == len(distinct)


def test_the_size_penalty_of_swap_counts_parameters_in_thousands() -> None:
    layer = nn.Linear(100, 20, bias=False)
    assert size_penalty(layer, mu=5, sigma=3) == pytest.approx(math.exp(-9 / 3))
    plain, penalised = (
        Swap(repeats=1, **size).measure(network(), BATCH, rng=generator()).value
        for size in ({}, {"mu": 20, "sigma": 300})
    )
    assert penalised == pytest.approx(plain * size_penalty(network(), mu=20, sigma=300))


def test_repeats_are_averaged_and_tell_their_standard_error() -> None:
    kept = Swap(repeats=1, initialisation="keep").measure(network(), BATCH, rng=generator())
    assert kept.stderr is None
    rng = generator()
    draws = [Swap(repeats=1).measure(network(), BATCH, rng=rng).value for _ in range(3)]
    found = Swap(repeats=3).measure(network(), BATCH, rng=generator())
    assert found.value == pytest.approx(np.mean(draws))
    assert found.stderr == pytest.approx(np.std(draws, ddof=1) / math.sqrt(3))


def test_linear_regions_are_distinct_patterns_over_all_batches() -> None:
    chain, images = Chain(), randn(40, 3, 1, 1)
    bits = [torch.cat(on(chain, batch), 1).tolist() for batch in images.split(20)]
    distinct = {tuple(row) for batch in bits for row in batch}
    assert count_regions(chain, images.split(20)) == len(distinct) < 20


def test_crops_are_windows_of_one_channel_of_one_image() -> None:
    images = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    crops = draw_crops(images, generator())
    assert crops.shape == (1000, 1, 3, 3)
    corners = crops[:, 0, 0, 0]
    windows = corners[:, None, None] + torch.tensor([[0, 1, 2], [5, 6, 7], [10, 11, 12]])
    assert torch.equal(crops[:, 0], windows)
    assert len(corners.unique()) == 2 * 3 * 2 * 3
    with pytest.raises(ValueError, match=r"images of 2 x 8 pixels.*proxy.network=full"):
        draw_crops(images.reshape(5, 3, 1, 8).repeat(1, 1, 2, 1), generator())


# Features


def first_channels(maps: int, channels: int) -> Tensor:
    return torch.arange(min(channels, 8)).expand(maps, -1)


def smallest_eigenvalue(maps: Tensor) -> float:
    """Of the correlations of channels, from maps (channels, positions)."""
    ((places, matrices),) = covariances([maps[None]]).values()
    assert places == [0]
    return smallest_eigenvalues(matrices).item()


def test_the_smallest_eigenvalue_is_that_of_the_correlation_matrix() -> None:
    ramp, wave = torch.tensor([-1.0, 0, 0, 1]), torch.tensor([0.0, -1, 1, 0])
    constant = torch.full((4,), 3.0)
    for channels, wanted in [
        ([ramp, wave], 1),  # no correlation
        ([ramp, 2 * ramp + 1], 0),
        ([ramp, ramp + wave], 1 - math.sqrt(0.5)),
        ([ramp, wave, constant], 0),
        ([ramp], 1),
        ([ramp[:1]], 0),
    ]:
        assert smallest_eigenvalue(torch.stack(channels)) == pytest.approx(wanted, abs=1e-6)


def test_meco_adds_up_the_leaves_for_the_first_image() -> None:
    torch.manual_seed(0)  # with other weights a channel may be off everywhere
    layers = nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 3, 1), nn.Identity()), nn.ReLU(), nn.Flatten()
    )
    images = randn(4, 3, 5, 5)
    with torch.no_grad():
        maps = layers[0](images)[0].flatten(1)
    smallest = [float(np.linalg.eigvalsh(np.corrcoef(m))[0]) for m in (maps, maps, maps.relu())]
    assert sum_of_smallest_eigenvalues(layers, images) == pytest.approx(sum(smallest), abs=1e-4)


def test_meco_opt_takes_the_chosen_channels_and_scales_to_all_of_them() -> None:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 16, 3))
    images, chosen = randn(1, 3, 9, 9), torch.tensor([2, 3, 5, 7, 8, 11, 13, 15])
    with torch.no_grad():
        wanted = smallest_eigenvalue(layers(images)[0].flatten(1)[chosen])
    found = sum_of_sampled_eigenvalues(layers, images, lambda maps, channels: chosen[None])
    assert found == pytest.approx(2 * wanted, rel=1e-4)


def test_meco_opt_chooses_once_for_modules_of_the_same_maps() -> None:
    layers = nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 9, 1))
    asked: list[tuple[int, int]] = []

    def first(maps: int, channels: int) -> Tensor:
        asked.append((maps, channels))
        return torch.arange(8).expand(maps, -1)

    sum_of_sampled_eigenvalues(layers, randn(1, 3, 9, 9), first)
    assert asked == [(2, 16), (1, 9)]


def test_the_effective_rank_counts_equal_singular_values() -> None:
    matrices = [torch.eye(3), torch.diag(torch.tensor([2.0, 2, 0])), torch.zeros(3, 3)]
    assert effective_ranks(torch.stack(matrices)).tolist() == pytest.approx([3, 2, 0])


def test_a_window_is_a_run_of_positions_by_image_column_and_row() -> None:
    maps = randn(3, 5, 4, 2)  # 24 rows of 5 columns; windows start at 0, 2, ..., 18
    rows = [maps[n, :, h, w] for n in range(3) for w in range(2) for h in range(4)]

    def choices(count: int) -> int:
        assert count == 10
        return which

    for which in range(10):
        wanted = torch.stack(rows[2 * which : 2 * which + 5])
        assert torch.equal(window_of(maps, choices), wanted)
    flat = randn(7, 5)
    assert torch.equal(window_of(flat, lambda count: count - 1), flat[2:])


def test_near_adds_up_layers_with_weights_and_activations() -> None:
    layers = nn.Sequential(
        nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, affine=False), nn.Tanh(), nn.AvgPool2d(2)
    )
    images = randn(2, 3, 4, 4)
    with torch.no_grad():
        seen = [layers[0](images), layers[:3](images)]
    windows = torch.stack([window_of(s, lambda _: 1) for s in seen])
    wanted = effective_ranks(windows.double()).sum().item()
    assert sum_of_ranks(layers, images, lambda _: 1) == pytest.approx(wanted)


def test_near_says_how_many_images_it_needs() -> None:
    images = Batch(BATCH.images[:4], BATCH.labels[:4], synthetic=True)
    with pytest.raises(ValueError, match=r"10 channels gives only 4 rows.*proxy.batch_size=10"):
        Near(batch_size=4).measure(network(), images, rng=generator())


# AZ-NAS


def test_the_entropy_of_features_is_that_of_their_shares_of_variance() -> None:
    base = torch.tensor([[1.0, 1, -1, -1], [1, -1, 1, -1]]).reshape(1, 2, 2, 2)
    assert block_entropy(base + 7) == pytest.approx(math.log(2))
    stretched = base * torch.tensor([1.0, 2]).reshape(1, 2, 1, 1)  # variances 1 and 4
    assert block_entropy(stretched) == pytest.approx(-0.2 * math.log(0.2) - 0.8 * math.log(0.8))
    assert block_entropy(base.repeat(1, 40, 1, 1)) == pytest.approx(math.log(2), abs=1e-6)
    assert block_entropy(torch.full((2, 3, 4, 4), 5.0)) == -math.inf


def test_progressivity_is_the_smallest_step() -> None:
    assert smallest_step([1.0, 3.0, 2.5, 2.75]) == -0.5
    assert smallest_step([1.0, -math.inf, -math.inf]) == -math.inf
    with pytest.raises(ValueError, match="only one block"):
        smallest_step([1.0])


def signs(shape: torch.Size) -> Tensor:
    return torch.randint(2, shape, generator=generator()) * 2.0 - 1


def test_trainability_punishes_a_gain_other_than_one() -> None:
    stem = randn(2, 1, 4, 4).requires_grad_()
    first = stem * 3
    found = gradient_preservation([stem, first, first * -0.5], signs)
    assert found == pytest.approx(((2 - 3 - 1 / 3) + (2 - 0.5 - 1 / 0.5)) / 2, rel=1e-5)


def test_trainability_turns_pixels_into_channels_where_a_block_is_strided() -> None:
    """Each of four pixels gets a quarter of the gradient: a matrix of four quarters, of norm 1/2"""
    stem = randn(2, 1, 4, 4).requires_grad_()
    pooled = nn.functional.avg_pool2d(stem, 2)
    assert gradient_preservation([stem, pooled], signs) == pytest.approx(-0.5, rel=1e-5)
    with pytest.raises(ValueError, match="maps of 1 x 1 out of 4 x 3"):
        narrow = randn(2, 1, 4, 3).requires_grad_()
        gradient_preservation([narrow, narrow.mean((2, 3), keepdim=True)], signs)


def test_trainability_is_minus_infinity_for_an_identity_or_a_cut() -> None:
    stem = randn(2, 1, 4, 4).requires_grad_()
    for after in (stem, stem + 0, torch.zeros_like(stem), randn(2, 1, 4, 4).requires_grad_()):
        assert gradient_preservation([stem * 2, stem * 2, after], signs) == -math.inf
        assert gradient_preservation([stem, after], signs) == -math.inf
    with pytest.raises(ValueError, match="only one block"):
        gradient_preservation([stem], signs)


def test_expressivity_and_progressivity_take_the_same_look() -> None:
    one, other = AzExpressivity(batch_size=10), AzProgressivity(batch_size=10)
    assert isinstance(one, LookingProxy) and isinstance(other, LookingProxy)
    assert one.look == other.look != AzProgressivity(batch_size=10, input="batch").look
    seen = one.look.take(network(), BATCH, rng=generator())
    assert len(seen) == 6
    assert one.judge(seen) == one.measure(network(), BATCH, rng=generator())
    assert other.judge(seen) == other.measure(network(), BATCH, rng=generator())
    assert one.judge(seen).value == pytest.approx(sum(seen))
    assert other.judge(seen).value == min(np.diff(seen))


def test_noise_images_come_in_the_batch_size_of_the_proxy() -> None:
    sizes = []

    class Counting(Network):
        def forward_blocks(self, images: Tensor) -> list[Tensor]:
            sizes.append(tuple(images.shape))
            features = images.detach().requires_grad_()
            return [features, features * 2]

    for proxy in (AzExpressivity(batch_size=7), AzTrainability(batch_size=7)):
        proxy.measure(Counting(), BATCH, rng=generator())
    AzExpressivity(batch_size=7, input="batch").measure(Counting(), BATCH, rng=generator())
    assert sizes == [(7, 3, 8, 8), (7, 3, 8, 8), (10, 3, 8, 8)]
