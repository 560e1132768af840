"""The facts of NAS-Bench-201, as the paper and the published tables state them."""

from collections import Counter

import numpy as np
import pytest
import torch

from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201.cell import EDGES, OPERATIONS, parse, spell

SPACE = NB201()
CELLS = list(SPACE)
BEST = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1"
    "|nor_conv_1x1~2|"
)
DEAD = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
FIRST = (
    "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1"
    "|skip_connect~2|"
)


@pytest.fixture(scope="module")
def descriptors() -> list[dict[str, float]]:
    return [dict(SPACE.describe(cell)) for cell in CELLS]


def test_there_are_15625_different_cells() -> None:
    assert len(CELLS) == len(set(CELLS)) == len(SPACE) == 15_625


def test_index_0_is_the_published_cell() -> None:
    assert CELLS[0] == FIRST


def test_the_index_of_a_cell_is_its_place_in_the_walk() -> None:
    assert [SPACE.index(cell) for cell in CELLS[::500]] == list(range(0, 15_625, 500))


def test_every_cell_is_read_back_as_it_is_spelt() -> None:
    assert all(spell(parse(cell)) == cell for cell in CELLS)


def test_a_cell_may_be_given_by_its_official_index() -> None:
    assert SPACE.parse("6111") == BEST


def test_blanks_and_the_order_of_edges_into_a_node_do_not_matter() -> None:
    loose = "|none~0| + |none~1|skip_connect~0|+|none~2|nor_conv_1x1~0|avg_pool_3x3~1|"
    tidy = "|none~0|+|skip_connect~0|none~1|+|nor_conv_1x1~0|avg_pool_3x3~1|none~2|"
    assert SPACE.parse(loose) == tidy


@pytest.mark.parametrize(
    ("text", "position", "wanted"),
    [
        ("", 0, "'|'"),
        ("|foo~0|", 1, "one of none, skip_connect"),
        ("|none~0|none~0|", 8, "'+'"),
        ("|none~1|", 6, "a node that feeds node 1"),
        ("|none~0|+|none~0|none~0|+", 22, "a node that feeds node 2"),
        (DEAD + "|", len(DEAD), "the end"),
        (DEAD[:-1], len(DEAD) - 1, "'|'"),
    ],
)
def test_a_malformed_cell_is_refused_with_the_position(
    text: str, position: int, wanted: str
) -> None:
    with pytest.raises(ValueError, match=f"position {position} wanted ") as error:
        SPACE.parse(text)
    assert wanted in str(error.value)


def test_an_index_beyond_the_last_is_refused() -> None:
    with pytest.raises(ValueError, match="from 0 to 15624"):
        SPACE.parse("15625")


def test_341_cells_are_dead(descriptors: list[dict[str, float]]) -> None:
    assert sum(known["dead"] for known in descriptors) == 341


def test_9445_cells_are_reachable_and_all_but_the_empty_one_live(
    descriptors: list[dict[str, float]],
) -> None:
    reachable = [known for known in descriptors if known["reachable"]]
    assert len(reachable) == 9_445
    assert sum(not known["dead"] for known in reachable) == 9_444


def test_the_papers_rule_gives_6466_classes() -> None:
    assert len({SPACE.canonical(cell) for cell in CELLS}) == 6_466


def test_11529_cells_have_a_skip_and_3125_one_from_input_to_output(
    descriptors: list[dict[str, float]],
) -> None:
    assert sum(known["count_skip_connect"] > 0 for known in descriptors) == 11_529
    assert sum(known["count_skip_connect"] == 0 for known in descriptors) == 4_096
    assert sum(known["edge_03_skip_connect"] for known in descriptors) == 3_125


@pytest.mark.parametrize(
    ("classes", "image_size", "params", "base", "conv1x1", "conv3x3", "pool"),
    [
        (10, 32, 73_306, 7.943872, 4.36224, 35.81952, 1.29024),
        (100, 32, 79_156, 7.949632, 4.36224, 35.81952, 1.29024),
        (120, 16, 80_456, 1.993792, 1.09056, 8.95488, 0.32256),
    ],
    ids=["cifar10", "cifar100", "imagenet16"],
)
def test_params_and_flops_are_the_benchmarks_own_for_every_cell(
    classes: int,
    image_size: int,
    params: int,
    base: float,
    conv1x1: float,
    conv3x3: float,
    pool: float,
) -> None:
    space = NB201(num_classes=classes, image_size=image_size)
    for cell in CELLS:
        count = Counter(parse(cell))
        n1, n3, pools = (count[name] for name in ("nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"))
        known = space.describe(cell)
        assert known["params"] == params + 28_000 * n1 + 243_040 * n3
        assert known["flops"] == round(1e6 * (base + conv1x1 * n1 + conv3x3 * n3 + pool * pools))


