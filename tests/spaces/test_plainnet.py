"""Structure strings of Zen-NAS: reading, sizes, scores and mutations as specified."""

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
import torch

from tests.spaces.counting import count_macs, count_params
from zenlab.core import Batch, Genotype
from zenlab.proxies.zen import Zen, draw_zen_scores
from zenlab.spaces.plainnet import PlainNet
from zenlab.spaces.plainnet.mutation import replaced, split, widths
from zenlab.spaces.plainnet.sizes import official_size
from zenlab.spaces.plainnet.structure import parse, spell

CONV = "SuperConvK3BNRELU"
NETWORKS = {
    "tiny": f"{CONV}(3,12,1,1)SuperConvK1BNRELU(12,20,1,1)",
    "vgg_like": f"SuperConvK5BNRELU(3,24,1,1){CONV}(24,48,2,3)SuperConvK7BNRELU(48,72,2,1)",
    "resnet20_like": f"{CONV}(3,20,1,1)SuperResK3K3(20,20,1,20,3)SuperResK3K3(20,40,2,40,3)"
    "SuperResK3K3(40,72,2,72,3)",
    "kk_mixed": f"{CONV}(3,16,1,1)SuperResK5K5(16,40,2,24,1)SuperResK7K7(40,48,1,32,2)"
    "SuperConvK1BNRELU(48,96,1,1)",
    "bottleneck50_like": f"{CONV}(3,40,1,1)SuperResK1K3K1(40,144,1,40,2)"
    "SuperResK1K5K1(144,288,2,72,2)SuperResK1K7K1(288,400,2,96,1)",
    "mobile_like": f"{CONV}(3,24,1,1)SuperResIDWE2K5(24,32,2,24,2)SuperResIDWE6K3(32,56,2,48,1)"
    "SuperConvK1BNRELU(56,320,1,1)",
    "idw_rounding": f"{CONV}(3,12,2,1)SuperResIDWE1K7(12,20,1,12,1)SuperResIDWE4K3(20,28,2,28,2)",
    "strided_tail": f"{CONV}(3,8,2,2)SuperResK1K5K1(8,24,2,16,1)SuperResK3K3(24,24,1,40,1)"
    f"{CONV}(24,56,2,1)",
}
# layers, official size and FLOPs without and with links, true params without and with links
SIZES = {
    "tiny": (2, 797, 797, 610504, 610504, 838, 838),
    "vgg_like": (5, 223945, 223945, 26019024, 26019024, 224194, 224194),
    "resnet20_like": (10, 362073, 366285, 59768528, 60299600, 362894, 367370),
    "kk_mixed": (5, 328449, 331097, 84181952, 84729280, 328794, 331618),
    "bottleneck50_like": (6, 1828385, 1991649, 357308320, 367876256, 1832242, 1997170),
    "mobile_like": (5, 105385, 112705, 13451904, 14303616, 107650, 115402),
    "idw_rounding": (4, 32409, 33413, 3064088, 3179992, 33534, 34658),
    "strided_tail": (5, 45057, 45873, 2447792, 2489648, 45314, 46226),
}
# search (B 64, 100 classes, no links) with seeds 0 and 1; first draw of the scorer (B 16,
# 10 classes) without and with links; with links at 33 x 33 (B 8)
SCORES = {
    "tiny": (5.61249, 5.68828, 5.60625, 5.60625, 5.67319),
    "vgg_like": (12.09405, 12.07326, 12.08704, 12.08704, 12.28044),
    "resnet20_like": (34.45374, 34.50905, 34.46622, 40.41000, 40.65926),
    "kk_mixed": (20.09075, 20.15309, 20.09709, 22.16047, 22.28597),
    "bottleneck50_like": (52.10904, 52.09203, 52.13461, 60.96959, 61.20246),
    "mobile_like": (20.47403, 20.42049, 20.48387, 25.79990, 26.01360),
    "idw_rounding": (15.01684, 15.01354, 15.04593, 17.77020, 18.02934),
    "strided_tail": (13.26735, 13.17830, 13.22252, 14.99870, 15.41031),
}


def space(**changes: Any) -> PlainNet:
    return PlainNet(
        **{"blocks": "residual", "initial": NETWORKS["kk_mixed"], "max_width": 2048, **changes}
    )


def zen_score(
    text: str, *, batch: int, seed: int = 0, repeat: int = 1, gamma: float = 0.01, **changes: Any
) -> float:
    made = space(**changes)
    rng = torch.Generator().manual_seed(seed)
    draws = draw_zen_scores(
        made.build(Genotype(text)),
        torch.empty(batch, 3, made.image_size, made.image_size),
        iter([rng] * repeat),
        gamma=gamma,
        statistics="carried",
    )
    return float(np.mean(list(draws)))


