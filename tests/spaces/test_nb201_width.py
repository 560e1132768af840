"""Cells with free widths: the figures of NAS-Bench-201 at 16, 32, 64, checked ones elsewhere."""

from collections import Counter

import numpy as np
import pytest
import torch

from tests.spaces.counting import count_flops, count_macs, count_params
from zenlab.abilities import Connected, Enumerable, Factored, Partitioned
from zenlab.core import Batch
from zenlab.proxies.zen import Zen
from zenlab.proxies.zen_closed import ZenClosed
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201_width import NB201Width

SPACE = NB201Width()
CELLS = NB201()
FIVE = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1"
    "|nor_conv_3x3~2|"
)
NONE = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
OTHER = "|avg_pool_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|none~1|avg_pool_3x3~2|"


@pytest.mark.parametrize(
    ("widths", "params", "flops", "bare_params", "bare_flops"),
    [
        ("8:8:8", 47_234, 20_822_232, 2_834, 662_232),
        ("16:32:64", 1_288_506, 187_041_472, 73_306, 7_943_872),
        ("24:40:56", 1_277_586, 283_160_040, 76_386, 10_251_240),
        ("8:64:8", 1_002_706, 264_964_312, 48_306, 11_485_912),
        ("64:64:64", 2_933_194, 1_272_170_176, 158_794, 27_088_576),
    ],
)
def test_sizes_are_the_checked_ones(
    widths: str, params: int, flops: int, bare_params: int, bare_flops: int
) -> None:
    full, bare = (SPACE.describe(SPACE.parse(f"{widths} {cell}")) for cell in (FIVE, NONE))
    assert (full["params"], full["flops"]) == (params, flops)
    assert (bare["params"], bare["flops"]) == (bare_params, bare_flops)


@pytest.mark.parametrize(("classes", "size"), [(10, 32), (100, 32), (120, 16)])
def test_at_16_32_64_every_tenth_cell_is_described_as_by_nb201(classes: int, size: int) -> None:
    space = NB201Width(num_classes=classes, image_size=size)
    fixed = NB201(num_classes=classes, image_size=size)
    for cell in list(fixed)[::10]:
        told = dict(space.describe(space.parse(f"16:32:64 {cell}")))
        assert [told.pop(f"width_{stage}") for stage in (1, 2, 3)] == [16, 32, 64]
        assert told == fixed.describe(cell)


def test_at_16_32_64_the_network_is_that_of_nb201() -> None:
    images = torch.randn(2, 3, 32, 32)
    for cell in (FIVE, NONE, OTHER):
        torch.manual_seed(3)
        free = SPACE.build(SPACE.parse(f"16:32:64 {cell}"))
        torch.manual_seed(3)
        fixed = CELLS.build(CELLS.parse(cell))
        weights, wanted = free.state_dict(), fixed.state_dict()
        assert list(weights) == list(wanted)
        assert all(torch.equal(weights[name], wanted[name]) for name in wanted)
        assert torch.equal(free(images), fixed(images))


