"""Scores of a network of one's own: found without a space, and nothing of it is changed."""

import copy
import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

import zenlab
from zenlab import score
from zenlab.core import Batch, Genotype, Network
from zenlab.datasets.dataset import Dataset
from zenlab.proxies import fisher, grad_norm, loss_gradients, naswot, plain, snip, zen
from zenlab.scoring.measure import Measurement
from zenlab.spaces.nb201 import NB201

SHAPE = (3, 8, 8)
LOOKING = ("snip", "plain", "grad_norm", "fisher")


class Small(nn.Module):
    """Two convolutions, with ReLU behind both, a pooling of one's choice and a classifier."""

    def __init__(self, pool: Callable[[Tensor], Tensor], *, norm: bool = True) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 3, padding=1, stride=2)
        self.norm = nn.BatchNorm2d(6) if norm else nn.Identity()
        self.relu = nn.ReLU()
        self.second = nn.Conv2d(6, 8, 3, padding=1)
        self.pool = pool
        self.classifier = nn.Linear(8, 5)

    def maps(self, images: Tensor) -> Tensor:
        return F.relu(self.second(self.relu(self.norm(self.first(images)))))

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.pool(self.maps(images)).flatten(1))


class Excited(Small):
    """Features that a pooling inside of the network rescales."""

    def __init__(self, pool: Callable[[Tensor], Tensor]) -> None:
        super().__init__(pool)
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.Sigmoid())

    def maps(self, images: Tensor) -> Tensor:
        maps = super().maps(images)
        return self.squeeze(maps) * maps


