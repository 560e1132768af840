"""The facts of NAS-Bench-Macro: sizes of the published table, duplicates, links, and the graph."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.spaces.counting import count_macs, count_params
from zenlab.core import Batch
from zenlab.proxies.zen import Zen
from zenlab.spaces.nb_macro import NBMacro

SPACE = NBMacro()
NETWORKS = list(SPACE)
MIXED = SPACE.parse("12012012")


def test_there_are_6561_different_networks() -> None:
    assert len(NETWORKS) == len(set(NETWORKS)) == len(SPACE) == 6_561


@pytest.mark.parametrize(
    ("digits", "params", "flops"),
    [
        ("00000000", 387_882, 7_713_280),
        ("11111111", 1_588_874, 53_246_464),
        ("22222222", 2_932_586, 105_660_928),
        ("10000000", 396_298, 12_128_768),
        ("01000000", 415_082, 14_447_104),
        ("20000000", 409_834, 17_854_976),
        ("02000000", 448_298, 22_753_792),
        ("00200000", 464_554, 17_240_576),
        ("00020000", 607_018, 21_524_992),
        ("00001000", 491_434, 14_225_920),
        ("00000200", 672_298, 16_933_376),
        ("12012012", 2_014_602, 67_092_992),
    ],
)
def test_sizes_are_those_of_the_table(digits: str, params: int, flops: int) -> None:
    known = SPACE.describe(SPACE.parse(digits))
    assert (known["params"], known["macs"], known["flops"]) == (params, flops, flops)


def test_sizes_of_all_networks_add_up_to_those_of_the_table() -> None:
    known = [SPACE.describe(network) for network in NETWORKS]
    assert sum(row["params"] for row in known) == 10_736_730_954
    assert sum(row["flops"] for row in known) == 364_399_409_664
    assert len({(row["params"], row["flops"]) for row in known}) == 2_916


def test_sizes_of_every_network_are_those_of_the_published_file(real_tables: Path) -> None:
    published = json.loads((real_tables / "nb_macro/nas-bench-macro_cifar10.json").read_text())
    assert set(published) == set(NETWORKS)
    for network, row in published.items():
        known = SPACE.describe(network)
        assert (known["params"], known["flops"]) == (row["params"], row["flops"])


@pytest.mark.parametrize(
    "space", [SPACE, NBMacro(residual=False, channels=1, image_size=19, num_classes=7)]
)
@pytest.mark.parametrize("digits", ["00000000", "12012012", "20110200"])
def test_sizes_are_those_of_the_built_network(space: NBMacro, digits: str) -> None:
    network = space.build(space.parse(digits))
    known = space.describe(space.parse(digits))
    assert known["params"] == count_params(network)
    assert known["macs"] == count_macs(network, space.image_size, space.channels)


def test_depth_counts_the_convolutions_one_after_another() -> None:
    network = SPACE.build(MIXED)
    convolutions = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d)]
    assert SPACE.describe(MIXED)["depth"] == len(convolutions)


def test_counts_and_places_tell_the_digits() -> None:
    known = SPACE.describe(MIXED)
    assert [known[f"count_{digit}"] for digit in "012"] == [2, 3, 3]
    assert {name for name in known if name.startswith("layer_") and known[name]} == {
        f"layer_{place}_{digit}" for place, digit in enumerate("12012012", 1)
    }
    assert (known["blocks"], known["residual_links"]) == (6, 5)
    assert [known[f"blocks_stage_{stage}"] for stage in (1, 2, 3)] == [2, 2, 2]


def test_there_are_3969_different_functions() -> None:
    assert len({SPACE.canonical(network) for network in NETWORKS}) == 3_969


def test_identities_move_behind_the_other_layers_of_their_stage_but_the_first() -> None:
    assert SPACE.canonical(SPACE.parse("00102010")) == "00120010"
    assert SPACE.canonical(SPACE.parse("00012201")) == "00012210"


def test_a_network_and_its_representative_have_the_same_modules_and_sizes() -> None:
    assert all(
        SPACE.representative(SPACE.representative(n)) == SPACE.representative(n) for n in NETWORKS
    )
    for network in NETWORKS[::597]:
        other = SPACE.representative(network)
        assert str(SPACE.build(network)) == str(SPACE.build(other))
        assert SPACE.graph(network) == SPACE.graph(other)
        assert SPACE.describe(network)["flops"] == SPACE.describe(other)["flops"]


def test_features_are_1280_rectified_channels_at_an_eighth_of_the_side() -> None:
    network = SPACE.build(MIXED)
    features = network.forward_features(torch.randn(2, 3, 32, 32))
    assert features.shape == (2, 1280, 4, 4) and features.min() == 0
    assert network(torch.zeros(2, 3, 17, 30)).shape == (2, 10)


def test_blocks_are_the_stem_and_the_layers_that_do_something() -> None:
    shapes = [
        tuple(block.shape[1:])
        for block in SPACE.build(SPACE.parse("00100002")).forward_blocks(torch.zeros(2, 3, 32, 32))
    ]
    assert shapes == [(32, 32, 32), (64, 16, 16), (128, 8, 8), (256, 4, 4), (256, 4, 4)]


def test_a_network_trains() -> None:
    network = SPACE.build(SPACE.parse("01012000"))
    network(torch.randn(4, 3, 16, 16)).square().mean().backward()
    assert all(w.grad is not None and bool(w.grad.abs().sum() > 0) for w in network.parameters())


def test_links_are_added_where_width_and_side_stay() -> None:
    layers = list(SPACE.build(SPACE.parse("11111111")).layers)
    features = torch.randn(2, 64, 8, 8)
    torch.nn.init.zeros_(layers[1].main[-1].weight)
    assert torch.equal(layers[1](features), features)
    assert [layer.adds_input for layer in layers] == [bool(int(d)) for d in "01011011"]


def test_without_links_sizes_stay_and_no_input_is_added() -> None:
    bare = NBMacro(residual=False)
    network = bare.build(SPACE.parse("11111111"))
    assert not any(layer.adds_input for layer in network.layers)
    known = bare.describe(MIXED)
    assert known["residual_links"] == 0 and known["params"] == SPACE.describe(MIXED)["params"]


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("digits", ["00000000", "12012012", "20100200"])
def test_the_zen_score_of_the_graph_is_that_of_the_network(digits: str, residual: bool) -> None:
    space = NBMacro(residual=residual, image_size=16)
    zen = Zen(batch_size=4)
    batch = Batch(torch.zeros(4, 3, 16, 16), torch.zeros(4, dtype=torch.int64), synthetic=True)
    fast, plain = torch.Generator().manual_seed(5), torch.Generator().manual_seed(5)
    found = zen.measure_graph(space.graph(space.parse(digits)), batch, rng=fast).value
    expected = zen.measure(space.build(space.parse(digits)), batch, rng=plain).value
    assert found == pytest.approx(expected, rel=1e-4)


def test_mutation_changes_exactly_one_digit_to_any_other() -> None:
    rng = np.random.default_rng(0)
    mutants = {SPACE.mutate(MIXED, rng) for _ in range(500)}
    assert len(mutants) == 16
    assert all(sum(a != b for a, b in zip(m, MIXED, strict=True)) == 1 for m in mutants)


def test_samples_reach_every_digit_at_every_place_about_equally() -> None:
    rng = np.random.default_rng(0)
    drawn = [SPACE.sample(rng) for _ in range(3_000)]
    for place in range(8):
        shares = [sum(network[place] == digit for network in drawn) for digit in "012"]
        assert max(shares) - min(shares) < 200


def test_blanks_around_the_digits_do_not_matter() -> None:
    assert SPACE.parse(" 12012012\n") == MIXED


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has 0 digits; wanted 8"),
        ("1201201", "has 7 digits; wanted 8"),
        ("120120120", "has 9 digits; wanted 8"),
        ("12012013", "digit 8 of '12012013' is '3'; wanted 0"),
        ("1-012012", "digit 2 of '1-012012' is '-'; wanted 0"),
    ],
)
def test_a_malformed_network_is_refused_with_what_is_wrong(text: str, said: str) -> None:
    with pytest.raises(ValueError, match="not a NAS-Bench-Macro network") as caught:
        SPACE.parse(text)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"image_size": 7}, "space.image_size is 7; wanted at least 8"),
        ({"residual": "no"}, "space.residual is 'no'; wanted one of True, False"),
        ({"num_classes": 0}, "space.num_classes is 0; wanted at least 1"),
    ],
)
def test_parameters_that_build_nothing_are_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NBMacro(**fields)  # type: ignore[arg-type]
