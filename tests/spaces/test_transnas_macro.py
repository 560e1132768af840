"""The facts of TransNAS-Bench-101 macro: which networks there are, sizes, links, and the graph."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.spaces.counting import count_flops, count_macs, count_params
from zenlab.core import Batch, Genotype
from zenlab.proxies.zen import Zen
from zenlab.spaces.transnas_macro import TransNASMacro
from zenlab.spaces.transnas_macro.modules import neighbours

SPACE = TransNASMacro()
NETWORKS = list(SPACE)
SIZES = [
    ("111114", 1_297_796, 1_293_023, 3_666_367_104),
    ("111123", 1_757_316, 1_752_543, 5_297_951_360),
    ("2311", 2_347_140, 2_342_367, 4_080_554_624),
    ("1234", 3_425_924, 3_416_415, 4_014_376_192),
    ("41414", 14_041_988, 14_023_007, 2_916_215_296),
    ("4441", 20_531_076, 20_512_095, 2_310_269_440),
]


def test_there_are_3256_networks_by_length_as_the_rule_says() -> None:
    assert len(SPACE) == len(NETWORKS) == len(set(NETWORKS)) == 3_256
    lengths = [len(network) for network in NETWORKS]
    assert [lengths.count(modules) for modules in (4, 5, 6)] == [210, 750, 2_296]


def test_the_networks_are_exactly_those_of_the_table(real_tables: Path) -> None:
    with (real_tables / "transnas101/macro_val.csv").open() as file:
        assert {row["arch"] for row in csv.DictReader(file)} == set(NETWORKS)


@pytest.mark.parametrize(("digits", "objects", "scenes", "flops"), SIZES)
def test_sizes_are_the_published_ones(digits: str, objects: int, scenes: int, flops: int) -> None:
    network = SPACE.parse(digits)
    known = TransNASMacro(image_size=256, num_classes=100).describe(network)
    assert (known["params"], known["flops"]) == (objects, flops)
    assert TransNASMacro(num_classes=63).describe(network)["params"] == scenes


@pytest.mark.parametrize(
    "space",
    [
        SPACE,
        TransNASMacro(image_size=77, num_classes=7),
        TransNASMacro(residual=False, channels=1, image_size=64),
    ],
)
@pytest.mark.parametrize("digits", ["111114", "2311", "1234", "133132"])
def test_sizes_are_those_of_the_built_network(space: TransNASMacro, digits: str) -> None:
    network = space.build(space.parse(digits))
    known = space.describe(space.parse(digits))
    assert known["params"] == count_params(network)
    assert known["macs"] == count_macs(network, space.image_size, space.channels)
    pooling = known["width"] * (known["side"] + 1) ** 2
    counted = count_flops(network, space.image_size, space.channels)
    assert known["flops"] == counted + pooling


def test_counts_and_places_tell_the_digits() -> None:
    known = SPACE.describe(SPACE.parse("13421"))
    assert (known["modules"], known["depth"], known["side"], known["width"]) == (5, 22, 2, 256)
    assert [known[f"count_{digit}"] for digit in "1234"] == [2, 1, 1, 1]
    assert (known["doublings"], known["strides"]) == (2, 2)
    assert (known["first_doubling"], known["first_stride"]) == (3, 2)
    assert (known["residual_links"], known["projections"]) == (10, 3)
    assert {name for name in known if name.startswith("module_") and known[name]} == {
        f"module_{place}_{digit}" for place, digit in enumerate("13421", 1)
    }


@pytest.mark.parametrize(("digits", "width", "side"), [("1234", 256, 4), ("4441", 512, 2)])
def test_features_have_the_width_and_side_described(digits: str, width: int, side: int) -> None:
    space = TransNASMacro(image_size=64)
    features = space.build(space.parse(digits)).forward_features(torch.randn(2, 3, 64, 64))
    assert features.shape == (2, width, side, side)
    known = space.describe(space.parse(digits))
    assert (known["width"], known["side"]) == (width, side)


def test_features_are_signed() -> None:
    features = SPACE.build(SPACE.parse("1234")).forward_features(torch.randn(4, 3, 32, 32))
    assert 0.2 < (features < 0).float().mean() < 0.8


def test_blocks_are_the_stem_and_two_for_each_module() -> None:
    outputs = SPACE.build(SPACE.parse("1214")).forward_blocks(torch.zeros(2, 3, 32, 32))
    widths = [output.shape[1] for output in outputs]
    assert widths == [64, 64, 64, 128, 128, 128, 128, 256, 256]
    assert [output.shape[2] for output in outputs] == [8] * 7 + [4] * 2


def test_a_network_trains_at_another_image_size() -> None:
    network = SPACE.build(SPACE.parse("1142"))
    scores = network(torch.randn(4, 3, 40, 56))
    scores.square().mean().backward()
    assert scores.shape == (4, 10)
    assert all(w.grad is not None and bool(w.grad.abs().sum() > 0) for w in network.parameters())


def test_a_block_that_adds_nothing_gives_back_its_input_or_its_projection() -> None:
    blocks = list(SPACE.build(SPACE.parse("1141")).blocks)
    features = torch.randn(2, 64, 8, 8)
    for block in blocks[0], blocks[4]:
        torch.nn.init.zeros_(block.main[-1].weight)
    assert torch.equal(blocks[0](features), features)
    assert torch.equal(blocks[4](features), blocks[4].shortcut(features))


def test_without_links_blocks_add_nothing_and_projections_are_gone() -> None:
    bare = TransNASMacro(residual=False)
    network = bare.build(SPACE.parse("1142"))
    assert not any(
        module.kernel_size == (1, 1)
        for module in network.modules()
        if isinstance(module, torch.nn.Conv2d)
    )
    known = bare.describe(SPACE.parse("1142"))
    assert (known["residual_links"], known["projections"]) == (0, 0)


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("digits", ["1234", "111114", "33123"])
def test_the_zen_score_of_the_graph_is_that_of_the_network(digits: str, residual: bool) -> None:
    space = TransNASMacro(residual=residual)
    zen = Zen(batch_size=4)
    batch = Batch(torch.zeros(4, 3, 32, 32), torch.zeros(4, dtype=torch.int64), synthetic=True)
    fast, plain = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    found = zen.measure_graph(space.graph(space.parse(digits)), batch, rng=fast).value
    expected = zen.measure(space.build(space.parse(digits)), batch, rng=plain).value
    assert found == pytest.approx(expected, rel=1e-4)


def test_a_mutant_is_one_step_away_and_stays_in_the_space() -> None:
    rng = np.random.default_rng(0)
    parent = SPACE.parse("1234")
    mutants = {SPACE.mutate(parent, rng) for _ in range(1_000)}
    assert mutants == set(neighbours(parent)) <= set(NETWORKS)
    assert {"1224", "1134", "12341", "4231"} <= mutants
    assert "1233" in mutants and parent not in mutants and "123" not in mutants


def test_steps_lead_from_any_network_to_every_other_and_back() -> None:
    near = {network: neighbours(network) for network in NETWORKS}
    assert all(network in near[other] for network in NETWORKS for other in near[network])
    reached: set[Genotype] = set()
    waiting = [NETWORKS[0]]
    while waiting:
        if (network := waiting.pop()) not in reached:
            reached.add(network)
            waiting += near[network]
    assert reached == set(NETWORKS)


def test_samples_are_spread_over_the_networks_of_each_length() -> None:
    rng = np.random.default_rng(0)
    drawn = [len(SPACE.sample(rng)) for _ in range(3_256)]
    assert drawn.count(6) == pytest.approx(2_296, abs=120)
    assert drawn.count(4) == pytest.approx(210, abs=60)


@pytest.mark.parametrize("text", ["1234", " 1234 ", "64-1234-basic"])
def test_a_network_may_be_spelt_as_the_benchmark_does(text: str) -> None:
    assert SPACE.parse(text) == "1234"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it has 0 modules, wanted 4 to 6"),
        ("123", "it has 3 modules, wanted 4 to 6"),
        ("1234123", "it has 7 modules, wanted 4 to 6"),
        ("1204", "module 3 is '0', wanted 1, 2, 3 or 4"),
        ("1133", "0 of its digits are 2 or 4, wanted 1 to 3"),
        ("2444", "4 of its digits are 2 or 4, wanted 1 to 3"),
        ("1122", "0 of its digits are 3 or 4, wanted 1 to 4"),
        ("33334", "5 of its digits are 3 or 4, wanted 1 to 4"),
        ("32-1234-basic", "module 3 is '-', wanted 1, 2, 3 or 4"),
    ],
)
def test_a_network_outside_the_space_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="not a network of TransNAS-Bench-101 macro") as caught:
        SPACE.parse(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image_size": 16}, "space.image_size is 16; wanted at least 32, for the networks halve"),
        ({"residual": 2}, "space.residual is 2; wanted one of True, False"),
        ({"channels": 0}, "space.channels is 0; wanted at least 1"),
    ],
)
def test_parameters_that_build_nothing_are_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        TransNASMacro(**fields)  # type: ignore[arg-type]
