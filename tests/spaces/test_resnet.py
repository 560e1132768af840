"""ResNets: the sizes of known ones, and what is counted, traced and built alike."""

from collections import Counter

import numpy as np
import pytest
import torch
from torch import nn

from tests.spaces.counting import count_macs, count_params
from zenlab.core import Batch
from zenlab.proxies.zen import Zen
from zenlab.spaces.resnet import ResNet
from zenlab.spaces.resnet.design import parse

SPACE = ResNet(max_depth=18)
PLAIN = ResNet(max_depth=18, residual=False)
IMAGENET = ResNet(stages=4, max_width=512, image_size=56, num_classes=1000)
RESNET20 = "basic:3x16,3x32,3x64"


def by_hand(depth: int, *, projections: bool) -> int:
    """The parameters of ResNet-(6 depth + 2) for CIFAR-10, term by term."""
    stem = 27 * 16 + 2 * 16
    stages = sum(2 * depth * (9 * w * w + 2 * w) for w in (16, 32, 64))
    narrower_entries = 9 * 32 * 16 + 9 * 64 * 32  # each stage's first convolution reads half of w
    shortcuts = (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)
    return stem + stages - narrower_entries + shortcuts * projections + 65 * 10


@pytest.mark.parametrize("depth", [3, 5, 7, 9, 18])
def test_the_resnets_for_cifar_have_the_sizes_counted_by_hand(depth: int) -> None:
    genotype = SPACE.parse(f"basic:{depth}x16,{depth}x32,{depth}x64")
    linked, plain = SPACE.describe(genotype), PLAIN.describe(genotype)
    assert linked["layers"] == plain["layers"] == 6 * depth + 2
    assert linked["params"] == by_hand(depth, projections=True)
    assert plain["params"] == by_hand(depth, projections=False)
    assert (linked["residual_links"], linked["projections"]) == (3 * depth, 2)
    assert (plain["residual_links"], plain["projections"]) == (0, 0)


@pytest.mark.parametrize(
    ("depth", "params"), [(3, 269_722), (5, 464_154), (7, 658_586), (9, 853_018), (18, 1_727_962)]
)
def test_without_projections_the_sizes_are_those_published_for_parameter_free_shortcuts(
    depth: int, params: int
) -> None:
    genotype = PLAIN.parse(f"basic:{depth}x16,{depth}x32,{depth}x64")
    assert PLAIN.describe(genotype)["params"] == params
    assert count_params(PLAIN.build(genotype)) == params


def test_resnet_20_with_projections_has_272474_parameters_and_41_million_multiply_adds() -> None:
    known = SPACE.describe(SPACE.parse(RESNET20))
    assert known["params"] == 272_474
    assert known["macs"] == known["flops"] == 40_813_184


IMAGENET_STEM = 49 * 3 * 64  # 7x7, stride 2; then pooling, so that stages begin at 56 x 56
OWN_STEM = 9 * 3 * 64


@pytest.mark.parametrize(
    ("text", "layers", "params", "macs"),
    [
        ("basic:2x64,2x128,2x256,2x512", 18, 11_689_512, 1_814_073_344),
        ("bottleneck:3x64,4x128,6x256,3x512", 50, 25_557_032, 4_089_184_256),
    ],
)
def test_all_but_the_stem_is_that_of_the_resnets_for_imagenet(
    text: str, layers: int, params: int, macs: int
) -> None:
    known = IMAGENET.describe(IMAGENET.parse(text))
    assert known["layers"] == layers
    assert known["params"] == params - IMAGENET_STEM + OWN_STEM
    assert known["macs"] == macs - IMAGENET_STEM * 112**2 + OWN_STEM * 56**2


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize(
    "text",
    ["basic:1x8,2x24,3x16,1x16", "bottleneck:2x16,1x8,2x8,1x24", "bottleneck:1x8,1x16,1x16,1x16"],
)
@pytest.mark.parametrize(("stem_stride", "image_size"), [(1, 20), (2, 33)])
def test_counts_are_those_of_the_built_network(
    text: str, residual: bool, stem_stride: int, image_size: int
) -> None:
    space = ResNet(
        stages=4,
        residual=residual,
        stem_stride=stem_stride,
        channels=2,
        image_size=image_size,
        num_classes=7,
    )
    genotype = space.parse(text)
    network, known = space.build(genotype), space.describe(genotype)
    assert known["params"] == count_params(network)
    assert known["macs"] == count_macs(network, image_size, channels=2)
    assert known["activations"] == executed_activations(network, image_size)
    convolutions = sum(isinstance(module, nn.Conv2d) for module in network.modules())
    projected = sum(isinstance(block.shortcut, nn.Sequential) for block in network.blocks)
    assert known["projections"] == projected
    assert known["depth"] == convolutions - projected
    assert known["dead"] == 0


def executed_activations(network: nn.Module, image_size: int) -> int:
    total = 0

    def count(_: nn.Module, __: object, output: torch.Tensor) -> None:
        nonlocal total
        total += output.numel()

    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    network.eval()(torch.zeros(1, 2, image_size, image_size))
    return total


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("text", ["basic:2x16,1x24,2x24", "bottleneck:1x16,2x8,1x16"])
def test_the_graph_has_the_zen_score_of_the_network(text: str, residual: bool) -> None:
    space, proxy = ResNet(residual=residual, image_size=12), Zen(batch_size=4)
    batch = Batch(torch.zeros(4, 3, 12, 12), torch.zeros(4, dtype=torch.long), synthetic=True)
    traced, built = (torch.Generator().manual_seed(3) for _ in range(2))
    by_graph = proxy.measure_graph(space.graph(text), batch, rng=traced)
    by_network = proxy.measure(space.build(text), batch, rng=built)
    assert by_graph.value == pytest.approx(by_network.value, rel=1e-5)