@pytest.mark.parametrize("name", NETWORKS)
def test_sizes_are_those_of_the_note(name: str) -> None:
    genotype, (layers, *wanted) = Genotype(NETWORKS[name]), SIZES[name]
    structure = parse(genotype)
    counted = [official_size(structure, 32, 10, residual=links) for links in (False, True)]
    params = [space(residual=links).describe(genotype)["params"] for links in (False, True)]
    found = [*(p for p, _ in counted), *(flops for _, flops in counted), *params]
    assert found == wanted
    assert space().describe(genotype)["layers"] == layers == space().official(genotype)["layers"]


def test_sizes_of_other_images_and_of_squeeze_excitation_are_those_of_the_note() -> None:
    tail, mobile, bottleneck = (
        parse(NETWORKS[name]) for name in ("strided_tail", "mobile_like", "bottleneck50_like")
    )
    assert official_size(tail, 33, 10, residual=False)[1] == 2451302
    assert official_size(tail, 33, 10)[1] == 2493158
    assert official_size(mobile, 224, 10)[1] == 700723584
    assert official_size(mobile, 32, 10, gated=True) == (219145, 14506064)
    assert official_size(bottleneck, 32, 10, residual=False, gated=True) == (1852769, 357581600)


@pytest.mark.parametrize("name", NETWORKS)
def test_scores_are_those_of_the_note(name: str) -> None:
    search = {"batch": 64, "num_classes": 100, "residual": False}
    text = NETWORKS[name]
    found = (
        zen_score(text, **search),
        zen_score(text, seed=1, **search),
        zen_score(text, batch=16, residual=False),
        zen_score(text, batch=16, residual=True),
        zen_score(text, batch=8, residual=True, image_size=33),
    )
    assert found == pytest.approx(SCORES[name], rel=1e-4)


@pytest.mark.parametrize(
    ("name", "score"),
    [("mobile_like", 24.68664), ("strided_tail", 13.63331), ("kk_mixed", 20.08849)],
)
def test_scores_with_squeeze_excitation_are_those_of_the_note(name: str, score: float) -> None:
    found = zen_score(NETWORKS[name], batch=16, repeat=2, residual=False, squeeze_excitation=True)
    assert found == pytest.approx(score, rel=1e-4)


def test_scores_without_batch_norm_and_of_large_steps_are_those_of_the_note() -> None:
    text = NETWORKS["kk_mixed"]
    assert zen_score(text, batch=8, residual=False, batch_norm=False) == pytest.approx(
        26.15086, 1e-4
    )
    assert zen_score(text, batch=8, residual=True, batch_norm=False) == pytest.approx(
        34.97534, 1e-4
    )
    found = zen_score(text, batch=8, repeat=2, gamma=1.0, seed=3, residual=False)
    assert found == pytest.approx(24.97100, rel=1e-4)


@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("name", ["kk_mixed", "bottleneck50_like", "mobile_like", "strided_tail"])
def test_counts_and_graph_are_those_of_the_network(name: str, gated: bool, residual: bool) -> None:
    made = space(residual=residual, squeeze_excitation=gated, image_size=17)
    genotype = Genotype(NETWORKS[name])
    network = made.build(genotype)
    described = made.describe(genotype)
    assert described["params"] == count_params(network)
    assert described["macs"] == count_macs(network, 17)
    batch = Batch(torch.zeros(8, 3, 17, 17), torch.zeros(8, dtype=torch.long), synthetic=True)
    zen = Zen(batch_size=8)
    by_graph = zen.measure_graph(made.graph(genotype), batch, rng=torch.Generator().manual_seed(3))
    by_modules = zen.measure(network, batch, rng=torch.Generator().manual_seed(3))
    assert by_graph.value == pytest.approx(by_modules.value, rel=1e-4)