@pytest.mark.parametrize(
    "space", [SPACE, NB201(C=6, N=2, channels=1, image_size=12, num_classes=7)]
)
def test_params_and_macs_are_those_of_the_built_network(space: NB201) -> None:
    for cell in (BEST, DEAD, CELLS[0], CELLS[77]):
        network = space.build(space.parse(cell))
        assert space.describe(cell)["params"] == sum(p.numel() for p in network.parameters())
        assert space.describe(cell)["macs"] == executed_macs(network, space)


def executed_macs(network: torch.nn.Module, space: NB201) -> int:
    total = 0

    def count(module: torch.nn.Module, _: object, output: torch.Tensor) -> None:
        nonlocal total
        total += module.weight[0].numel() * output[0].numel()

    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(count)
    network(torch.zeros(2, space.channels, space.image_size, space.image_size))
    return total


def test_features_come_before_pooling_at_a_quarter_of_the_side() -> None:
    network = SPACE.build(SPACE.parse(BEST))
    assert network.forward_features(torch.zeros(2, 3, 32, 32)).shape == (2, 64, 8, 8)
    assert network(torch.zeros(2, 3, 20, 28)).shape == (2, 10)


def test_images_that_can_not_be_halved_twice_are_refused_with_their_size() -> None:
    with pytest.raises(ValueError, match=r"30 x 32 pixels.*divisible by 4"):
        SPACE.build(SPACE.parse(BEST))(torch.zeros(2, 3, 30, 32))
    with pytest.raises(ValueError, match=r"30 x 30 pixels.*divisible by 4"):
        NB201(image_size=30)


def test_a_dead_cell_gives_features_that_ignore_the_image() -> None:
    network = SPACE.build(SPACE.parse(DEAD)).eval()
    one, other = network.forward_features(torch.randn(2, 1, 3, 32, 32).flatten(0, 1))
    assert torch.equal(one, other)


def test_edges_are_described_one_by_one() -> None:
    known = SPACE.describe(SPACE.parse(BEST))
    on = {name for name, value in known.items() if name.startswith("edge_") and value}
    assert on == {
        "edge_01_nor_conv_3x3",
        "edge_02_nor_conv_3x3",
        "edge_12_nor_conv_3x3",
        "edge_03_skip_connect",
        "edge_13_nor_conv_3x3",
        "edge_23_nor_conv_1x1",
    }
    assert len([name for name in known if name.startswith("edge_")]) == len(EDGES) * len(OPERATIONS)


@pytest.mark.parametrize(
    ("cell", "count", "longest", "shortest", "dead", "reachable"),
    [
        (BEST, 4, 3, 1, 0, 1),
        (DEAD, 0, 0, 0, 1, 1),
        ("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|", 1, 1, 1, 0, 0),
        ("|nor_conv_1x1~0|+|none~0|skip_connect~1|+|none~0|none~1|none~2|", 0, 0, 0, 1, 0),
        ("|nor_conv_1x1~0|+|none~0|skip_connect~1|+|none~0|none~1|none~2|", 0, 0, 0, 1, 0),
    ],
)
def test_paths_are_counted_and_measured_in_edges(
    cell: str, count: int, longest: int, shortest: int, dead: int, reachable: int
) -> None:
    known = SPACE.describe(SPACE.parse(cell))
    measured = [known[n] for n in ("paths", "longest_path", "shortest_path", "dead", "reachable")]
    assert measured == [count, longest, shortest, dead, reachable]


def test_mutation_changes_exactly_one_edge() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        child = parse(SPACE.mutate(SPACE.parse(BEST), rng))
        assert sum(a != b for a, b in zip(child, parse(BEST), strict=True)) == 1


def test_samples_reach_every_operation_on_every_edge_about_equally() -> None:
    rng = np.random.default_rng(0)
    drawn = [parse(SPACE.sample(rng)) for _ in range(5_000)]
    for edge in range(len(EDGES)):
        counts = Counter(cell[edge] for cell in drawn)
        assert all(abs(counts[operation] - 1_000) < 150 for operation in OPERATIONS)


def test_parameters_that_build_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match=r"space.N is 0; wanted at least 1"):
        NB201(N=0)
