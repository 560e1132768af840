"""RegNets: the sizes that the authors publish, and what is counted, traced and built alike."""

import numpy as np
import pytest
import torch
from torch import nn

from tests.spaces.counting import count_macs, count_params
from zenlab.core import Batch
from zenlab.proxies.zen import Zen
from zenlab.spaces.regnet import RegNet
from zenlab.spaces.regnet.design import Design, block_widths, parse, spell
from zenlab.spaces.regnet.models import PUBLISHED

IMAGENET = RegNet(image_size=224, num_classes=1000)
TINY = "d=8,w0=8,wa=12.4,wm=3,g=4,b=1,se=0"
SMALL = RegNet(
    stages=3,
    min_depth=4,
    max_depth=8,
    max_w0=24,
    max_wa=16,
    min_group_width=1,
    max_group_width=16,
    stem_width=8,
    image_size=20,
    num_classes=7,
)


@pytest.mark.parametrize(
    ("name", "before", "widths", "depths", "flops", "params", "activations"),
    [
        ("X-200MF", None, (24, 56, 152, 368), (1, 1, 4, 7), 199_040_872, 2_684_792, 2_164_056),
        (
            "X-600MF",
            (48, 104, 240, 536),
            (48, 96, 240, 528),
            (1, 3, 5, 7),
            600_891_112,
            6_196_040,
            3_975_096,
        ),
        (
            "X-8.0GF",
            (80, 232, 664, 1912),
            (80, 240, 720, 1920),
            (2, 5, 15, 1),
            7_995_133_416,
            39_572_648,
            14_059_688,
        ),
        ("Y-200MF", None, (24, 56, 152, 368), (1, 1, 4, 7), 199_519_076, 3_162_996, 2_168_052),
        (
            "Y-800MF",
            (56, 136, 320, 776),
            (64, 128, 320, 768),
            (1, 3, 8, 2),
            797_183_328,
            6_263_168,
            5_249_888,
        ),
        (
            "Y-4.0GF",
            (96, 216, 480, 1080),
            (128, 192, 512, 1088),
            (2, 6, 12, 2),
            3_973_301_344,
            20_646_656,
            12_287_200,
        ),
    ],
)
def test_published_models_have_the_stages_and_sizes_of_the_authors_program(
    name: str,
    before: tuple[int, ...] | None,
    widths: tuple[int, ...],
    depths: tuple[int, ...],
    flops: int,
    params: int,
    activations: int,
) -> None:
    known = IMAGENET.describe(IMAGENET.parse(name))
    drawn, _ = block_widths(parse(name))
    assert tuple(sorted(set(drawn))) == (before or widths)
    assert tuple(known[f"width_stage_{i}"] for i in range(1, 5)) == widths
    assert tuple(known[f"blocks_stage_{i}"] for i in range(1, 5)) == depths
    assert (known["flops"], known["params"], known["activations"]) == (flops, params, activations)


def test_groups_are_no_wider_than_their_stage() -> None:
    known = IMAGENET.describe(IMAGENET.parse("X-8.0GF"))
    assert [known[f"group_width_stage_{i}"] for i in range(1, 5)] == [80, 120, 120, 120]


@pytest.mark.parametrize("name", PUBLISHED)
def test_all_24_published_models_are_near_the_multiply_adds_that_name_them(name: str) -> None:
    number, unit = float(name[2:-2]), {"MF": 1e6, "GF": 1e9}[name[-2:]]
    known = IMAGENET.describe(IMAGENET.parse(name))
    assert len(PUBLISHED) == 24
    assert known["flops"] == pytest.approx(number * unit, rel=0.012)
    assert known["squeezed"] == (name[0] == "Y")


@pytest.mark.parametrize("text", ["RegNetX-200MF", "X-200MF", " regnetx-200mf", "x-200MF"])
def test_published_names_are_read_as_parameters(text: str) -> None:
    assert IMAGENET.parse(text) == "d=13,w0=24,wa=36.44,wm=2.49,g=8,b=1,se=0"


def test_blanks_order_and_what_goes_without_saying_do_not_matter() -> None:
    text = "W0=24, d=013 ,wm=2.490,wa=36.44,g=8"
    assert IMAGENET.parse(text) == IMAGENET.parse("X-200MF")


