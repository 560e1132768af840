"""Batches that run together through a thin network make the patterns of batches that run alone."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.golden_networks import cases, golden_file
from zenlab.core import Space
from zenlab.proxies.initialisation import initialise
from zenlab.proxies.linear_regions import count_regions, count_regions_of_thin, draw_crops
from zenlab.proxies.recording import watch
from zenlab.proxies.thin_pass import count_regions_together, runs_together
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201_supernet import NB201Supernet


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def randn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(3))


@pytest.mark.parametrize("space", [NB201(C=1, N=1), NB201Supernet(C=1, N=1)], ids=type)
def test_counts_are_those_of_batches_that_run_alone(space: Space) -> None:
    rng = np.random.default_rng(0)
    images, counts = randn(16, 3, 32, 32), set()
    for seed in range(12):
        thin = space.build(space.sample(rng)).thin().double()  # nothing is within rounding of 0
        initialise(thin, "kaiming_fan_in", generator(seed))
        crops = torch.split(draw_crops(images, generator(seed), 900).double(), 300)
        assert runs_together(thin, crops)
        found = count_regions_together(thin, crops)
        assert found == count_regions(thin, crops)
        counts.add(found)
    assert len(counts) > 5


@pytest.mark.parametrize("case", cases(torch.float32, 8), ids=lambda case: case.entry["name"])
def test_golden_counts_are_met(case) -> None:
    found = count_regions_together(case.thin_network(), [case.thin_images()])
    tolerance = golden_file()["proxies"]["linear_regions_thin"]
    wanted = pytest.approx(
        case.value("linear_regions_thin"),
        rel=tolerance["tolerance_relative"],
        abs=tolerance["tolerance_absolute"],
    )
    assert found == wanted


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Conv2d(1, 1, 3, stride=2, padding=1, bias=False)],
        [nn.Conv2d(1, 1, (3, 1), padding=(2, 0), dilation=(2, 1), bias=False)],
        [nn.AvgPool2d(2, stride=1), nn.BatchNorm2d(1, affine=False)],
        [nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.Identity()],
        [nn.BatchNorm2d(1, eps=0.5), nn.Conv2d(1, 1, 1, bias=False)],
    ],
    ids=repr,
)
def test_modules_treat_each_batch_as_if_it_came_alone(layers: list[nn.Module]) -> None:
    network = nn.Sequential(*layers, nn.ReLU()).double()
    initialise(network, "kaiming_fan_in", generator(0))
    for module in layers:
        if isinstance(module, nn.BatchNorm2d) and module.affine:
            nn.init.constant_(module.weight, -2)
            nn.init.constant_(module.bias, 0.3)
    batches = [randn(200, 1, 5, 4).double(), randn(200, 1, 5, 4).double().exp()]
    assert count_regions_together(network, batches) == count_regions(network, batches) > 20


def test_what_is_not_known_to_treat_maps_one_by_one_runs_batch_after_batch() -> None:
    batches = list(randn(2, 50, 1, 4, 4))
    for odd in (
        nn.Conv2d(1, 2, 1, bias=False),
        nn.Conv2d(1, 1, 1),
        nn.Conv2d(1, 1, 3, padding="same", bias=False),
        nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular", bias=False),
        nn.Sequential(nn.Conv2d(1, 1, 1, bias=False), nn.MaxPool2d(2)),
        nn.BatchNorm2d(1).eval(),
        nn.LayerNorm(4),
    ):
        network = nn.Sequential(odd, nn.ReLU())
        assert not runs_together(network, batches)
        assert count_regions_of_thin(network, batches) == count_regions(network, batches)
    known = nn.Sequential(nn.BatchNorm2d(1), nn.ReLU())
    assert runs_together(known, batches)
    assert not runs_together(known, [batches[0], batches[1][:20]])


@pytest.mark.parametrize("units", [1, 8, 40, 70])
def test_patterns_of_any_length_are_told_apart(units: int) -> None:
    network, images = nn.Sequential(nn.ReLU()), randn(300, 1, 1, units)
    images[7:9, :, :, -1] = torch.tensor([-1.0, 1.0])[:, None, None]
    images[8, :, :, :-1] = images[7, :, :, :-1]
    distinct = {tuple(row) for row in (images.flatten(1) > 0).tolist()}
    assert count_regions_together(network, images.split(100)) == len(distinct)


def test_a_thin_network_comes_back_as_it_was() -> None:
    network = nn.Sequential(nn.Conv2d(1, 1, 3, padding=1, bias=False), nn.BatchNorm2d(1), nn.ReLU())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    count_regions_together(network, list(randn(2, 50, 1, 4, 4)))
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    with torch.no_grad():
        assert torch.equal(network(randn(9, 1, 4, 4)), network(randn(9, 1, 4, 4)))
    assert not any("forward" in vars(module) for module in network)
    nn.init.constant_(network[0].weight, torch.inf)
    with pytest.raises(ArithmeticError, match="overflowed"):
        count_regions_together(network, list(randn(2, 50, 1, 4, 4)))
    assert not any("forward" in vars(module) for module in network)


def test_a_watched_module_keeps_a_forward_of_its_own() -> None:
    network = nn.Sequential(nn.ReLU())
    own = network[0].forward = lambda maps: maps + 5
    seen: list[Tensor] = []
    watch(network, randn(1, 1, 2, 2), [network[0]], lambda _, output: seen.append(output))
    assert torch.equal(seen[0], randn(1, 1, 2, 2) + 5)
    assert network[0].forward is own