def test_sizes_are_those_of_built_networks_at_any_widths() -> None:
    space = NB201Width(N=2, channels=2, image_size=12, num_classes=7)
    rng = np.random.default_rng(0)
    for genotype in [space.sample(rng) for _ in range(12)]:
        network = space.build(genotype)
        told = space.describe(genotype)
        pooling = told["width_3"] * (space.image_size // 4 + 1) ** 2
        assert told["params"] == count_params(network)
        assert told["macs"] == count_macs(network, 12, channels=2)
        assert told["flops"] == count_flops(network, 12, channels=2) + pooling


def test_features_and_blocks_have_the_widths_of_their_stages() -> None:
    network = NB201Width(N=1).build(SPACE.parse(f"24:8:40 {OTHER}"))
    images = torch.zeros(2, 3, 20, 28)
    assert network.forward_features(images).shape == (2, 40, 5, 7)
    assert network(images).shape == (2, 10)
    shapes = [tuple(block.shape[1:]) for block in network.forward_blocks(images)]
    assert shapes == [(24, 20, 28)] * 2 + [(8, 10, 14)] * 2 + [(40, 5, 7)] * 2


def test_a_network_trains() -> None:
    network = NB201Width(N=1).build(SPACE.parse(f"16:8:24 {FIVE}"))
    network(torch.randn(4, 3, 16, 16)).square().mean().backward()
    assert all(w.grad is not None and bool(w.grad.abs().sum() > 0) for w in network.parameters())


def test_a_network_has_the_thin_cell_of_nb201() -> None:
    thin = SPACE.build(SPACE.parse(f"16:8:24 {FIVE}")).thin()
    assert str(thin) == str(CELLS.build(CELLS.parse(FIVE)).thin())


def test_the_zen_score_of_the_graph_is_that_of_the_network() -> None:
    space = NB201Width(N=2, image_size=16)
    zen = Zen(batch_size=4)
    batch = Batch(torch.zeros(4, 3, 16, 16), torch.zeros(4, dtype=torch.int64), synthetic=True)
    for text in (f"24:8:16 {FIVE}", f"8:32:32 {OTHER}", "40:24:8 0"):
        genotype = space.parse(text)
        fast, plain = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
        found = zen.measure_graph(space.graph(genotype), batch, rng=fast).value
        expected = zen.measure(space.build(genotype), batch, rng=plain).value
        assert found == pytest.approx(expected, rel=1e-4)


def test_the_closed_form_at_16_32_64_is_that_of_nb201_in_any_company() -> None:
    others = [SPACE.parse(f"{widths} {FIVE}") for widths in ("8:64:24", "64:16:16")]
    mine = [SPACE.parse(f"16:32:64 {cell}") for cell in (FIVE, OTHER)]
    found = ZenClosed().evaluate(SPACE, [others[0], *mine, others[1]])
    wanted = ZenClosed().evaluate(CELLS, [CELLS.parse(cell) for cell in (FIVE, OTHER)])
    assert [e.value for e in found[1:3]] == pytest.approx([e.value for e in wanted])


def test_8_million_networks_are_not_to_be_walked_through() -> None:
    assert not isinstance(SPACE, Enumerable)
    assert isinstance(SPACE, Connected) and isinstance(SPACE, Factored)
    assert isinstance(SPACE, Partitioned)


@pytest.mark.parametrize(("widths", "steps"), [("8:8:64", 3), ("8:16:64", 4), ("16:32:56", 6)])
def test_neighbours_differ_by_one_step_of_one_width_or_on_one_edge(widths: str, steps: int) -> None:
    genotype = SPACE.parse(f"{widths} {OTHER}")
    neighbours = SPACE.neighbours(genotype)
    assert len(neighbours) == len(set(neighbours)) == steps + 24
    changed, cells = (
        [neighbour.split(" ") for neighbour in neighbours[part]]
        for part in (slice(steps), slice(steps, None))
    )
    for text, cell in changed:
        gaps = [
            abs(int(a) - int(b)) for a, b in zip(text.split(":"), widths.split(":"), strict=True)
        ]
        assert sorted(gaps) == [0, 0, 8] and cell == OTHER
    assert [text for text, _ in cells] == [widths] * 24
    assert [cell for _, cell in cells] == CELLS.neighbours(CELLS.parse(OTHER))


def test_mutation_draws_every_neighbour_about_equally() -> None:
    rng = np.random.default_rng(0)
    parent = SPACE.parse(f"8:16:64 {OTHER}")
    drawn = Counter(SPACE.mutate(parent, rng) for _ in range(5_600))
    assert set(drawn) == set(SPACE.neighbours(parent))
    assert all(abs(count - 200) < 70 for count in drawn.values())


def test_samples_reach_every_width_of_every_stage_about_equally() -> None:
    rng = np.random.default_rng(0)
    drawn = [SPACE.sample(rng).split(" ")[0].split(":") for _ in range(4_000)]
    for stage in range(3):
        counts = Counter(int(widths[stage]) for widths in drawn)
        assert set(counts) == set(range(8, 65, 8))
        assert all(abs(count - 500) < 100 for count in counts.values())


def test_factors_make_up_any_network() -> None:
    factors = SPACE.factors()
    assert len(factors) == 9 and np.prod([len(options) for options in factors.values()]) == 8e6
    last = SPACE.compose({name: options[-1] for name, options in factors.items()})
    pools = "|avg_pool_3x3~0|+|avg_pool_3x3~0|avg_pool_3x3~1|+" + "".join(
        f"|avg_pool_3x3~{i}" for i in range(3)
    )
    assert last == f"64:64:64 {pools}|"


def test_duplicates_have_equal_widths_and_cells_of_one_class() -> None:
    one, other = (SPACE.parse(f"8:16:24 {cell}") for cell in (FIVE, OTHER))
    assert SPACE.representative(one) == f"8:16:24 {CELLS.representative(CELLS.parse(FIVE))}"
    assert SPACE.canonical(one) != SPACE.canonical(other)
    unused = [
        f"|{operation}~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"
        for operation in ("none", "skip_connect")
    ]
    a, b, c = (
        SPACE.parse(text)
        for text in (f"8:16:24 {unused[0]}", f"8:16:24 {unused[1]}", f"8:16:32 {unused[1]}")
    )
    assert SPACE.canonical(a) == SPACE.canonical(b) != SPACE.canonical(c)
    assert SPACE.representative(a) == SPACE.representative(b) != SPACE.representative(c)


def test_a_cell_may_be_given_by_its_official_index_and_blanks_do_not_matter() -> None:
    assert SPACE.parse(" 8 : 016:24\t6111\n") == f"8:16:24 {CELLS.parse('6111')}"
    assert SPACE.parse("8:16:24  |none~0| +" + NONE[9:]) == f"8:16:24 {NONE}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' spells no network of space=nb201_width; wanted widths, a blank, and a cell"),
        (NONE, "spells no network of space=nb201_width; wanted widths"),
        (f"16:32:64{NONE}", "spells no network of space=nb201_width; wanted widths, a blank"),
        (
            f"16:32 {NONE}",
            "'16:32': 2 found where 3 widths were wanted, with ':' between them, such as '8:",
        ),
        (f"16:32:64:64 {NONE}", "'16:32:64:64': 4 found where 3 widths were wanted"),
        (f"16:30:64 {NONE}", "width 2 of '16:30:64' is '30'; wanted one of 8, 16, 24"),
        (f"16:32:x {NONE}", "width 3 of '16:32:x' is 'x'; wanted one of 8, 16, 24"),
        (f"16:32:-8 {NONE}", "width 3 of '16:32:-8' is '-8'; wanted one of 8, 16, 24"),
        ("16:32:64 15625", "index 15625 is too large: the official indices go from 0 to 15624"),
        ("16:32:64 |none~1|", "not a NAS-Bench-201 cell: at position 6 wanted a node that feeds"),
    ],
)
def test_a_malformed_network_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError) as caught:
        SPACE.parse(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"N": 0}, "space.N is 0; wanted at least 1"),
        ({"image_size": 30}, "30 x 30 pixels.*space.image_size must be divisible by 4"),
    ],
)
def test_parameters_that_build_nothing_are_refused(fields: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NB201Width(**fields)
