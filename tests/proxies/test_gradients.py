"""Proxies of the loss's gradients, synaptic flow and weights: by hand, by brute force, by file."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tests.golden_networks import Case, cases, golden_file
from tests.golden_readings.gradients import READINGS
from zenlab.core import Batch, LookingProxy, Network, NetworkProxy
from zenlab.proxies.fisher import Fisher, fisher
from zenlab.proxies.grad_norm import GradNorm, grad_norm
from zenlab.proxies.grasp import Grasp, grasp
from zenlab.proxies.l2_norm import L2Norm, l2_norm
from zenlab.proxies.loss_gradients import (
    LayerGradient,
    LossGradients,
    channel_fisher,
    loss_gradients,
)
from zenlab.proxies.plain import Plain, plain
from zenlab.proxies.random_control import RandomControl
from zenlab.proxies.snip import Snip, snip
from zenlab.proxies.synflow import Synflow, synflow

SHARERS = (Snip, GradNorm, Plain, Fisher)
USERS_OF_DATA = (*SHARERS, Grasp)
READING_OF = dict(
    zip(USERS_OF_DATA, ("snip", "grad_norm", "plain", "fisher", "grasp"), strict=True)
)
ALL = (*USERS_OF_DATA, Synflow, L2Norm, RandomControl)


class Tiny(Network):
    """Two grouped convolutions, one before batch norm, a layer that nothing uses, a classifier."""

    def __init__(self, *, in_place: bool = False) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.activation = nn.ReLU()
        self.second = nn.Conv2d(4, 6, 3, stride=2, groups=2)
        self.last = nn.ReLU(inplace=in_place)
        self.unused = nn.Linear(3, 3)
        self.classifier = nn.Linear(6, 3)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.last(self.second(self.activation(self.norm(self.first(images)))))

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.forward_features(images).mean((2, 3)))


def tiny(**options: Any) -> Tiny:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return Tiny(**options).double()


def batch(dtype: torch.dtype = torch.float64) -> Batch:
    images = torch.randn(5, 2, 9, 9, generator=torch.Generator().manual_seed(2), dtype=dtype)
    return Batch(images, torch.tensor([0, 1, 2, 0, 1]), synthetic=True)


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def shown(weight: Any, gradient: Any, fisher_of: Any = (0.0,)) -> LayerGradient:
    return LayerGradient(torch.tensor(weight), torch.tensor(gradient), torch.tensor(fisher_of))


LAYERS = [
    shown([[1.0, -2.0], [3.0, 0.0]], [[3.0, 4.0], [0.0, 5.0]], [1.0, 10.0]),
    shown([[2.0]], [[-7.0]], [100.0]),
]


def test_snip_sums_absolute_products() -> None:
    assert snip(LAYERS) == 3 + 8 + 14


def test_plain_sums_signed_products() -> None:
    assert plain(LAYERS) == 3 - 8 - 14


def test_grad_norm_is_a_sum_of_norms_not_the_norm_of_all() -> None:
    assert grad_norm(LAYERS) == pytest.approx(math.sqrt(50) + 7)


def test_fisher_counts_a_channel_once_for_each_weight_that_feeds_it() -> None:
    assert fisher(LAYERS) == 2 * (1 + 10) + 100


def test_channel_fisher_squares_the_sum_over_positions_of_each_image() -> None:
    activation = torch.tensor([[[[1.0, 2.0]], [[0.0, 1.0]]], [[[3.0, 0.0]], [[1.0, 1.0]]]])
    gradient = torch.tensor([[[[1.0, -1.0]], [[9.0, 2.0]]], [[[1.0, 5.0]], [[1.0, 2.0]]]])
    found = channel_fisher(activation, gradient, 1)
    assert found.tolist() == [((1 - 2) ** 2 + 3**2) / 2 / 2, (2**2 + 3**2) / 2 / 2]


def test_channel_fisher_of_a_linear_layer_sums_over_what_lies_between() -> None:
    activation, gradient = torch.rand(2, 4, 7, 3), torch.rand(2, 4, 7, 3)
    expected = channel_fisher(activation.movedim(-1, 1), gradient.movedim(-1, 1), 1)
    torch.testing.assert_close(channel_fisher(activation, gradient, -1), expected)
    flat = channel_fisher(activation[:, 0, 0], gradient[:, 0, 0], -1)
    torch.testing.assert_close(flat, (activation[:, 0, 0] * gradient[:, 0, 0]).square().mean(0) / 2)


def test_the_look_sees_the_gradients_of_backward() -> None:
    network = tiny()
    cross_entropy(network(batch().images), batch().labels).backward()
    used = [network.first, network.second, network.classifier]
    layers = loss_gradients(tiny(), batch())
    assert len(layers) == 4
    for layer, module in zip([layers[0], layers[1], layers[3]], used, strict=True):
        torch.testing.assert_close(layer.weight, module.weight.detach())
        torch.testing.assert_close(layer.gradient, module.weight.grad)


def test_a_layer_that_the_loss_does_not_use_counts_nothing() -> None:
    unused = loss_gradients(tiny(), batch())[2]
    assert not unused.gradient.any() and not unused.channel_fisher.any()


@pytest.mark.parametrize("in_place", [False, True])
def test_the_look_sees_fisher_of_the_layers_own_outputs(in_place: bool) -> None:
    network, kept = tiny(), []
    for module in (network.first, network.second, network.classifier):
        module.register_forward_hook(lambda _, __, output: kept.append(output))
    loss = cross_entropy(network(batch().images), batch().labels)
    gradients = torch.autograd.grad(loss, kept)
    layers = loss_gradients(tiny(in_place=in_place), batch())
    for layer, a, g in zip([layers[0], layers[1], layers[3]], kept, gradients, strict=True):
        for channel in range(a.shape[1]):
            sums = [(a[image, channel] * g[image, channel]).sum().item() for image in range(5)]
            expected = sum(s**2 for s in sums) / 5 / 2
            assert layer.channel_fisher[channel].item() == pytest.approx(expected, rel=1e-9)


def test_a_layer_before_batch_norm_adds_next_to_nothing_to_plain() -> None:
    layers = loss_gradients(tiny(), batch())
    assert abs(plain(layers[:1])) < 1e-5 * snip(layers[:1])  # not 0, for batch norm's eps
    assert abs(plain(layers[1:])) > 0.01 * snip(layers[1:])


def test_the_look_leaves_no_hooks_even_after_an_error() -> None:
    network = tiny()
    with pytest.raises(RuntimeError):
        loss_gradients(network, Batch(torch.zeros(5, 7, 9, 9), batch().labels, synthetic=True))
    loss_gradients(network, batch())
    assert not any(module._forward_hooks for module in network.modules())


def test_grasp_is_the_hessian_between_weight_and_gradient() -> None:
    network = nn.Sequential(nn.Linear(3, 4, bias=False), nn.Tanh(), nn.Linear(4, 2)).double()
    images = torch.randn(6, 3, generator=rng(), dtype=torch.float64)
    labels = torch.tensor([0, 1, 0, 1, 1, 0])
    first, second = network[0].weight.detach(), network[2].weight.detach()

    def loss(flat: Tensor) -> Tensor:
        hidden = (images @ flat[:12].view(4, 3).T).tanh()
        return cross_entropy(hidden @ flat[12:].view(2, 4).T + network[2].bias.detach(), labels)

    weights = torch.cat([first.flatten(), second.flatten()])
    hessian = torch.autograd.functional.hessian(loss, weights)
    gradient = torch.autograd.functional.jacobian(loss, weights)
    expected = -(weights @ hessian @ gradient).item()
    assert grasp(network, Batch(images, labels, synthetic=True)) == pytest.approx(expected)


def test_synflow_of_one_path_is_its_product_once_for_each_layer() -> None:
    network = nn.Sequential(
        nn.Linear(1, 1, bias=False), nn.BatchNorm1d(1), nn.ReLU(), nn.Linear(1, 1, bias=False)
    ).double()
    network[0].weight.data.fill_(-2)
    network[3].weight.data.fill_(3)
    assert synflow(network, torch.ones(1, 1).double()) == 6 + 6


def test_synflow_feels_the_size_of_a_bias_on_the_way() -> None:
    network = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1)).double()
    for parameter, value in zip(network.parameters(), (-2.0, -5.0, 3.0, 7.0), strict=True):
        parameter.data.fill_(value)
    # R = 3 (2 + 5) + 7: dR/dw1 = 3, dR/dw2 = 7; the last bias is in R only.
    assert synflow(network, torch.ones(1, 1).double()) == 2 * 3 + 3 * 7


def test_synflow_skips_a_batch_norm_under_both_of_its_names() -> None:
    norm = nn.BatchNorm1d(1)
    network = nn.Sequential(nn.Linear(1, 1, bias=False), norm, norm).double()
    network[0].weight.data.fill_(-2)
    assert synflow(network, torch.ones(1, 1).double()) == 2


def test_synflow_is_a_logarithm_and_minus_infinity_where_nothing_flows() -> None:
    network = tiny()
    value = Synflow(initialisation="keep").measure(network, batch(torch.float32), rng=rng()).value
    ones = torch.ones(1, 2, 9, 9, dtype=torch.float64)
    assert value == pytest.approx(math.log(synflow(tiny(), ones)))
    cut = tiny()
    nn.init.zeros_(cut.classifier.weight)
    nn.init.zeros_(cut.second.weight)
    nn.init.zeros_(cut.second.bias)
    assert Synflow(initialisation="keep").measure(cut, batch(), rng=rng()).value == -math.inf


def test_synflow_says_that_it_overflowed() -> None:
    network = tiny()
    nn.init.constant_(network.first.weight, 1e300)
    nn.init.constant_(network.second.weight, 1e300)
    with pytest.raises(ArithmeticError, match="overflowed float64"):
        Synflow(initialisation="keep").measure(network, batch(), rng=rng())


def test_l2_norm_sums_the_norms_of_weights_without_biases() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, (1, 2)), nn.BatchNorm2d(1), nn.Linear(1, 1))
    network[0].weight.data.copy_(torch.tensor([[[[3.0, 4.0]]]]))
    network[2].weight.data.fill_(-2)
    assert l2_norm(network) == 5 + 2


def test_random_control_is_uniform_and_ignores_the_network() -> None:
    generator = rng()
    measure = RandomControl().measure
    values = [measure(tiny(), batch(), rng=generator).value for _ in range(300)]
    assert 0 <= min(values) < 0.05 and 0.95 < max(values) < 1
    assert sum(values) / 300 == pytest.approx(0.5, abs=0.06)
    assert measure(Network(), batch(), rng=rng()).value == values[0]


def test_four_proxies_share_one_look() -> None:
    looks = [proxy().look for proxy in SHARERS]
    assert looks == [LossGradients("default", "float32")] * 4
    assert Snip(dtype="float64").look != Fisher().look != Fisher(initialisation="keep").look
    assert all(isinstance(proxy(), LookingProxy) for proxy in SHARERS)


@pytest.mark.parametrize("proxy", SHARERS)
def test_measuring_is_judging_what_the_look_takes(proxy: Any) -> None:
    made = proxy()
    seen = made.look.take(tiny().float(), batch(torch.float32), rng=rng())
    assert made.measure(tiny().float(), batch(torch.float32), rng=rng()) == made.judge(seen)


@pytest.mark.parametrize("proxy", ALL)
def test_a_score_comes_from_its_generator_alone_and_leaves_the_batch(proxy: Any) -> None:
    made, looked_at, before = proxy(), batch(torch.float32), torch.get_rng_state()
    assert isinstance(made, NetworkProxy)
    kept = looked_at.images.clone()
    values = []
    for seed in (5, 6):
        torch.manual_seed(seed)
        state = torch.get_rng_state()
        values.append(made.measure(tiny().float(), looked_at, rng=rng()).value)
        assert torch.equal(torch.get_rng_state(), state)
    torch.set_rng_state(before)
    assert values[0] == values[1] and math.isfinite(values[0])
    assert torch.equal(looked_at.images, kept)


@pytest.mark.parametrize("proxy", USERS_OF_DATA)
def test_both_types_see_the_same_network(proxy: Any) -> None:
    single, double = (
        proxy(dtype=dtype).measure(tiny().float(), batch(torch.float32), rng=rng()).value
        for dtype in ("float32", "float64")
    )
    assert single != double
    assert single == pytest.approx(double, rel=1e-3)


@pytest.mark.parametrize("proxy", USERS_OF_DATA)
def test_proxies_of_the_loss_need_labels(proxy: Any) -> None:
    assert proxy.needs_labels is True


@pytest.mark.parametrize("proxy", USERS_OF_DATA)
def test_numbers_that_overflow_are_an_error(proxy: Any) -> None:
    network = tiny().float()
    nn.init.constant_(network.classifier.weight, 3e38)
    nn.init.constant_(network.second.weight, 3e38)
    with pytest.raises(ArithmeticError, match=r"overflowed; try proxy\.dtype=float64"):
        proxy(initialisation="keep").measure(network, batch(torch.float32), rng=rng())


@pytest.mark.parametrize("proxy", ALL[:-1])
def test_a_network_without_weighted_layers_is_refused(proxy: Any) -> None:
    with pytest.raises(ValueError, match="no convolution or linear layer"):
        proxy().measure(Network(), batch(), rng=rng())


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("batch_size", 0),
        ("initialisation", "zeros"),
        ("dtype", "float16"),
        ("share_equivalent", "maybe"),
        ("seed", -1),
    ],
)
@pytest.mark.parametrize("proxy", ALL)
def test_a_parameter_out_of_range_is_named(proxy: Any, parameter: str, value: Any) -> None:
    if parameter in proxy.__dataclass_fields__:
        with pytest.raises(ValueError, match=rf"proxy\.{parameter} is .*{value}.*wanted"):
            proxy(**{parameter: value})


@pytest.mark.parametrize("name", READINGS)
@pytest.mark.parametrize(
    "case",
    cases(torch.float32, 8) + cases(torch.float64, 8),
    ids=lambda case: f"{case.entry['name']}-{str(case.dtype)[6:]}",
)
def test_readings_meet_the_golden_file(case: Case, name: str) -> None:
    double = case.dtype == torch.float64
    if name not in case.entry["values_float64" if double else "values"]:
        pytest.skip("measured in one type only")
    assert READINGS[name](case) == pytest.approx(
        case.value(name), rel=relative(name, double), abs=absolute(name, case, double)
    )


@pytest.mark.parametrize("proxy", USERS_OF_DATA)
def test_measuring_a_kept_network_meets_the_golden_file(proxy: Any) -> None:
    case, name = cases(torch.float64, 8)[-1], READING_OF[proxy]
    single = Case(case.entry, torch.float32)
    made = proxy(initialisation="keep", dtype="float64", batch_size=16)
    value = made.measure(single.network(), single.batch(), rng=rng()).value
    assert value == pytest.approx(case.value(name), rel=1e-6)


def relative(name: str, double: bool) -> float:
    entry = golden_file()["proxies"][name]
    return entry["tolerance_relative_float64" if double else "tolerance_relative"]


def absolute(name: str, case: Case, double: bool) -> float:
    """Plain is a sum of numbers that cancel, so it is judged by the size of what it sums."""
    if name == "plain":
        return (relative(name, double) if double else 1e-3) * case.value("snip")
    return 0.0 if double else golden_file()["proxies"][name]["tolerance_absolute"]
