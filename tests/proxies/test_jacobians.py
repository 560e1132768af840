"""Proxies that judge Jacobians and gradients of single images or batches."""

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from scipy import linalg
from torch import Tensor, nn

from tests.golden_networks import Case, cases, golden_file
from tests.golden_readings.jacobians import READINGS
from zenlab.core import Batch, Network
from zenlab.proxies.epe_nas import EpeNas, epe_nas
from zenlab.proxies.input_jacobian import SeenJacobian, correlations, input_jacobian
from zenlab.proxies.jacob_cov import JacobCov, jacob_cov
from zenlab.proxies.ntk import Ntk, condition_number, tangent_kernel
from zenlab.proxies.vkdnw import (
    Vkdnw,
    fisher_matrix,
    multinomial_factor,
    parameter_jacobian,
    parameter_tensors,
    spectral_entropy,
)
from zenlab.proxies.zico import Zico, layer_steadiness, split, steadiness, zico
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=4, N=1, image_size=8)
CELL = SPACE.parse(
    "|nor_conv_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|nor_conv_3x3~2|"
)
PROXIES = [
    JacobCov(batch_size=8),
    EpeNas(batch_size=8),
    Ntk(batch_size=8, repeats=2),
    Zico(batch_size=8),
    Vkdnw(batch_size=8),
]
DEAD = {"all_none_dead", "dead_output"}
GOLDEN = [
    pytest.param(case, name, id=f"{name}-{case.entry['name']}-{case.dtype}")
    for dtype, values in ((torch.float32, "values"), (torch.float64, "values_float64"))
    for case in cases(dtype, 8)
    for name in READINGS
    if name in case.entry[values]
]


@pytest.mark.parametrize(("case", "name"), GOLDEN)
def test_a_reading_agrees_with_the_published_program(case: Case, name: str) -> None:
    found, wanted = READINGS[name](case), case.value(name)
    if case.entry["name"] in DEAD and name == "ntk_cond":
        assert found == math.inf
    elif case.entry["name"] in DEAD and name == "vkdnw_entropy":
        assert found == 0  # the program's ln 9 for one of them is rounding in its float32 SVD
    else:
        assert found == pytest.approx(wanted, nan_ok=True, **tolerance(name, case.dtype))


def tolerance(name: str, dtype: torch.dtype) -> dict[str, float]:
    stated = golden_file()["proxies"][name]
    relative = stated["tolerance_relative"]
    if dtype == torch.float64:
        return {"rel": stated.get("tolerance_relative_float64", relative), "abs": 0}
    return {"rel": relative, "abs": stated["tolerance_absolute"]}


# What holds for all of them.


def batch_of(images: int, *, synthetic: bool = False) -> Batch:
    rng = torch.Generator().manual_seed(1)
    drawn = torch.randn(images, 3, 8, 8, generator=rng)
    return Batch(drawn, torch.arange(images) % 3, synthetic)


def measured(proxy: Any, batch: Batch, seed: int = 0) -> float:
    estimate = proxy.measure(SPACE.build(CELL), batch, rng=torch.Generator().manual_seed(seed))
    return estimate.value


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: type(proxy).__name__)
def test_a_score_is_decided_by_generator_and_batch_alone(proxy: Any) -> None:
    batch = batch_of(8)
    images, labels = batch.images.clone(), batch.labels.clone()
    torch.manual_seed(1)
    first = measured(proxy, batch)
    torch.manual_seed(2)
    state = torch.get_rng_state()
    network = SPACE.build(CELL)
    built = torch.get_rng_state()
    again = proxy.measure(network, batch, rng=torch.Generator().manual_seed(0)).value
    assert torch.equal(torch.get_rng_state(), built) and not torch.equal(built, state)
    assert math.isfinite(first) and again == first != measured(proxy, batch, seed=1)
    assert torch.equal(batch.images, images) and torch.equal(batch.labels, labels)
    assert batch.images.dtype == torch.float32 and not batch.images.requires_grad
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("proxy", PROXIES, ids=lambda proxy: type(proxy).__name__)
def test_gradients_that_overflow_are_an_error_and_no_number(proxy: Any) -> None:
    class Huge(Network):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(1, 3)

        def forward(self, images: Tensor) -> Tensor:
            return self.linear(images.square().square().sum((1, 2, 3))[:, None])

    huge = replace(batch_of(8), images=torch.full((8, 3, 8, 8), 1e30))
    fields = {"initialisation": "keep"} if not isinstance(proxy, Ntk) else {}
    if hasattr(proxy, "dtype"):
        fields["dtype"] = "float32"
    with pytest.raises(ArithmeticError, match=r"overflowed (torch\.)?float32"):
        replace(proxy, **fields).measure(Huge(), huge, rng=torch.Generator())