def test_a_network_tells_stem_and_blocks_at_any_image_size() -> None:
    network = SPACE.build(SPACE.parse("bottleneck:1x16,2x8,1x24"))
    for image_size, sides in [(32, [32, 32, 16, 16, 8]), (21, [21, 21, 11, 11, 6])]:
        images = torch.randn(2, 3, image_size, image_size)
        outputs = network.forward_blocks(images)
        assert [tuple(output.shape[1:3]) for output in outputs] == list(
            zip([16, 64, 32, 32, 96], sides, strict=True)
        )
        assert network.forward_features(images).shape == outputs[-1].shape
        assert network(images).shape == (2, 10)


def test_a_block_adds_its_input_unless_residual_is_false() -> None:
    for space, expected in [(SPACE, 1.0), (PLAIN, 0.0)]:
        block = space.build(space.parse("basic:2x8,1x8,1x8")).blocks[1].eval()
        nn.init.zeros_(block.main[-1].weight)
        images = torch.rand(2, 8, 4, 4)
        assert torch.equal(block(images), expected * images)


def test_every_weight_is_trained() -> None:
    network = SPACE.build(SPACE.parse("bottleneck:1x8,2x8,1x16"))
    nn.functional.cross_entropy(network(torch.randn(4, 3, 16, 16)), torch.arange(4)).backward()
    assert all(weight.grad is not None for weight in network.parameters())


def test_blanks_capitals_and_leading_zeros_do_not_matter() -> None:
    assert SPACE.parse(" Basic: 3x16, 03 X 32,3x64") == RESNET20


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "wanted basic or bottleneck and a colon at the start"),
        ("3x16,3x32,3x64", "wanted basic or bottleneck and a colon"),
        ("plain:3x16,3x32,3x64", "wanted basic or bottleneck"),
        ("basic:3x16,16,3x64", "stage 2 is '16'; wanted blocks x width, such as 3x16"),
        ("basic:3x16,3x32,", "stage 3 is ''"),
        ("basic:3x16,3x32", "has 2 stages; space.stages is 3"),
        ("basic:3x16,0x32,3x64", "stage 2 of basic:3x16,0x32,3x64 has 0 blocks; wanted 1 to 18"),
        ("basic:3x16,19x32,3x64", r"has 19 blocks; wanted 1 to 18 (space.max_depth)"),
        ("basic:3x16,3x32,3x12", "stage 3 of basic:3x16,3x32,3x12 has width 12; wanted a multiple"),
        ("basic:3x16,3x32,3x72", "has width 72; wanted a multiple of 8 from 8 to 64"),
    ],
)
def test_what_is_no_network_of_the_space_is_refused_with_the_place(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as error:
        SPACE.parse(text)
    assert fault in str(error.value)


def test_blocks_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match=r"has basic blocks; space.blocks is bottleneck"):
        ResNet(blocks="bottleneck").parse(RESNET20)


def test_samples_are_uniform_over_kinds_depths_and_widths() -> None:
    rng = np.random.default_rng(0)
    drawn = [parse(ResNet(max_depth=4).sample(rng)) for _ in range(4_000)]
    kinds = Counter(design.kind for design in drawn)
    assert all(abs(kinds[kind] - 2_000) < 150 for kind in ("basic", "bottleneck"))
    for stage in range(3):
        depths = Counter(design.depths[stage] for design in drawn)
        widths = Counter(design.widths[stage] for design in drawn)
        assert all(abs(depths[depth] - 1_000) < 120 for depth in range(1, 5))
        assert all(abs(widths[width] - 500) < 90 for width in range(8, 65, 8))


def test_mutation_changes_one_depth_one_width_or_the_kind() -> None:
    rng = np.random.default_rng(0)
    before = parse(RESNET20)
    changed: Counter[str] = Counter()
    for _ in range(400):
        after = parse(SPACE.mutate(SPACE.parse(RESNET20), rng))
        differences = [
            name
            for name, old, new in zip(before._fields, before, after, strict=True)
            for one, other in ([(old, new)] if name == "kind" else zip(old, new, strict=True))
            if one != other
        ]
        assert len(differences) == 1
        changed[differences[0]] += 1
    assert set(changed) == {"kind", "depths", "widths"}
    assert abs(changed["kind"] - 400 / 7) < 30


def test_mutation_of_the_only_network_is_refused() -> None:
    space = ResNet(stages=1, max_depth=1, max_width=8, blocks="basic")
    with pytest.raises(ValueError, match="basic:1x8 is the only network"):
        space.mutate(space.sample(np.random.default_rng(0)), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"stages": 0}, r"space.stages is 0; wanted at least 1"),
        ({"max_width": 4}, r"space.max_width is 4; wanted at least 8"),
        ({"max_width": 20}, r"space.max_width is 20; wanted a multiple of 8"),
        ({"blocks": "plain"}, r"space.blocks is 'plain'; wanted one of any, basic, bottleneck"),
        ({"residual": None}, r"space.residual is None; wanted one of True, False"),
    ],
)
def test_parameters_that_build_nothing_are_refused(
    parameters: dict[str, object], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        ResNet(**parameters)
