"""Maps of leaf modules are kept once each, and add up to what each leaf alone would give."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from torch import Tensor, nn

from tests.conftest import compose
from zenlab.proxies.leaf_maps import LeafMaps, covariances, leaf_maps
from zenlab.proxies.meco import sum_of_smallest_eigenvalues
from zenlab.proxies.recording import leaves, watch


def randn(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(3))


def everything(channels: int, positions: int) -> bool:
    return True


class Node(nn.Module):
    """A convolution, a batch norm, and modules that all read what it returns."""

    def __init__(self, *readers: nn.Module) -> None:
        super().__init__()
        self.layer, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
        self.readers = nn.ModuleList(readers)

    def forward(self, images: Tensor) -> Tensor:
        node = self.norm(self.layer(images)) + 0  # a sum that no module has returned
        return sum(reader(node).mean((2, 3)) for reader in self.readers)


def made(*readers: nn.Module) -> list[int]:
    return maps_of(Node(*readers)).made


def maps_of(network: nn.Module, wanted: Callable[[int, int], bool] = everything) -> LeafMaps:
    return leaf_maps(network, randn(2, 3, 6, 6), leaves(network), wanted)


def test_equal_modules_that_read_one_node_make_one_set_of_maps() -> None:
    assert made(nn.ReLU(), nn.Identity(), nn.ReLU(), nn.Identity()) == [0, 0, 1, 2, 1, 2]
    pools = nn.AvgPool2d(3, 1), nn.AvgPool2d(2), nn.AvgPool2d(3, 1)
    assert made(*pools) == [0, 0, 1, 2, 1]
    padded = [nn.AvgPool2d(3, 1, 1, count_include_pad=counted) for counted in (False, True)]
    assert made(*padded) == [0, 0, 1, 2]
    assert made(nn.Dropout(0.5), nn.Dropout(0.5)) == [0, 0, 1, 2]


def test_a_node_that_is_written_into_is_another_node() -> None:
    class Writing(nn.Module):
        def forward(self, maps: Tensor) -> Tensor:
            return maps.sub_(1)

    assert made(nn.ReLU(), Writing(), nn.ReLU()) == [0, 0, 1, 2, 3]


def test_a_batch_norm_with_a_scale_of_zero_makes_maps_of_its_own() -> None:
    node = Node(nn.ReLU())
    nn.init.zeros_(node.norm.weight[2])
    assert maps_of(node).made == [0, 1, 2]


def test_maps_of_one_image_are_copied_only_where_somebody_writes_into_them() -> None:
    class Rectifying(nn.Module):
        def forward(self, maps: Tensor) -> Tensor:
            return maps.relu_() + 0

    image, runs = randn(1, 3, 6, 6), []
    for reader in (nn.ReLU(), Rectifying(), nn.ReLU(inplace=True)):
        network = nn.Sequential(nn.Conv2d(3, 4, 1), reader, nn.Flatten())
        network.register_forward_hook(lambda *_: runs.append(1))
        with torch.no_grad():
            convolved = network[0](image)
        found = leaf_maps(network, image, leaves(network), everything)
        assert found.made == [0, 1]
        assert torch.allclose(found.distinct[0], convolved, atol=1e-6)
        assert torch.allclose(found.distinct[1], convolved.relu(), atol=1e-6)
    assert len(runs) == 1 + 2 + 2


def test_of_several_images_only_the_first_is_kept() -> None:
    assert {len(maps) for maps in maps_of(Node(nn.ReLU())).distinct} == {1}


def test_maps_that_are_not_wanted_are_left_out() -> None:
    asked = []

    def wanted(channels: int, positions: int) -> bool:
        asked.append((channels, positions))
        return positions > 9

    node = Node(nn.AvgPool2d(2), nn.ReLU())
    found = maps_of(node, wanted)
    assert found.made == [0, 0, 1] and [m.shape[2] for m in found.distinct] == [6, 6]
    assert asked == [(4, 36), (4, 9)]  # once for each shape


def test_a_network_comes_back_as_it_was() -> None:
    node = Node(nn.ReLU())
    before = {name: value.clone() for name, value in node.state_dict().items()}
    maps_of(node)
    assert all(torch.equal(before[name], value) for name, value in node.state_dict().items())
    assert "forward" not in vars(node.norm)


def test_covariances_go_by_number_of_channels() -> None:
    maps = [randn(1, 3, 5), randn(1, 4, 2, 2), randn(1, 3, 5).sin(), randn(1, 3, 7)]
    found = covariances(maps)
    assert {channels: places for channels, (places, _) in found.items()} == {3: [0, 2, 3], 4: [1]}
    for places, matrices in found.values():
        for place, matrix in zip(places, matrices, strict=True):
            values = maps[place][0].flatten(1)
            wanted = np.cov(values, bias=True) * values.shape[1]
            assert matrix.numpy() == pytest.approx(wanted, abs=1e-5)
    assert covariances([]) == {}


def by_brute_force(network: nn.Module, images: Tensor) -> float:
    """Every leaf by itself, in float64."""
    found = []

    def see(_: nn.Module, output: Tensor) -> None:
        if output.dim() > 2 and output[0, 0].numel() > output.shape[1]:
            with np.errstate(invalid="ignore"):
                matrix = np.corrcoef(output[0].flatten(1).double().numpy())
            found.append(np.linalg.eigvalsh(np.nan_to_num(np.atleast_2d(matrix)))[0])

    watch(network, images, leaves(network), see)
    return math.fsum(found)


@pytest.mark.parametrize("option", ["nb201", "nb201_supernet", "nb_macro", "mobile", "masternet"])
def test_the_sum_is_that_over_all_leaves_in_any_space(option: str) -> None:
    space = instantiate(compose(f"space={option}").space, _convert_="all")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = space.build(space.sample(np.random.default_rng(4))).double()
    images = randn(1, 3, 32, 32).double()
    wanted = by_brute_force(network, images)
    assert wanted > 0.01
    assert sum_of_smallest_eigenvalues(network, images) == pytest.approx(wanted, abs=1e-6)