@pytest.mark.parametrize(
    ("proxy", "parameters", "message"),
    [
        (JacobCov, {"batch_size": 1}, "proxy.batch_size is 1; wanted at least 2"),
        (EpeNas, {"batch_size": 1}, "proxy.batch_size is 1; wanted at least 2"),
        (Ntk, {"batch_size": 1}, "proxy.batch_size is 1; wanted at least 2"),
        (Ntk, {"repeats": 0}, "proxy.repeats is 0; wanted at least 1"),
        (Ntk, {"repeats": 2, "initialisation": "keep"}, "all repeats would be alike"),
        (Zico, {"batches": 1}, "proxy.batches is 1; wanted at least 2"),
        (Zico, {"batches": 3}, "proxy.batch_size is 128.*wanted a multiple of 3, of at least 6"),
        (Zico, {"batch_size": 2}, "proxy.batch_size is 2.*wanted a multiple of 2, of at least 4"),
        (Vkdnw, {"tensors": 0}, "proxy.tensors is 0; wanted at least 1"),
        (Vkdnw, {"elements": "all"}, "proxy.elements is 'all'; wanted one of first"),
        (Vkdnw, {"matrix": "hessian"}, "proxy.matrix is 'hessian'; wanted one of authors, fisher"),
        *(
            (proxy, {name: value}, f"proxy.{name} is {value!r}; wanted ")
            for proxy in (JacobCov, EpeNas, Ntk, Zico, Vkdnw)
            for name, value in (
                ("batch_size", 0.5),
                ("initialisation", "xavier"),
                ("share_equivalent", "yes"),
                ("seed", -1),
            )
        ),
        *(
            (proxy, {"dtype": "float16"}, "'float16'; wanted one of float32, float64")
            for proxy in (JacobCov, EpeNas, Zico, Vkdnw)
        ),
    ],
)
def test_bad_parameters_are_refused(
    proxy: Any, parameters: dict[str, object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        proxy(**parameters)


# The gradient at the images.


def test_the_input_jacobian_of_a_linear_network_is_its_weights() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(12, 2))
    jacobian, classes = input_jacobian(network, torch.randn(3, 3, 2, 2))
    assert classes == 2
    assert torch.allclose(jacobian, network[1].weight.sum(0).expand(3, 12))


def test_a_network_that_does_not_look_at_its_images_has_a_jacobian_of_zeros() -> None:
    class Blind(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return torch.ones(len(images), 4)

    jacobian, classes = input_jacobian(Blind(), torch.randn(2, 3, 1, 1))
    assert classes == 4 and torch.equal(jacobian, torch.zeros(2, 3))


def test_correlations_are_those_of_numpy() -> None:
    rows = torch.randn(4, 9)
    assert np.allclose(correlations(rows), np.corrcoef(rows.double()))
    assert correlations(torch.tensor([[1.0, 1.0], [1.0, 2.0]]))[0].isnan().all()


def test_equal_initialisations_and_types_share_a_look() -> None:
    assert JacobCov(seed=0).look == EpeNas(seed=1).look
    assert JacobCov().look != JacobCov(dtype="float64").look
    assert JacobCov().look != JacobCov(initialisation="gaussian").look


def test_jacob_cov_of_rows_with_a_known_correlation() -> None:
    """Two rows that correlate by r have the eigenvalues 1 - r and 1 + r."""
    rows = torch.tensor([[1.0, 0.0, -1.0], [1.0, -1.0, 0.0]], dtype=torch.float64)
    wanted = -sum(math.log(v + 1e-5) + 1 / (v + 1e-5) for v in (0.5, 1.5))
    assert jacob_cov(rows) == pytest.approx(wanted, rel=1e-12)


def test_rows_that_do_not_correlate_have_the_best_jacob_cov() -> None:
    hadamard = torch.from_numpy(linalg.hadamard(8)[1:].astype(float))
    assert jacob_cov(hadamard) == pytest.approx(-7, abs=1e-4)
    assert jacob_cov(hadamard[[0, 1, 2, 3, 4, 5, 5]]) < -1e4


def test_epe_nas_sums_the_logarithms_of_correlations_within_classes() -> None:
    rows = torch.tensor([[1.0, 0, -1], [1, -1, 0], [3, 1, 2]], dtype=torch.float64)
    labels = torch.tensor([2, 2, 0])
    alone, pair = math.log(1 + 1e-5), 2 * math.log(1 + 1e-5) + 2 * math.log(0.5 + 1e-5)
    assert epe_nas(rows, labels, 100) == pytest.approx(abs(alone) + abs(pair), rel=1e-9)
    assert epe_nas(rows, labels, 101) == pytest.approx(2 * abs(alone - pair / 2) / 101, rel=1e-9)


@pytest.mark.parametrize("proxy", [JacobCov(), EpeNas()])
def test_a_constant_gradient_scores_minus_infinity(proxy: JacobCov | EpeNas) -> None:
    rows = torch.tensor([[1.0, 0.0, -1.0], [0.0, 0.0, 0.0]])
    seen = SeenJacobian(rows, torch.tensor([0, 0]), 10, synthetic=False)
    assert proxy.judge(seen).value == -math.inf


def test_epe_nas_warns_once_of_labels_that_are_made_up() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for seed in range(3):
            measured(EpeNas(batch_size=8), batch_of(8, synthetic=True), seed)
        measured(EpeNas(batch_size=8), batch_of(8))
        measured(JacobCov(batch_size=8), batch_of(8, synthetic=True))
    assert len(caught) == 1
    assert "labels of this dataset are synthetic" in str(caught[0].message)


# The tangent kernel.


class Tiny(Network):
    """A convolution, batch norm, ReLU and a classifier: all that the proxies differentiate."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(2, 4, 3, stride=2, padding=1, groups=2)
        self.norm = nn.BatchNorm2d(4)
        self.classifier = nn.Linear(4, 3)

    def forward_features(self, images: Tensor) -> Tensor:
        return self.norm(self.convolution(images)).relu()

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.forward_features(images).mean((2, 3)))


@pytest.fixture
def tiny() -> Tiny:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = Tiny().double()
        network.norm.weight.data.normal_()
        network.norm.running_mean.normal_()
        network.norm.running_var.uniform_(1, 2)
    return network


IMAGES = torch.randn(5, 2, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_the_tangent_kernel_multiplies_gradients_of_weights_in_one_batch(tiny: Tiny) -> None:
    rows = []
    for image in range(5):
        tiny.zero_grad()
        tiny(IMAGES)[image].sum().backward()
        weights = (tiny.convolution.weight, tiny.norm.weight, tiny.classifier.weight)
        rows.append(torch.cat([weight.grad.flatten() for weight in weights]))
    wanted = torch.stack(rows) @ torch.stack(rows).T
    assert torch.allclose(tangent_kernel(tiny, IMAGES), wanted, rtol=1e-12)


def test_the_condition_number_is_that_of_numpy_or_infinite() -> None:
    root = np.random.default_rng(0).standard_normal((4, 6))
    matrix = root @ root.T
    found = condition_number(torch.from_numpy(matrix))
    assert found == pytest.approx(np.linalg.cond(matrix), rel=1e-9)
    assert condition_number(torch.zeros(2, 2)) == math.inf
    assert condition_number(torch.diag(torch.tensor([1.0, -1e-9]))) == math.inf


def test_repeats_of_ntk_are_averaged_and_have_a_standard_error() -> None:
    def estimate(repeats: int, rng: torch.Generator) -> Any:
        proxy = Ntk(batch_size=8, repeats=repeats)
        return proxy.measure(SPACE.build(CELL), batch_of(8), rng=rng)

    rng = torch.Generator().manual_seed(3)
    draws = [estimate(1, rng).value for _ in range(3)]
    three = estimate(3, torch.Generator().manual_seed(3))
    assert three.value == pytest.approx(np.mean(draws), rel=1e-5)
    assert three.stderr == pytest.approx(np.std(draws, ddof=1) / math.sqrt(3), rel=1e-4)
    assert estimate(1, rng).stderr is None


def test_a_kernel_without_full_rank_scores_minus_infinity() -> None:
    twins = replace(batch_of(2), images=torch.zeros(2, 3, 8, 8))
    assert measured(Ntk(batch_size=2, repeats=2), twins) == -math.inf


def test_a_network_without_weights_has_no_tangent_kernel() -> None:
    with pytest.raises(ValueError, match="differentiates weights; this network has none"):
        tangent_kernel(nn.Flatten(), torch.zeros(2, 3))


# ZiCo.


def test_steadiness_is_the_mean_size_over_the_deviation_of_weights_that_vary() -> None:
    gradients = torch.tensor([[1.0, 2.0, 0.0], [3.0, 2.0, 0.0]])
    assert steadiness(gradients).item() == 2 / 1
    assert steadiness(torch.zeros(2, 3)).item() == 0
    three = torch.tensor([[1.0], [-2.0], [4.0]])
    assert steadiness(three).item() == pytest.approx((7 / 3) / np.std([1, -2, 4]))


def test_zico_sums_logarithms_over_layers_with_a_gradient() -> None:
    assert zico(torch.tensor([2.0, 0.0, 4.0])) == pytest.approx(math.log(8))
    assert zico(torch.zeros(2)) == 0


def test_the_gradients_of_zico_are_those_of_each_batch_alone(tiny: Tiny) -> None:
    labels = torch.tensor([0, 1, 2, 0, 1])
    batches = [Batch(images, labels, False) for images in (IMAGES, IMAGES.flip(2), -IMAGES)]
    layers = {"convolution": [], "classifier": []}
    for batch in batches:
        tiny.zero_grad()
        F.cross_entropy(tiny(batch.images), batch.labels).backward()
        for name, gradients in layers.items():
            gradients.append(getattr(tiny, name).weight.grad.clone())
    wanted = torch.stack([steadiness(torch.stack(gradients)) for gradients in layers.values()])
    assert torch.allclose(layer_steadiness(tiny, batches), wanted, rtol=1e-9)


def test_a_batch_is_split_in_order() -> None:
    batch = batch_of(6)
    parts = split(batch, 3)
    assert [len(part.images) for part in parts] == [2, 2, 2]
    assert torch.equal(torch.cat([part.images for part in parts]), batch.images)
    assert torch.equal(torch.cat([part.labels for part in parts]), batch.labels)
    with pytest.raises(ValueError, match=r"proxy.batch_size is 6.*a multiple of 4"):
        split(batch, 4)


def test_a_loss_that_does_not_vary_scores_minus_infinity() -> None:
    batch = batch_of(4)
    twice = Batch(batch.images.repeat(2, 1, 1, 1), batch.labels.repeat(2), False)
    assert measured(Zico(batch_size=8), twice) == -math.inf


# VKDNW.


@pytest.mark.parametrize("tensors", [1, 4, 128])
def test_the_parameter_jacobian_is_that_of_each_image_alone(tiny: Tiny, tensors: int) -> None:
    logits, jacobian = parameter_jacobian(tiny, IMAGES, tensors)
    assert not tiny.training and torch.equal(logits, tiny(IMAGES))
    assert torch.allclose(jacobian, plain_jacobian(tiny, IMAGES, tensors), rtol=1e-9)


def plain_jacobian(network: nn.Module, images: Tensor, tensors: int) -> Tensor:
    weights = list(network.requires_grad_().parameters())[:tensors]

    def derivatives(logit: Tensor) -> Tensor:
        gradients = torch.autograd.grad(logit, weights, retain_graph=True)
        return torch.stack([gradient.flatten()[0] for gradient in gradients])

    logits = [network(image[None])[0] for image in images]
    return torch.stack([torch.stack([derivatives(logit) for logit in row]) for row in logits])


def test_layers_that_are_called_twice_or_on_sequences_are_differentiated_too() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(6, 6)
            self.padded = nn.Conv2d(2, 2, 3, padding="same", padding_mode="reflect", dilation=2)
            self.last = nn.Linear(6, 3)
            self.last.weight.data = self.layer.weight.data[:3]

        def forward(self, images: Tensor) -> Tensor:
            rows = self.padded(images).flatten(1, 2)  # (n, 12, 6)
            return self.last(self.layer(self.layer(rows).tanh()).mean(1))

    network = Shared().double()
    _, jacobian = parameter_jacobian(network, IMAGES, 128)
    assert torch.allclose(jacobian, plain_jacobian(network, IMAGES, 128), rtol=1e-9, atol=1e-12)


def test_the_factor_is_the_cholesky_factor_of_the_multinomial_covariance() -> None:
    probabilities = torch.tensor([[0.2, 0.5, 0.3], [0.9, 0.05, 0.05]], dtype=torch.float64)
    factor = multinomial_factor(probabilities)
    covariance = probabilities.diag_embed() - probabilities[:, :, None] * probabilities[:, None]
    assert torch.allclose(factor @ factor.mT, covariance, atol=1e-15)
    assert torch.equal(factor, factor.tril())
    lifted = covariance + 1e-14 * torch.eye(3, dtype=torch.float64)
    assert torch.allclose(factor, torch.linalg.cholesky(lifted), atol=1e-6)


def test_the_fisher_matrix_is_the_covariance_of_the_score_under_smoothed_probabilities() -> None:
    """The gradient of ln p(y) by parameters is J^T (e_y - p); its second moment is Fisher's."""
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, generator=rng)
    jacobian = torch.randn(2, 3, 4, generator=rng)
    wanted = torch.zeros(4, 4, dtype=torch.float64)
    for image in range(2):
        p = logits[image].double().softmax(0) * 0.95 + 0.05 / 3
        for y in range(3):
            gradient = jacobian[image].double().T @ (torch.eye(3)[y] - p)
            wanted += p[y] * torch.outer(gradient, gradient) / 2
    assert torch.allclose(fisher_matrix(logits, jacobian, "fisher"), wanted)
    assert not torch.allclose(fisher_matrix(logits, jacobian, "authors"), wanted)


def test_the_matrix_of_the_authors_has_its_factor_the_other_way_round() -> None:
    logits, jacobian = torch.zeros(1, 2), torch.eye(2)[None]
    # diag p - p p^T = [[1, -1], [-1, 1]] / 4, so L = [[1, 0], [-1, 0]] / 2
    fisher = torch.tensor([[0.25, -0.25], [-0.25, 0.25]], dtype=torch.float64)
    authors = torch.tensor([[0.5, 0.0], [0.0, 0.0]], dtype=torch.float64)
    assert torch.allclose(fisher_matrix(logits, jacobian, "fisher"), fisher)
    assert torch.allclose(fisher_matrix(logits, jacobian, "authors"), authors)


def test_the_entropy_is_that_of_nine_deciles() -> None:
    assert spectral_entropy(torch.eye(5)) == pytest.approx(math.log(9), rel=1e-5)
    assert spectral_entropy(torch.zeros(3, 3)) == 0
    values = np.array([7.0, 1.0, 0.5, 0.1])
    deciles = np.quantile(values, np.arange(1, 10) / 10)
    shares = deciles / deciles.sum()
    found = spectral_entropy(torch.diag(torch.from_numpy(values)))
    assert found == pytest.approx(-(shares * np.log(shares)).sum(), rel=1e-8)


def test_vkdnw_is_the_number_of_parameter_tensors_and_an_entropy() -> None:
    proxy = Vkdnw(batch_size=8)
    rng = torch.Generator().manual_seed(0)
    estimate = proxy.measure(SPACE.build(CELL), batch_of(8), rng=rng)
    assert estimate.terms["dimension"] == parameter_tensors(SPACE.build(CELL))
    assert estimate.value == estimate.terms["dimension"] + estimate.terms["entropy"]
    assert 0 < estimate.terms["entropy"] <= math.log(9)
    assert measured(Vkdnw(batch_size=8, matrix="fisher"), batch_of(8)) != estimate.value


def test_vkdnw_refuses_layers_that_it_can_not_differentiate() -> None:
    images = torch.zeros(2, 4, 2, 2)
    with pytest.raises(ValueError, match="has a PReLU with parameters"):
        parameter_jacobian(nn.Sequential(nn.Conv2d(4, 4, 1), nn.PReLU()), images, 128)
    with pytest.raises(ValueError, match="needs batch norms with running statistics"):
        parameter_jacobian(nn.BatchNorm2d(4, track_running_stats=False), images, 128)
