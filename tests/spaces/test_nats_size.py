"""The facts of NATS-Bench's size space: the benchmark's own sizes, order, skips, and the graph."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from tests.spaces.counting import count_macs, count_params
from zenlab.abilities import Connected, Factored
from zenlab.core import Batch
from zenlab.proxies.zen import Zen, draw_zen_scores
from zenlab.proxies.zen_closed import ZenClosed
from zenlab.spaces.nats_size import NatsSize
from zenlab.spaces.nb201 import NB201

SPACE = NatsSize()
NETWORKS = list(SPACE)
CHANGING = SPACE.parse("16:8:24:32:16")
KEEPING = SPACE.parse("8:24:24:16:16")


@pytest.mark.parametrize(
    ("classes", "image_size", "index", "widths", "params", "mega_flops"),
    [
        (10, 32, 0, "8:8:8:8:8", 11_714, 4.481114),
        (10, 32, 11, "8:8:8:16:32", 49_202, 6.840650),
        (10, 32, 12, "8:8:8:16:40", 67_378, 7.991706),
        (10, 32, 284, "8:8:40:32:40", 144_834, 21.827994),
        (10, 32, 1_234, "8:24:32:24:24", 92_434, 18.284794),
        (10, 32, 32_767, "64:64:64:64:64", 713_674, 274.399882),
        (100, 32, 0, "8:8:8:8:8", 12_524, 4.481924),
        (100, 32, 284, "8:8:40:32:40", 148_524, 21.831684),
        (120, 16, 0, "8:8:8:8:8", 12_704, 1.121336),
        (120, 16, 284, "8:8:40:32:40", 149_344, 5.461816),
        (120, 16, 32_767, "64:64:64:64:64", 720_824, 68.607608),
    ],
)
def test_index_params_and_flops_are_the_benchmarks_own(
    classes: int, image_size: int, index: int, widths: str, params: int, mega_flops: float
) -> None:
    space = NatsSize(num_classes=classes, image_size=image_size)
    assert NETWORKS[index] == space.parse(str(index)) == widths
    told = space.describe(space.parse(widths))
    assert (told["params"], told["flops"]) == (params, round(1e6 * mega_flops))
    assert told["macs"] == told["flops"] - classes


def test_there_are_32768_different_networks() -> None:
    assert len(NETWORKS) == len(set(NETWORKS)) == len(SPACE) == 32_768


def test_the_index_of_a_network_is_its_place_in_the_walk() -> None:
    assert [SPACE.index(network) for network in NETWORKS[::777]] == list(range(0, 32_768, 777))


@pytest.mark.parametrize("space", [SPACE, NatsSize(channels=2, image_size=12, num_classes=7)])
def test_sizes_are_those_of_built_networks(space: NatsSize) -> None:
    rng = np.random.default_rng(0)
    for genotype in [CHANGING, KEEPING, *(space.sample(rng) for _ in range(8))]:
        network, told = space.build(genotype), space.describe(genotype)
        assert told["params"] == count_params(network)
        assert told["macs"] == count_macs(network, space.image_size, channels=space.channels)


def test_at_equal_widths_it_is_a_network_of_nb201_with_one_cell_per_stage() -> None:
    fixed = NB201(C=16, N=1)
    cell = fixed.parse(
        "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1"
        "|nor_conv_3x3~2|"
    )
    wanted = fixed.describe(cell)
    told = SPACE.describe(SPACE.parse("16:32:32:64:64"))
    assert (told["params"], told["macs"]) == (wanted["params"], wanted["macs"])
    torch.manual_seed(3)
    network = SPACE.build(SPACE.parse("16:32:32:64:64"))
    torch.manual_seed(3)
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    assert torch.equal(network(images), fixed.build(cell)(images))


def test_a_skip_is_a_convolution_with_batch_norm_where_the_width_changes() -> None:
    for genotype, kinds in ((CHANGING, [0, 2, 2]), (KEEPING, [0, 0, 0])):
        first, _, second, _, third = SPACE.build(genotype).cells
        skips = [cell.operations["03"] for cell in (first, second, third)]
        assert [len(list(skip.children())) for skip in skips] == kinds
        assert SPACE.describe(genotype)["skip_convolutions"] == kinds.count(2)
    assert [type(layer) for layer in skips_of(CHANGING)] == [nn.Conv2d, nn.BatchNorm2d] * 2


def skips_of(genotype: str) -> list[nn.Module]:
    cells = SPACE.build(SPACE.parse(genotype)).cells[2::2]
    return [layer for cell in cells for layer in cell.operations["03"]]


def test_operations_from_the_input_node_alone_change_the_width() -> None:
    cell = SPACE.build(CHANGING).cells[2]
    shapes = {
        edge: made[1].weight.shape[:2] for edge, made in cell.operations.items() if edge != "03"
    }
    assert shapes == {"01": (24, 8), "02": (24, 8), "12": (24, 24), "13": (24, 24), "23": (24, 24)}


def test_features_and_blocks_have_the_widths_of_the_genotype() -> None:
    network = SPACE.build(CHANGING)
    images = torch.zeros(2, 3, 20, 28)
    assert network.forward_features(images).shape == (2, 16, 5, 7)
    assert network(images).shape == (2, 10)
    shapes = [tuple(block.shape[1:]) for block in network.forward_blocks(images)]
    sides = [(20, 28), (20, 28), (10, 14), (10, 14), (5, 7), (5, 7)]
    widths = [16, 16, 8, 24, 32, 16]
    assert shapes == [(width, *side) for width, side in zip(widths, sides, strict=True)]


@pytest.mark.parametrize("genotype", [CHANGING, KEEPING])
def test_a_network_trains(genotype: str) -> None:
    network = SPACE.build(SPACE.parse(genotype))
    network(torch.randn(4, 3, 16, 16)).square().mean().backward()
    assert all(w.grad is not None and bool(w.grad.abs().sum() > 0) for w in network.parameters())


@pytest.mark.parametrize("genotype", [CHANGING, KEEPING])
def test_the_zen_score_of_the_graph_is_that_of_the_network(genotype: str) -> None:
    space = NatsSize(image_size=16)
    zen = Zen(batch_size=4)
    batch = Batch(torch.zeros(4, 3, 16, 16), torch.zeros(4, dtype=torch.int64), synthetic=True)
    fast, plain = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    found = zen.measure_graph(space.graph(space.parse(genotype)), batch, rng=fast).value
    expected = zen.measure(space.build(space.parse(genotype)), batch, rng=plain).value
    assert found == pytest.approx(expected, rel=1e-4)


def test_the_closed_form_is_as_near_to_draws_where_skips_are_convolutions_as_elsewhere() -> None:
    """Finite width leaves a gap; a batch norm forgotten or counted twice would widen one of two."""
    changing, keeping = (gap_of_the_closed_form(t) for t in ("64:48:64:64:56", "64:64:64:64:64"))
    assert 0 < keeping < 0.8
    assert changing == pytest.approx(keeping, abs=0.2)


def gap_of_the_closed_form(text: str) -> float:
    space = NatsSize(image_size=16)
    genotype = space.parse(text)
    (closed,) = ZenClosed(batch_size=16).evaluate(space, [genotype])
    generators = (torch.Generator().manual_seed(draw) for draw in range(16))
    images = torch.empty(16, 3, 16, 16)
    drawn = draw_zen_scores(
        space.build(genotype), images, generators, gamma=0.01, statistics="fresh"
    )
    return float(np.mean(list(drawn))) - closed.value


def test_the_closed_form_does_not_depend_on_the_company() -> None:
    alone = [ZenClosed().evaluate(SPACE, [genotype])[0].value for genotype in (CHANGING, KEEPING)]
    together = [estimate.value for estimate in ZenClosed().evaluate(SPACE, [CHANGING, KEEPING])]
    assert together == pytest.approx(alone)


def test_neighbours_and_mutants_differ_in_one_width() -> None:
    rng = np.random.default_rng(0)
    neighbours = SPACE.neighbours(CHANGING)
    assert len(neighbours) == len(set(neighbours)) == 35
    for neighbour in neighbours:
        pairs = zip(neighbour.split(":"), CHANGING.split(":"), strict=True)
        assert sum(a != b for a, b in pairs) == 1
    drawn = Counter(SPACE.mutate(CHANGING, rng) for _ in range(7_000))
    assert set(drawn) == set(neighbours)
    assert all(abs(count - 200) < 70 for count in drawn.values())


def test_samples_reach_every_width_at_every_place_about_equally() -> None:
    rng = np.random.default_rng(0)
    drawn = [SPACE.sample(rng).split(":") for _ in range(4_000)]
    for block in range(5):
        counts = Counter(int(widths[block]) for widths in drawn)
        assert set(counts) == set(range(8, 65, 8))
        assert all(abs(count - 500) < 100 for count in counts.values())


def test_factors_make_up_any_network() -> None:
    assert isinstance(SPACE, Connected) and isinstance(SPACE, Factored)
    assert [len(options) for options in SPACE.factors().values()] == [8] * 5
    chosen = {name: options[i] for i, (name, options) in enumerate(SPACE.factors().items())}
    assert SPACE.compose(chosen) == "8:16:24:32:40"


def test_blanks_around_widths_do_not_matter() -> None:
    assert SPACE.parse(" 16: 8 :24:032:16\n") == CHANGING
    assert SPACE.parse(" 284 ") == "8:8:40:32:40"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'': 1 found where 5 widths were wanted, with ':' between them, such as '8:16"),
        ("8:8:8:8", "'8:8:8:8': 4 found where 5 widths were wanted"),
        ("8:8:8:8:8:8", "6 found where 5 widths were wanted"),
        ("8:8:8:12:8", "width 4 of '8:8:8:12:8' is '12'; wanted one of 8, 16, 24"),
        ("8:8:8:8:72", "width 5 of '8:8:8:8:72' is '72'; wanted one of"),
        ("8::8:8:8", "width 2 of '8::8:8:8' is ''; wanted one of"),
        ("32768", "index 32768 is too large: the official indices go from 0 to 32767"),
    ],
)
def test_a_malformed_network_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        SPACE.parse(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"num_classes": 0}, "space.num_classes is 0; wanted at least 1"),
        ({"image_size": 30}, "30 x 30 pixels.*space.image_size must be divisible by 4"),
    ],
)
def test_parameters_that_build_nothing_are_refused(fields: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NatsSize(**fields)
