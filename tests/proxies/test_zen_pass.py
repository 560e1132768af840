"""The fast pass gives the scores of the plain one, from the same draws."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from tests.conftest import CONF, compose
from zenlab.core import Batch, Genotype
from zenlab.graphs.graph import Norm, Pool, Relu, Traced
from zenlab.proxies.zen import Zen, draw_zen_scores
from zenlab.proxies.zen_pass import compile_graph, draw_zen_scores_of_graph
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=4, N=2, image_size=8)
CPU = torch.device("cpu")
ZERO_FED = "|none~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1|none~2|"


def generators(statistics: str, draws: int = 3) -> Iterator[torch.Generator]:
    rng = torch.Generator().manual_seed(5)
    for draw in range(draws):
        yield rng if statistics == "carried" else torch.Generator().manual_seed(draw)


def plain(space: NB201, cell: Genotype, statistics: str) -> list[float]:
    images = torch.empty(6, space.channels, space.image_size, space.image_size)
    made = draw_zen_scores(
        space.build(cell), images, generators(statistics), gamma=0.01, statistics=statistics
    )
    return list(made)


def fast(space: NB201, cell: Genotype, statistics: str, *, autocast: bool = False) -> list[float]:
    made = draw_zen_scores_of_graph(
        space.graph(cell),
        6,
        CPU,
        generators(statistics),
        gamma=0.01,
        statistics=statistics,
        autocast=autocast,
    )
    return [score.item() for score in made]


@pytest.mark.parametrize("statistics", ["fresh", "carried", "batch"])
def test_scores_are_those_of_the_plain_pass(statistics: str) -> None:
    rng = np.random.default_rng(0)
    cells = [SPACE.sample(rng) for _ in range(25)]
    for cell in cells:
        found = fast(SPACE, cell, statistics)
        assert found == pytest.approx(plain(SPACE, cell, statistics), rel=1e-4, abs=1e-3), cell


def test_a_convolution_fed_with_zeros_counts_and_draws_its_weights() -> None:
    cell = SPACE.parse(ZERO_FED)
    assert fast(SPACE, cell, "fresh") == pytest.approx(plain(SPACE, cell, "fresh"), rel=1e-4)


def test_a_dead_cell_is_minus_infinity() -> None:
    dead = SPACE.parse("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|")
    assert fast(SPACE, dead, "fresh") == [-math.inf] * 3


NEEDY = "module"  # it needs a network of somebody's own, and tells no graph


@pytest.mark.parametrize(
    "option", sorted({path.stem for path in (CONF / "space").glob("*.yaml")} - {NEEDY})
)
def test_every_traced_space_has_graphs_in_the_order_of_its_modules(option: str) -> None:
    space = instantiate(compose(f"space={option}").space, _convert_="all")
    if not isinstance(space, Traced):
        return
    rng = np.random.default_rng(1)
    for _ in range(2):
        cell = space.sample(rng)
        assert fast(space, cell, "fresh") == pytest.approx(plain(space, cell, "fresh"), rel=1e-4)


def test_one_value_is_rectified_and_pooled_once() -> None:
    cell = SPACE.parse(
        "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|avg_pool_3x3~0|avg_pool_3x3~1"
        "|nor_conv_3x3~2|"
    )
    operations = [step.operation for step in compile_graph(SPACE.graph(cell)).steps]
    cells, reductions, ends = 3 * SPACE.N, 2, 1
    assert sum(isinstance(o, Relu) for o in operations) == 2 * cells + 2 * reductions + ends
    assert sum(isinstance(o, Pool) for o in operations) == 2 * cells + reductions
    assert sum(isinstance(o, Norm) for o in operations) == 3 * cells + 2 * reductions + 1 + ends


def test_the_proxy_scores_a_graph_as_it_scores_the_network() -> None:
    cell = SPACE.parse("6111")
    batch = Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long), synthetic=True)
    for parameters in ({"repeats": 5}, {"repeats": 9, "tolerance": 0.5}):
        proxy = Zen(batch_size=8, **parameters)
        by_graph = proxy.measure_graph(
            SPACE.graph(cell), batch, rng=torch.Generator().manual_seed(3)
        )
        network = SPACE.build(cell)
        by_network = proxy.measure(network, batch, rng=torch.Generator().manual_seed(3))
        assert by_graph.value == pytest.approx(by_network.value, rel=1e-4)
        assert by_graph.stderr == pytest.approx(by_network.stderr, rel=1e-3)
        assert by_graph.terms == by_network.terms


def test_half_precision_runs_and_stays_near() -> None:
    cell = SPACE.parse("6111")
    found = fast(SPACE, cell, "fresh", autocast=True)
    assert found == pytest.approx(fast(SPACE, cell, "fresh"), rel=0.05)
    assert found != fast(SPACE, cell, "fresh")