def test_parameters_are_spelt_exactly() -> None:
    for wm in range(2_000, 3_001):
        design = Design(13, 24, wm / 10, wm / 1000, 8)
        assert parse(spell(design)) == design


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("X-300MF", "'x-300mf' is none of d, w0, wa, wm, g, b, se"),
        ("", "'' is none of d, w0"),
        (TINY + ",depth=3", "'depth' is none of"),
        (TINY + ",d=3", "'d' comes twice"),
        ("d=13,w0=24,wm=2.49,g=8", "wa missing"),
        (TINY.replace("d=8", "d=65"), "d is '65'; wanted a whole number from 1 to 64"),
        (TINY.replace("w0=8", "w0=12"), "w0 is '12'; wanted 8, 16, 24"),
        (TINY.replace("wa=12.4", "wa=-1"), "wa is '-1'; wanted a number of at most two decimals"),
        (TINY.replace("wm=3", "wm=1"), "wm is '1'; wanted a number above 1"),
        (TINY.replace("g=4", "g=0"), "g is '0'; wanted a whole number of at least 1"),
        (TINY.replace("b=1", "b=3"), "b is '3'; wanted 0.25, 0.5, 1, 2 or 4"),
        (TINY.replace("se=0", "se=2"), "se is '2'; wanted 0 or 1"),
    ],
)
def test_what_is_no_regnet_is_refused_with_the_parameter(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match="not a RegNet: ") as error:
        SMALL.parse(text)
    assert fault in str(error.value)


def test_another_number_of_stages_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has 4 stages; space.stages is 3"):
        SMALL.parse("X-200MF")


def test_a_gap_between_stages_is_refused() -> None:
    with pytest.raises(ValueError, match=r"has a gap: widths \[8, 56\], .*2 stages.*make 3"):
        SMALL.parse("d=2,w0=8,wa=50,wm=2.7,g=8")


@pytest.mark.parametrize("bottleneck", ["0.25", "0.5", "1", "2", "4"])
@pytest.mark.parametrize("squeezed", ["0", "1"])
@pytest.mark.parametrize("group_width", ["3", "16", "40"])
def test_params_and_macs_are_those_of_the_built_network(
    bottleneck: str, squeezed: str, group_width: str
) -> None:
    genotype = SMALL.parse(f"d=8,w0=8,wa=12.4,wm=3,g={group_width},b={bottleneck},se={squeezed}")
    network, known = SMALL.build(genotype), SMALL.describe(genotype)
    assert known["params"] == count_params(network)
    assert known["macs"] == count_macs(network, SMALL.image_size)
    assert known["depth"] == 1 + 3 * 8
    assert (known["blocks"], known["layers"], known["dead"]) == (8, known["depth"] + 1, 0)


@pytest.mark.parametrize("squeezed", ["0", "1"])
@pytest.mark.parametrize(("stem_stride", "image_size"), [(1, 12), (2, 33)])
def test_flops_and_activations_are_those_of_the_executed_network(
    squeezed: str, stem_stride: int, image_size: int
) -> None:
    space = RegNet(stages=3, stem_width=8, stem_stride=stem_stride, image_size=image_size)
    genotype = space.parse(TINY.replace("se=0", f"se={squeezed}"))
    network = space.build(genotype).eval()
    biases = activations = 0

    def count(module: nn.Conv2d | nn.Linear, _: object, output: torch.Tensor) -> None:
        nonlocal biases, activations
        activations += output.numel()
        biases += output.numel() if module.bias is not None else 0

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network(torch.zeros(1, 3, image_size, image_size))
    known = space.describe(genotype)
    assert known["activations"] == activations
    assert known["flops"] == known["macs"] + biases


@pytest.mark.parametrize("text", [TINY, TINY.replace("se=0", "se=1")])
def test_the_graph_has_the_zen_score_of_the_network(text: str) -> None:
    genotype, proxy = SMALL.parse(text), Zen(batch_size=4)
    batch = Batch(torch.zeros(4, 3, 20, 20), torch.zeros(4, dtype=torch.long), synthetic=True)
    traced, built = (torch.Generator().manual_seed(3) for _ in range(2))
    by_graph = proxy.measure_graph(SMALL.graph(genotype), batch, rng=traced)
    by_network = proxy.measure(SMALL.build(genotype), batch, rng=built)
    assert by_graph.value == pytest.approx(by_network.value, rel=1e-5)


