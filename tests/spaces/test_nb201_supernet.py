"""The supernet of NAS-Bench-201: means on edges, struck operations, and shared randomness."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from tests.spaces.counting import count_flops, count_macs, count_params
from zenlab.abilities import Connected, Coupled, Prunable
from zenlab.core import Batch, Estimate, Network
from zenlab.proxies.linear_regions import LinearRegions
from zenlab.scoring.measure import Measurement
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201_supernet import NB201Supernet
from zenlab.spaces.nb201_supernet.cell import OPERATIONS, parse
from zenlab.spaces.nb201_supernet.network import SupernetCell

SPACE = NB201Supernet(C=4, image_size=8)
CELL = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|avg_pool_3x3~1"
    "|nor_conv_3x3~2|"
)
MIXED = (
    "|skip_connect,nor_conv_3x3~0|+|nor_conv_1x1~0|nor_conv_1x1,avg_pool_3x3~1|"
    "+|skip_connect~0|skip_connect,nor_conv_1x1,nor_conv_3x3~1|nor_conv_3x3~2|"
)
WHOLE = SPACE.whole()
IMAGES = torch.randn(4, 3, 8, 8, generator=torch.Generator().manual_seed(5))
BATCH = Batch(IMAGES, torch.zeros(4, dtype=torch.long), synthetic=True)


def built(genotype: str, seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return SPACE.build(SPACE.parse(genotype))


def test_a_cell_of_nas_bench_201_is_spelt_as_there() -> None:
    assert SPACE.parse(CELL) == CELL == NB201().parse(CELL)


def test_the_whole_supernet_has_four_operations_on_each_of_six_edges_and_no_none() -> None:
    assert parse(WHOLE) == (OPERATIONS,) * 6
    assert SPACE.describe(WHOLE)["operations"] == 24
    assert "none" not in OPERATIONS and len(OPERATIONS) == 4


def test_blanks_and_the_order_of_edges_and_operations_do_not_matter() -> None:
    loose = (
        "|nor_conv_3x3, skip_connect~0| + |avg_pool_3x3,nor_conv_1x1~1|nor_conv_1x1~0|"
        "+|nor_conv_3x3~2|skip_connect~0|nor_conv_3x3,skip_connect,nor_conv_1x1~1|"
    )
    assert SPACE.parse(loose) == MIXED


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it has 1 nodes between '\\+', wanted 3"),
        ("|a~0|+|a~0|+|a~0|", "node 1: 'a' is no operation|edge 0 to 1: 'a' is no operation"),
        (CELL.replace("nor_conv_1x1", "none"), "edge 1 to 2: 'none' is no operation; wanted some"),
        (CELL.replace("|+|skip", "|+skip"), "node 3 is .*, wanted 3 edges between"),
        (CELL.replace("avg_pool_3x3~1", "avg_pool_3x3~3"), "enters node 3; wanted ~ and a node"),
        (CELL.replace("nor_conv_1x1~1", "nor_conv_1x1~0"), "node 2 has two edges from node 0"),
        (
            CELL.replace("skip_connect~0", "skip_connect,skip_connect~0"),
            "edge 0 to 3: skip_connect,skip_connect names an operation twice",
        ),
        (CELL.replace("skip_connect~0", "~0"), "edge 0 to 3: '' is no operation"),
    ],
)
def test_a_malformed_cell_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SPACE.parse(text)


def test_choices_are_read_and_written() -> None:
    assert isinstance(SPACE, Prunable) and isinstance(SPACE, Coupled)
    assert SPACE.with_choices(SPACE.choices(SPACE.parse(MIXED))) == MIXED
    with pytest.raises(ValueError, match="there are 2 edges; wanted 6"):
        SPACE.with_choices([["skip_connect"]] * 2)
    with pytest.raises(ValueError, match="an edge has no operation"):
        SPACE.with_choices([["skip_connect"]] * 5 + [[]])


def test_samples_are_uniform_over_the_sets_of_an_edge() -> None:
    rng = np.random.default_rng(0)
    counts: dict[tuple[str, ...], int] = {}
    for _ in range(2500):
        for left in SPACE.choices(SPACE.sample(rng)):
            counts[tuple(left)] = counts.get(tuple(left), 0) + 1
    assert len(counts) == 15
    assert min(counts.values()) > 880 and max(counts.values()) < 1120  # 1000 +- 4 deviations


def test_a_mutant_differs_by_one_operation() -> None:
    rng = np.random.default_rng(0)
    for parent in [CELL, WHOLE, *(SPACE.sample(rng) for _ in range(50))]:
        mutant = SPACE.mutate(SPACE.parse(parent), rng)
        different = [
            set(one) ^ set(other)
            for one, other in zip(parse(parent), parse(mutant), strict=True)
            if one != other
        ]
        assert [len(change) for change in different] == [1]


def test_the_neighbours_of_a_cell_have_one_operation_more_or_less() -> None:
    assert isinstance(SPACE, Connected)
    assert len(set(SPACE.neighbours(WHOLE))) == 24
    assert len(set(SPACE.neighbours(SPACE.parse(CELL)))) == 18  # the last of an edge stays
    assert SPACE.parse(CELL) not in SPACE.neighbours(SPACE.parse(CELL))


def test_an_edge_is_the_mean_of_what_is_left_on_it_and_a_node_the_sum_of_its_edges() -> None:
    torch.manual_seed(0)
    cell = SupernetCell(parse(MIXED), 3)
    entering = torch.randn(2, 3, 6, 6)
    run = cell.operations
    one = (entering + run["01_nor_conv_3x3"](entering)) / 2
    two = run["02_nor_conv_1x1"](entering) + (run["12_nor_conv_1x1"](one) + pooled(one)) / 2
    mixed = (one + run["13_nor_conv_1x1"](one) + run["13_nor_conv_3x3"](one)) / 3
    three = entering + mixed + run["23_nor_conv_3x3"](two)
    torch.testing.assert_close(cell(entering), three)


def pooled(features: torch.Tensor) -> torch.Tensor:
    return nn.functional.avg_pool2d(features, 3, stride=1, padding=1, count_include_pad=False)


def test_with_one_operation_on_each_edge_it_is_the_network_of_nas_bench_201() -> None:
    ours = built(CELL)
    theirs = NB201(C=4, N=1, image_size=8).build(NB201().parse(CELL))
    weights = ours.state_dict()
    edges = dict(zip(("01", "02", "12", "03", "13", "23"), parse(CELL), strict=True))

    def name_in_ours(name: str) -> str:
        parts = name.split(".")
        if parts[2:3] == ["operations"]:
            parts[3] = f"{parts[3]}_{edges[parts[3]][0]}"
        return ".".join(parts)

    theirs.load_state_dict({name: weights[name_in_ours(name)] for name in theirs.state_dict()})
    torch.testing.assert_close(ours(IMAGES), theirs(IMAGES))
    torch.testing.assert_close(ours.forward_features(IMAGES), theirs.forward_features(IMAGES))


def test_what_is_struck_does_not_change_the_weights_of_what_is_left() -> None:
    whole, pruned = built(WHOLE).state_dict(), built(MIXED).state_dict()
    assert list(whole) == list(pruned)
    assert all(torch.equal(whole[name], pruned[name]) for name in whole)


def test_struck_operations_are_not_run_and_left_ones_learn() -> None:
    network = built(MIXED)
    network(IMAGES).square().sum().backward()
    left = dict(zip(("01", "02", "12", "03", "13", "23"), parse(MIXED), strict=True))
    learnt = {
        name.split(".")[3]: weight.grad is not None
        for name, weight in network.named_parameters()
        if ".operations." in name
    }
    assert learnt == {key: key[3:] in left[key[:2]] for key in learnt}
    assert len(learnt) == 12


@pytest.mark.parametrize("size", [8, 12, 32])
def test_a_network_works_at_several_image_sizes(size: int) -> None:
    network = built(MIXED)
    images = torch.randn(2, 3, size, size)
    assert network(images).shape == (2, 10)
    assert network.forward_features(images).shape == (2, 16, size // 4, size // 4)
    blocks = network.forward_blocks(images)
    assert [tuple(block.shape[1:]) for block in blocks] == [
        *[(4, size, size)] * 2,
        *[(8, size // 2, size // 2)] * 2,
        *[(16, size // 4, size // 4)] * 2,
    ]


@pytest.mark.parametrize("genotype", [CELL, MIXED, WHOLE])
@pytest.mark.parametrize(
    "space", [SPACE, NB201Supernet(C=3, N=2, channels=1, image_size=16, num_classes=7)]
)
def test_sizes_are_those_of_the_built_network(space: NB201Supernet, genotype: str) -> None:
    network, described = space.build(space.parse(genotype)), space.describe(space.parse(genotype))
    size, channels = space.image_size, space.channels
    global_pooling = 4 * space.C * (size // 4 + 1) ** 2
    assert described["params"] == count_params(network)
    assert described["macs"] == count_macs(network, size, channels)
    assert described["flops"] == count_flops(network, size, channels) + global_pooling


def test_what_is_left_counts_as_the_cell_of_nas_bench_201() -> None:
    theirs = NB201(C=4, N=1, image_size=8).describe(NB201().parse(CELL))
    ours = SPACE.describe(SPACE.parse(CELL))
    assert (ours["left_params"], ours["macs"], ours["flops"]) == (
        theirs["params"],
        theirs["macs"],
        theirs["flops"],
    )
    assert ours["discrete"] == 1 and SPACE.describe(SPACE.parse(MIXED))["discrete"] == 0


@dataclass(frozen=True)
class Drawing:
    """A proxy whose score is a random number and the weights of the stem."""

    seed: int = 0
    batch_size: int = 4

    def measure(self, network: Network, batch: Batch, *, rng: torch.Generator) -> Estimate:
        drawn = torch.rand(1, generator=rng).item()
        return Estimate(drawn, terms={"stem": next(network.parameters()).sum().item()})


def test_all_cells_share_the_randomness_of_a_seed() -> None:
    first, other = (
        Measurement(SPACE, Drawing(), BATCH).score(SPACE.parse(text)) for text in (MIXED, CELL)
    )
    assert (first.value, first.terms) == (other.value, other.terms)
    again = Measurement(SPACE, Drawing(seed=1), BATCH).score(SPACE.parse(CELL))
    assert again.value != first.value and again.terms != first.terms


def test_cells_of_a_space_without_a_seed_key_draw_for_themselves() -> None:
    space = NB201(C=4, N=1, image_size=8)
    values = {
        Measurement(space, Drawing(), BATCH).score(space.parse(text)).value
        for text in (CELL, "1", "2")
    }
    assert len(values) == 3


def test_the_thin_network_counts_regions_of_what_is_left_with_shared_draws() -> None:
    proxy = LinearRegions(repeats=2, batch_size=4)
    skips = SPACE.with_choices([["skip_connect"]] * 6)
    scores = [Measurement(SPACE, proxy, BATCH).score(g) for g in (WHOLE, skips)]
    assert scores[0].terms["draw_0"] > scores[1].terms["draw_0"] > 1
    thin = SPACE.build(WHOLE).thin()
    assert thin(torch.randn(5, 1, 3, 3)).shape == (5, 1, 3, 3)


@pytest.mark.parametrize("wrong", [{"C": 0}, {"N": -1}, {"image_size": 10}])
def test_a_space_that_can_not_be_built_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"space\.\w+"):
        NB201Supernet(**wrong)