class Flat(nn.Module):
    """A perceptron: no maps but the images, normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.hidden = nn.Linear(3 * 8 * 8, 16)
        self.relu = nn.ReLU()
        self.classifier = nn.Linear(16, 5)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.relu(self.hidden(self.norm(images).flatten(1))))


Excited.__name__ = "Small"  # a score's randomness follows from the name

POOLS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "adaptive module": nn.AdaptiveAvgPool2d(1),
    "module": nn.AvgPool2d(4),
    "adaptive max module": nn.AdaptiveMaxPool2d(1),
    "function": lambda maps: F.adaptive_avg_pool2d(maps, 1),
    "mean": lambda maps: maps.mean((2, 3)),
    "mean of torch": lambda maps: torch.mean(maps, dim=(-2, -1), keepdim=True),
    "maximum": lambda maps: maps.amax((2, 3)),
}


def small(pool: str = "mean", kind: type[Small] = Small, **settings: bool) -> Small:
    torch.manual_seed(7)
    return kind(POOLS[pool], **settings)


@dataclass(frozen=True)
class AsASpace:
    """A space of which only one network is wanted."""

    network: Network

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        return {}

    def build(self, genotype: Genotype) -> Network:
        return self.network


@pytest.fixture
def nb201() -> Network:
    torch.manual_seed(3)
    cell = NB201().parse("1462")
    return NB201(C=4, N=1, image_size=8).build(cell)


@pytest.mark.parametrize("keep", [False, True])
def test_a_network_of_a_space_scores_what_a_measurement_gives(nb201: Network, keep: bool) -> None:
    initialisation: Any = "keep" if keep else "default"
    proxies = {
        "zen": zen.Zen(seed=5),
        "naswot": naswot.Naswot(seed=5, batch_size=16, initialisation=initialisation),
        "snip": snip.Snip(seed=5, initialisation=initialisation),
        "grad_norm": grad_norm.GradNorm(seed=5, initialisation=initialisation),
        "plain": plain.Plain(seed=5, initialisation=initialisation),
        "fisher": fisher.Fisher(seed=5, initialisation=initialisation),
    }
    dataset = Dataset("noise", 3, 8, 10, [0.0] * 3, [1.0] * 3)
    expected = {}
    for name, proxy in proxies.items():
        batch = dataset.batch(proxy.batch_size, seed=5)
        alone = Measurement(AsASpace(nb201), proxy, batch)  # type: ignore[arg-type]
        expected[name] = alone.score(Genotype("NB201Network")).value
    settings: dict[str, dict[str, Any]] = {
        name: {"initialisation": initialisation} for name in proxies if name != "zen"
    }
    settings["naswot"]["batch_size"] = 16
    found = score(nb201, proxies=list(proxies), input_shape=SHAPE, settings=settings, seed=5)
    assert {name: one.value for name, one in found.items()} == expected
    assert {one.genotype for one in found.values()} == {"NB201Network"}


@pytest.mark.parametrize("pool", POOLS)
@pytest.mark.parametrize("kind", [Small, Excited])
def test_features_are_what_enters_the_last_pooling(pool: str, kind: type[Small]) -> None:
    told = type("Small", (kind,), {"forward_features": kind.maps})
    found = score(small(pool, kind), proxies="zen", input_shape=SHAPE)["zen"]
    assert found.value == score(small(pool, told), proxies="zen", input_shape=SHAPE)["zen"].value
    assert math.isfinite(found.value)


def test_maps_that_are_flattened_are_features() -> None:
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(36, 5)
    )
    told = nn.Sequential(*model)
    told.forward_features = model[:3].forward  # type: ignore[assignment]
    found = score(model, proxies="zen", input_shape=SHAPE)
    expected = score(told, proxies="zen", input_shape=SHAPE)
    assert found["zen"].value == pytest.approx(expected["zen"].value, nan_ok=False)


def test_a_network_without_maps_is_told_to_say_its_features() -> None:
    with pytest.raises(ValueError, match=r"Flat; give it a method forward_features\(images\)"):
        score(Flat(), proxies="zen", input_shape=SHAPE)
    found = score(Flat(), proxies=["zen", "naswot"], input_shape=SHAPE)
    assert (found["zen"].error or "").startswith("ValueError: found no feature maps")
    assert math.isfinite(found["naswot"].value)


def test_features_that_are_no_maps_are_refused() -> None:
    model = small()
    model.forward_features = lambda images: model.maps(images).flatten(2)  # type: ignore[assignment]
    with pytest.raises(ValueError, match=r"returns \(64, 8, 16\); wanted feature maps"):
        score(model, proxies="zen", input_shape=SHAPE)


def test_a_broken_assumption_is_raised_alone_and_told_among_others() -> None:
    bare = small(norm=False)
    with pytest.raises(ValueError, match=r"^the Zen-score is meant for networks with batch norm"):
        score(bare, proxies=["zen"], input_shape=SHAPE)
    found = score(bare, proxies=["zen", "snip"], input_shape=SHAPE)
    assert math.isnan(found["zen"].value) and "batch norm" in (found["zen"].error or "")
    assert found["snip"].error is None
    linear = nn.Sequential(nn.Conv2d(3, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(ValueError, match="no ReLU modules"):
        score(linear, proxies="naswot", input_shape=SHAPE)


@pytest.mark.parametrize(
    ("proxy", "message"),
    [
        ("az_expressivity", r"Small doesn't tell its blocks; give it a method forward_blocks"),
        ("linear_regions", r'set settings=\{"linear_regions": \{"network": "full"\}\}'),
    ],
)
def test_what_a_network_does_not_tell_is_said(proxy: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        score(small(), proxies=proxy, input_shape=SHAPE)


def test_blocks_and_a_thin_network_are_taken_from_the_model(nb201: Network) -> None:
    asked = ["az_expressivity", "az_progressivity", "az_trainability", "linear_regions"]
    found = score(nb201, proxies=asked, input_shape=SHAPE)
    assert [one.error for one in found.values()] == [None] * 4


@pytest.mark.parametrize("training", [True, False])
def test_the_model_and_the_global_random_state_stay_as_they_are(training: bool) -> None:
    model = nn.Sequential(small("adaptive module"), nn.Dropout(0.5)).train(training)
    model[0].first.requires_grad_(False)
    before, state = copy.deepcopy(model.state_dict()), torch.get_rng_state()
    score(model, proxies=["zen", "naswot", "snip", "synflow", "vkdnw"], input_shape=SHAPE)
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], now) for name, now in model.state_dict().items())
    assert all(module.training is training for module in model.modules())
    assert [weight.requires_grad for weight in model[0].first.parameters()] == [False, False]
    assert all(weight.grad is None for weight in model.parameters())


def test_values_depend_neither_on_the_global_random_state_nor_on_the_other_proxies() -> None:
    model = nn.Sequential(small(), nn.Dropout(0.5))
    together = score(model, proxies=["naswot", *LOOKING], input_shape=SHAPE)
    for name in LOOKING:
        torch.manual_seed(len(name))
        assert score(model, proxies=name, input_shape=SHAPE)[name].value == together[name].value


def test_another_seed_gives_other_values() -> None:
    one, other = (score(small(), proxies="snip", input_shape=SHAPE, seed=s)["snip"] for s in (0, 1))
    assert one.value != other.value


def test_proxies_of_one_look_pay_for_one_backward_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    true = loss_gradients.loss_gradients

    def count(*arguments: Any) -> Any:
        calls.append(arguments)
        return true(*arguments)

    monkeypatch.setattr(loss_gradients, "loss_gradients", count)
    score(small(), proxies=LOOKING, input_shape=SHAPE)
    assert len(calls) == 1


def test_params_are_those_of_the_model() -> None:
    model = small()
    found = score(model, proxies="params", input_shape=SHAPE)["params"]
    assert found.value == sum(weight.numel() for weight in model.parameters())


def test_kept_weights_are_those_of_the_model() -> None:
    keep = {"l2_norm": {"initialisation": "keep"}}
    model = small()
    found = score(model, proxies="l2_norm", input_shape=SHAPE, settings=keep)["l2_norm"].value
    layers = [model.first.weight, model.second.weight, model.classifier.weight]
    assert found == pytest.approx(sum(weight.norm().item() for weight in layers))


def test_images_need_not_be_square_and_weights_may_be_of_double_precision() -> None:
    found = score(small().double(), proxies=["zen", "snip"], input_shape=(3, 8, 12))
    assert all(math.isfinite(one.value) for one in found.values())


def test_a_batch_is_what_proxies_see() -> None:
    images = torch.randn(6, *SHAPE, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, 1, 2, 3, 4, 0])
    found, other = (
        score(small(), proxies="snip", input_shape=SHAPE, batch=Batch(images, shown, False))
        for shown in (labels, labels.flip(0))
    )
    assert found["snip"].value != other["snip"].value


def test_a_module_that_answers_with_no_tensor_fails_one_proxy_only() -> None:
    class Pair(nn.Module):
        def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
            return maps, maps

    class Odd(Small):
        def maps(self, images: Tensor) -> Tensor:
            return self.pair(super().maps(images))[0]

    model = small("mean", Odd)
    model.pair = Pair()
    found = score(model, proxies=["meco", "snip"], input_shape=SHAPE)
    assert (found["meco"].error or "").startswith("AttributeError") and not found["snip"].error


def test_an_answer_in_training_mode_that_is_no_tensor_is_told() -> None:
    class Auxiliary(Small):
        def forward(self, images: Tensor) -> Any:
            scores = super().forward(images)
            return (scores, scores) if self.training else scores

    with pytest.raises(ValueError, match=r"Auxiliary answers images \(64, 3, 8, 8\) with a tuple"):
        score(small("mean", Auxiliary), proxies="snip", input_shape=SHAPE)


IMAGES, LABELS = torch.zeros(4, *SHAPE), torch.arange(4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": 3}, "model is a int; wanted a torch.nn.Module"),
        ({"proxies": "zem"}, "there is no proxy zem; the options are az_expressivity, az_nas"),
        ({"proxies": []}, "wanted names of proxies"),
        ({"proxies": ["zen", "zen"]}, "each once"),
        ({"proxies": "flops"}, "flops needs an .* space.* so do flops, zen_capped, zen_closed; .*"),
        ({"proxies": "zen_closed"}, "zen_closed needs an architecture of a space"),
        ({"proxies": "te_nas"}, "te_nas ranks many networks; .*: 'ntk', 'linear_regions'"),
        ({"proxies": "suite"}, "suite stands for several proxies; .*: 'zen_closed', 'naswot'"),
        ({"settings": {"snip": {}}}, "settings has snip, which is not among proxies"),
        ({"settings": {"zen": {"gama": 1}}}, "settings has gama for zen; zen has repeats, tol"),
        ({"settings": {"zen": {"gamma": 0}}}, "proxy.gamma is 0; wanted a positive number"),
        ({"input_shape": (3, 8)}, r"input_shape is \(3, 8\); wanted \(channels, height, width\)"),
        ({"input_shape": 8}, "input_shape is 8; wanted"),
        ({"input_shape": (3, 8, 0)}, "the width of input_shape is 0; wanted at least 1"),
        ({"input_shape": (1, 8, 8)}, r"\(1, 8, 8\): .*; its first convolution wants 3 channels"),
        ({"model": nn.ReLU()}, r"ReLU answers images \(1, 3, 8, 8\) with \(1, 3, 8, 8\); wanted"),
        ({"model": nn.Linear(9, 9)}, r"can't read an image of input_shape=\(3, 8, 8\)"),
        ({"num_classes": 6}, "num_classes is 6, but the model has 5 outputs"),
        ({"num_classes": 0}, "num_classes is 0; wanted at least 1"),
        ({"seed": -1}, "seed is -1; wanted at least 0"),
        ({"device": "gpu"}, "device is 'gpu'"),
        ({"batch": Batch(IMAGES[:, :1], LABELS, False)}, r"wanted \(n, 3, 8, 8\)"),
        ({"batch": Batch(IMAGES, LABELS[:3], False)}, r"shape \(3,\) .* wanted \(4,\)"),
        (
            {"proxies": ["zen", "snip"], "batch": Batch(IMAGES, LABELS, True)},
            "proxy snip reads labels, and the batch has none",
        ),
        (
            {"proxies": "snip", "batch": Batch(IMAGES, LABELS + 2, False)},
            "batch.labels go from 2 to 5; the model has 5 outputs, so wanted 0 to 4",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, Any], message: str) -> None:
    usual: dict[str, Any] = {"model": small(), "proxies": "zen", "input_shape": SHAPE}
    given = usual | arguments
    with pytest.raises(ValueError, match=message):
        score(given.pop("model"), **given)


def test_importing_zenlab_does_not_import_pytorch() -> None:
    code = "import sys, zenlab, zenlab.__main__; print('torch' in sys.modules, zenlab.__all__)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False ['score']\n"
    with pytest.raises(AttributeError, match="has no attribute 'scores'"):
        _ = zenlab.scores