def test_labels_blanks_and_later_lines_are_read_and_not_written() -> None:
    text = f" {CONV}(stem|3,16,1,1) SuperResK3K3( 16,32,2,24,1 )\nsome other line"
    assert space().parse(text) == f"{CONV}(3,16,1,1)SuperResK3K3(16,32,2,24,1)"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "empty"),
        (f"{CONV}(3,16,1,1)SuperResK3K5(16,32,2,24,1)", "block 2: there is no block SuperResK3K5"),
        (f"{CONV}(3,16,1,1)SuperPool(16,16,2)", "block 2: there is no block SuperPool"),
        (f"{CONV}(3,16,1,1)SuperResIDWE3K3(16,16,1,8,1)", "SuperResIDWE3K3; wanted .*1,2,4,6"),
        (f"{CONV}(3,16,1,1)SuperResK3K3(24,32,2,24,1)", "takes 24 channels, but block 1 gives 16"),
        (f"{CONV}(1,16,1,1)", "takes 1 channels, but images have 3"),
        (f"{CONV}(3,16,1)", "block 1, .*: 3 numbers; wanted 4: in, out, stride, layers"),
        (f"{CONV}(3,16,0,1)", "block 1, .*: stride is '0'; wanted a whole number"),
        (f"{CONV}(3,16,1,-2)", "block 1, .*: layers is '-2'"),
        (f"{CONV}(3,1.5,1,1)", "block 1, .*: out is '1.5'"),
        (f"{CONV}(3,16,1,1)+{CONV}(16,16,1,1)", r"block 2: can't read '\+Super"),
        (f"{CONV}(3,16,1,1", "block 1: can't read"),
    ],
)
def test_a_wrong_string_is_refused_with_the_block_and_what_was_expected(
    text: str, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        space().parse(text)


def test_a_wrong_initial_structure_names_the_parameter() -> None:
    with pytest.raises(ValueError, match=r"space\.initial: block 1"):
        space(initial="Conv(3,16)")


def test_widths_are_those_of_the_note() -> None:
    assert widths(40, 2048) == (96, 80, 64, 48, 40, 32, 24, 16)
    assert widths(1500, 2048) == (2048, 1872, 1504, 1200, 1000, 752, 600)


def test_long_blocks_are_split_until_none_is_left() -> None:
    long = parse("SuperResK5K5(3,40,2,24,9)")
    assert spell(split(long)) == (
        "SuperResK5K5(3,40,2,24,3)SuperResK5K5(40,40,1,24,3)SuperResK5K5(40,40,1,24,3)"
    )


def test_without_links_split_blocks_are_the_same_network() -> None:
    whole = "SuperResK5K5(3,40,2,24,6)"
    parts = spell(split(parse(whole)))
    bare, linked = space(residual=False), space(residual=True)
    assert parts != whole
    assert bare.canonical(Genotype(parts)) == bare.canonical(Genotype(whole)) == whole
    assert linked.canonical(Genotype(parts)) != linked.canonical(Genotype(whole))
    assert zen_score(parts, batch=4, residual=False) == zen_score(whole, batch=4, residual=False)


@pytest.mark.parametrize(
    ("blocks", "kinds", "shares"),
    [
        ("residual", 6, {("basic", 3, 1): 3 / 16, ("bottleneck", 7, 1): 2 / 16}),
        (
            "mobile",
            12,
            {("mobile", 3, 1): 12 / 89, ("mobile", 3, 2): 12 / 89, ("mobile", 7, 6): 2 / 89},
        ),
    ],
)
def test_candidates_are_proposed_as_often_as_in_the_authors_program(
    blocks: str, kinds: int, shares: dict[tuple[str, int, int], float]
) -> None:
    rng, draws = np.random.default_rng(0), 20_000
    start = parse("SuperResK3K3(3,40,2,24,3)")
    drawn = (replaced(start, rng, blocks=blocks, max_width=2048, times=1)[0] for _ in range(draws))
    seen = Counter((block.family, block.kernel, block.expansion) for block in drawn)
    assert len(seen) == kinds
    for kind, share in shares.items():
        spread = math.sqrt(share * (1 - share) * draws)
        assert abs(seen[kind] - share * draws) < 5 * spread


def test_a_second_replacement_of_the_same_block_does_nothing() -> None:
    rng = np.random.default_rng(0)
    structure = parse(NETWORKS["tiny"])
    changed = [
        sum(a.width_out != b.width_out for a, b in zip(structure, mutant, strict=True))
        for mutant in (
            replaced(structure, rng, blocks="residual", max_width=64, times=2) for _ in range(500)
        )
    ]
    assert set(changed) == {1, 2}  # no candidate is one of these blocks itself: 12 and 20 channels


def test_strides_stay_and_channels_chain_in_whatever_mutation() -> None:
    rng, made = np.random.default_rng(1), space()
    genotype = made.start
    for _ in range(300):
        genotype = made.mutate(genotype, rng)
        assert made.parse(genotype) == genotype
        assert made.describe(genotype)["shrinking"] == 2


def test_the_last_1x1_convolution_of_mobile_networks_keeps_its_width() -> None:
    rng = np.random.default_rng(2)
    made = space(blocks="mobile", initial=NETWORKS["mobile_like"])
    genotypes = [made.sample(rng) for _ in range(20)]
    assert {made.describe(genotype)["last_width"] for genotype in genotypes} == {320}


def test_images_of_one_channel_change_the_first_block_only() -> None:
    made = space(channels=1)
    assert made.start.startswith("SuperConvK3BNRELU(1,16,1,1)")
    assert made.build(made.start)(torch.zeros(2, 1, 16, 16)).shape == (2, 10)
