"""Drawings show what an architecture is, are small, and are well-formed SVG."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hydra.utils import instantiate

from tests.conftest import compose
from zenlab.core import Genotype, Space
from zenlab.report.drawings import draw, picture
from zenlab.spaces.nats_size import NatsSize
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201.cell import EDGES, OPERATIONS
from zenlab.spaces.nb201_supernet import NB201Supernet
from zenlab.spaces.nb201_width import NB201Width
from zenlab.spaces.nb_macro import NBMacro
from zenlab.spaces.plainnet import PlainNet
from zenlab.spaces.regnet import RegNet
from zenlab.spaces.resnet import ResNet
from zenlab.spaces.transnas_macro import TransNASMacro

CELLS = NB201()
SPACES = (
    "nb201",
    "nb201_supernet",
    "nb201_width",
    "nats_size",
    "nb_macro",
    "transnas_macro",
    "resnet",
    "regnet",
    "masternet",
    "mobile",
)
COLOURS = {
    "nor_conv_3x3": "#d1495b",
    "nor_conv_1x1": "#3b82c4",
    "avg_pool_3x3": "#2f9663",
    "skip_connect": "#7f8a96",
}
WORDS = {
    "nor_conv_3x3": "3x3",
    "nor_conv_1x1": "1x1",
    "avg_pool_3x3": "pool",
    "skip_connect": "skip",
}
STRUCTURE = (
    "SuperConvK3BNRELU(3,16,1,1)SuperResK1K7K1(16,32,2,8,3)SuperResK5K5(32,64,2,32,1)"
    "SuperResIDWE6K3(64,96,1,64,2)SuperConvK1BNRELU(96,512,1,1)"
)


def words(drawing: str) -> list[str]:
    return [
        element.text or ""
        for element in ElementTree.fromstring(drawing).iter()
        if _is_text(element)
    ]


def _is_text(element: ElementTree.Element) -> bool:
    return element.tag.endswith("}text")


def boxes(drawing: str) -> list[float]:
    """The heights of the boxes."""
    root = ElementTree.fromstring(drawing)
    return [float(e.attrib["height"]) for e in root.iter() if e.tag.endswith("}rect")]


def masternet() -> PlainNet:
    return PlainNet(blocks="residual", initial=STRUCTURE, max_width=None)


@pytest.mark.parametrize("name", SPACES)
def test_every_space_has_small_wellformed_drawings_with_words_for_the_blind(name: str) -> None:
    space: Space = instantiate(compose(f"space={name}").space)
    rng = np.random.default_rng(0)
    for _ in range(50):
        genotype = space.sample(rng)
        drawing = draw(space, genotype)
        root = ElementTree.fromstring(drawing)
        assert root.attrib["role"] == "img" and len(root.attrib["aria-label"]) > 20
        assert len(drawing.encode()) < 4000
        assert "currentColor" in drawing and "prefers-color-scheme:dark" in drawing
        assert root[0].tag.endswith("}title") and (root[0].text or "")[:100] == genotype[:100]


def test_each_edge_of_a_cell_has_the_colour_and_the_word_of_its_operation() -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        genotype = CELLS.sample(rng)
        drawing, described = draw(CELLS, genotype), CELLS.describe(genotype)
        for operation, colour in COLOURS.items():
            assert drawing.count(f'stroke="{colour}"') == described[f"count_{operation}"]
            assert drawing.count(f">{WORDS[operation]}<") == described[f"count_{operation}"]
        assert drawing.count('opacity=".16"') == described["count_none"]


def test_a_cell_has_four_nodes_in_the_order_of_the_benchmark() -> None:
    root = ElementTree.fromstring(draw(CELLS, CELLS.parse("6111")))
    places = [float(e.attrib["cx"]) for e in root.iter() if e.tag.endswith("}circle")]
    assert len(places) == 4 and places == sorted(places)


@pytest.mark.parametrize("edge", range(6))
def test_an_edge_runs_from_its_node_to_its_node(edge: int) -> None:
    cell = ["none"] * 6
    cell[edge] = "nor_conv_3x3"
    genotype = CELLS.compose({f"edge_{i}{j}": op for (i, j), op in zip(EDGES, cell, strict=True)})
    drawing = draw(CELLS, genotype)
    curve = re.search(r'd="M(\S+) \S+Q\S+ \S+ (\S+) \S+" stroke="#d1495b"', drawing)
    assert curve is not None
    nodes = [float(x) for x in re.findall(r'circle cx="(\d+)"', drawing)]
    first, last = EDGES[edge]
    assert abs(float(curve[1]) - nodes[first]) <= 15
    assert abs(float(curve[2]) - nodes[last]) <= 23


def test_what_no_path_uses_is_faint_and_a_dead_cell_says_so() -> None:
    dead = CELLS.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|none~2|")
    drawing = draw(CELLS, dead)
    assert drawing.count('opacity=".45"') == 2
    assert "dead: no path from input to output" in words(drawing)
    alive = CELLS.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|")
    assert 'opacity=".45"' not in draw(CELLS, alive) and "dead" not in draw(CELLS, alive)


def test_the_description_names_every_operation_but_none() -> None:
    cell = CELLS.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|avg_pool_3x3~2|")
    description = picture(CELLS, cell).description
    assert description == "cell with edges 0 to 1 3x3; 1 to 2 skip; 2 to 3 pool"


def test_cells_share_the_parts_that_are_alike() -> None:
    one = picture(CELLS, CELLS.parse("|nor_conv_3x3~0|+|skip_connect~0|skip_connect~1|+" + TAIL))
    other = picture(CELLS, CELLS.parse("|nor_conv_1x1~0|+|skip_connect~0|skip_connect~1|+" + TAIL))
    assert len(set(one.parts) ^ set(other.parts)) == 2


TAIL = "|skip_connect~0|avg_pool_3x3~1|nor_conv_1x1~2|"


def test_the_supernet_draws_all_operations_of_an_edge() -> None:
    space = NB201Supernet()
    drawing = draw(space, space.whole())
    assert all(drawing.count(f'stroke="{colour}"') == 6 for colour in COLOURS.values())
    assert len(OPERATIONS) == 5


def test_free_widths_stand_below_the_cell() -> None:
    space = NB201Width(N=3)
    drawing = draw(space, space.parse("16:24:64 6111"))
    assert [word for word in words(drawing) if word.isdigit()][-3:] == ["16", "24", "64"]
    assert words(drawing).count("x3") == 3
    assert drawing.count(">cell<") == 3


@pytest.mark.parametrize(
    ("space", "spelling", "told"),
    [
        (NatsSize(), "8:24:32:16:64", ["8", "24", "÷2", "32", "16", "÷2", "64"]),
        (ResNet(), "basic:3x16,5x32,1x64", ["16", "16", "x3", "32", "÷2", "x5", "64", "÷2"]),
        (ResNet(), "bottleneck:1x8,1x8,2x16", ["8", "32", "32", "÷2", "64", "÷2", "x2"]),
        (
            RegNet(),
            "X-200MF",
            ["32", "÷2", "24", "÷2", "56", "÷2", "152", "÷2", "x4", "368", "÷2", "x7"],
        ),
        (
            TransNASMacro(),
            "1432",
            ["64", "÷4", "64", "x2", "128", "÷2", "x2", "128", "÷2", "x2", "256", "x2"],
        ),
        (
            masternet(),
            STRUCTURE,
            ["16", "32", "÷2", "x3", "64", "÷2", "96", "x2", "512"],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_blocks_tell_width_stride_and_repetitions(
    space: Space, spelling: str, told: list[str]
) -> None:
    said = words(draw(space, space.parse(spelling)))
    assert [word for word in said if re.fullmatch(r"[x÷]?\d+", word)] == told


def test_a_structure_tells_kernels_and_expansions() -> None:
    space = masternet()
    said = words(draw(space, space.parse(STRUCTURE)))
    assert [w for w in said if not re.fullmatch(r"[x÷]?\d+", w)] == [
        "3x3",
        "1·7·1",
        "5·5",
        "e6 k3",
        "1x1",
    ]


def test_nb_macro_keeps_a_place_for_an_identity_and_a_convolution_for_one_with_a_stride() -> None:
    said = words(draw(NBMacro(), Genotype("00120000")))
    labels = [word for word in said if not re.fullmatch(r"÷?\d+", word)]
    assert labels == ["3x3", "1x1", "id", "e3 k3", "e6 k5", "id", "1x1", "id", "id", "1x1"]
    assert said.count("÷2") == 3


def test_a_wider_block_is_a_taller_box() -> None:
    space = ResNet()
    heights = boxes(draw(space, space.parse("basic:1x8,1x16,1x64")))
    assert heights[0] == heights[1] < heights[2] < heights[3]


def test_a_very_long_chain_stays_small_and_says_what_it_left_out() -> None:
    chain = "SuperConvK3BNRELU(3,64,1,1)" + "SuperResK3K3(64,64,1,64,1)" * 60
    space = masternet()
    drawing = draw(space, space.parse(chain))
    assert len(drawing.encode()) < 4000
    assert len(boxes(drawing)) == 16 and "+46" in words(drawing)


def test_other_spaces_get_a_card_with_their_spelling_escaped() -> None:
    hostile = Genotype("net:Small(name='<script>alert(1)</script>')")
    drawing = draw(object(), hostile)  # type: ignore[arg-type]
    assert "<script" not in drawing
    assert "".join(words(drawing)).replace(" ", "") == hostile.replace(" ", "")


def test_a_foreign_genotype_is_refused() -> None:
    with pytest.raises(ValueError, match="not a NAS-Bench-201 cell"):
        draw(CELLS, Genotype("8:24:32:16:64"))