def test_a_network_tells_stem_and_blocks_at_any_image_size() -> None:
    network = SMALL.build(SMALL.parse(TINY.replace("se=0", "se=1")))
    for image_size, sides in [(32, [16, 8, 4, 4, *[2] * 5]), (20, [10, 5, 3, 3, *[2] * 5])]:
        images = torch.randn(2, 3, image_size, image_size)
        outputs = network.forward_blocks(images)
        assert [output.shape[-1] for output in outputs] == sides
        assert outputs[-1].shape == network.forward_features(images).shape
        assert network(images).shape == (2, 7)


def test_a_stem_of_stride_1_keeps_small_images_larger() -> None:
    network = RegNet(stem_stride=1).build(RegNet().parse("X-200MF"))
    assert network.forward_features(torch.zeros(2, 3, 32, 32)).shape == (2, 368, 2, 2)


def test_every_weight_is_trained() -> None:
    network = SMALL.build(SMALL.parse(TINY.replace("se=0", "se=1")))
    nn.functional.cross_entropy(network(torch.randn(4, 3, 20, 20)), torch.arange(4)).backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_samples_keep_to_the_ranges_of_the_authors_program() -> None:
    rng = np.random.default_rng(0)
    drawn = [parse(IMAGENET.sample(rng)) for _ in range(1_000)]
    assert {design.depth for design in drawn} == set(range(12, 29))
    for values, low, high in [
        ([design.w0 for design in drawn], 8, 256),
        ([design.wa for design in drawn], 8, 256),
        ([design.wm for design in drawn], 2, 3),
        ([design.group_width for design in drawn], 8, 128),
    ]:
        assert low <= min(values) < 1.15 * low and 0.85 * high < max(values) <= high
    assert all(design.w0 % 8 == design.group_width % 8 == 0 for design in drawn)
    assert {(design.bottleneck, design.squeezed) for design in drawn} == {(1, False)}


def test_small_groups_are_powers_of_two_and_larger_ones_multiples_of_8() -> None:
    rng = np.random.default_rng(0)
    space = RegNet(stages=2, min_depth=6, max_depth=16, min_group_width=1, max_group_width=32)
    drawn = {parse(space.sample(rng)).group_width for _ in range(300)}
    assert drawn == {1, 2, 4, 8, 16, 24, 32}


def test_squeezed_samples_have_squeeze_excitation() -> None:
    space = RegNet(squeezed=True)
    assert space.sample(np.random.default_rng(0)).endswith(",se=1")


def test_mutation_changes_one_parameter_and_the_network() -> None:
    rng = np.random.default_rng(0)
    parent = IMAGENET.parse("Y-32GF")
    changed = set()
    for _ in range(100):
        child = IMAGENET.mutate(parent, rng)
        pairs = zip(parse(child)._asdict().items(), parse(parent), strict=True)
        (name,) = (name for (name, value), before in pairs if value != before)
        changed.add(name)
        assert IMAGENET.canonical(child) != IMAGENET.canonical(parent)
        assert IMAGENET.parse(child) == child
    assert changed == {"depth", "w0", "wa", "wm", "group_width"}


def test_parameters_that_give_the_same_stages_are_duplicates() -> None:
    one, other = (IMAGENET.parse(f"d=13,w0=24,wa={wa},wm=2.49,g=8") for wa in (36.44, 36.4))
    assert one != other
    assert IMAGENET.canonical(one) == IMAGENET.canonical(other)
    assert IMAGENET.canonical(IMAGENET.parse("Y-200MF")) != IMAGENET.canonical(one)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"stages": 0}, r"space.stages is 0; wanted at least 1"),
        ({"min_depth": 20, "max_depth": 19}, r"space.max_depth is 19; wanted at least 20"),
        ({"max_depth": 65}, r"space.max_depth is 65; wanted at most 64"),
        ({"max_w0": 7}, r"space.max_w0 is 7; wanted at least 8"),
        ({"min_group_width": 17, "max_group_width": 31}, r"no power of two between them"),
        ({"squeezed": "yes"}, r"space.squeezed is 'yes'; wanted one of True, False"),
    ],
)
def test_parameters_that_build_nothing_are_refused(
    parameters: dict[str, object], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        RegNet(**parameters)


def test_ranges_without_a_network_end_with_an_error() -> None:
    with pytest.raises(ValueError, match=r"no RegNet with 9 stages found"):
        RegNet(stages=9).sample(np.random.default_rng(0))
