"""The closed form against worked numbers, against Monte Carlo, and against the official program."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import integrate, stats

from tests.test_golden_zen_nb201 import MEANS, golden, needs
from zenlab.core import Genotype
from zenlab.graphs.graph import Block, Graph, Node, Pool
from zenlab.proxies import lags, moments
from zenlab.proxies.expansion import Expander
from zenlab.proxies.moments import Fields
from zenlab.proxies.zen import draw_zen_scores
from zenlab.proxies.zen_closed import ZenClosed
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201.graph import nb201_graph

SPACE = NB201()
CLOSED = ZenClosed()
BEST = (
    "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_1x1~1"
    "|nor_conv_3x3~2|"
)
RESNET = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"


def same(operation: str) -> str:
    o = operation
    return f"|{o}~0|+|{o}~0|{o}~1|+|{o}~0|{o}~1|{o}~2|"


@pytest.fixture(scope="module")
def whole_space() -> dict[Genotype, float]:
    cells = list(SPACE)
    return {c: e.value for c, e in zip(cells, CLOSED.evaluate(SPACE, cells), strict=True)}


@pytest.mark.parametrize(
    ("cell", "score"),
    [
        (RESNET, 82.94),
        (BEST, 173.44),
        (same("nor_conv_3x3"), 179.29),
        (same("nor_conv_1x1"), 92.15),
        (same("skip_connect"), 52.62),
        (same("avg_pool_3x3"), 46.56),
    ],
    ids=["resnet", "best", "all c3", "all c1", "all skip", "all pool"],
)
def test_six_cells_have_the_scores_worked_out_by_hand(cell: str, score: float) -> None:
    (found,) = CLOSED.evaluate(SPACE, [SPACE.parse(cell)])
    assert found.value == pytest.approx(score, abs=0.02)


def test_the_resnet_cell_is_met_layer_by_layer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log deviations of stem, both convolutions of cells 1 to 5, and the first reduction."""
    seen: list[float] = []
    normalise = moments.normalise

    def watched(fields: Fields, variance: moments.Floats, epsilon: float) -> Fields:
        seen.append(float(CLOSED._log_deviation(variance, 1.0)[0]))
        return normalise(fields, variance, epsilon)

    monkeypatch.setattr(moments, "normalise", watched)
    CLOSED.evaluate(SPACE, [SPACE.parse(RESNET)])
    first = [0.8727, 1.1473, 1.1473, 1.4731, 1.1473, 1.6687, 1.1473, 1.8089, 1.1473, 1.9183, 1.1473]
    assert seen[:11] == pytest.approx(first, abs=1e-4)
    assert seen[11:13] == pytest.approx([2.0077, 1.4610], abs=1e-4)


def test_the_terms_add_up_to_the_score() -> None:
    rng = np.random.default_rng(0)
    for estimate in CLOSED.evaluate(SPACE, [SPACE.sample(rng) for _ in range(300)]):
        if math.isfinite(estimate.value):
            assert sum(estimate.terms.values()) == pytest.approx(estimate.value, abs=1e-9)


def test_exactly_the_dead_cells_score_minus_infinity(whole_space: dict[Genotype, float]) -> None:
    assert not any(math.isnan(score) for score in whole_space.values())
    dead = {cell for cell, score in whole_space.items() if score == -math.inf}
    assert dead == {cell for cell in SPACE if SPACE.describe(cell)["dead"]}


@needs(MEANS)
def test_it_meets_the_mean_of_official_draws(whole_space: dict[Genotype, float]) -> None:
    cells = golden(MEANS, "cells")
    official = np.array([float(cell["mean"]) for cell in cells])
    closed = np.array([whole_space[SPACE.parse(cell["arch"])] for cell in cells])
    assert stats.spearmanr(official, closed).statistic >= 0.995
    assert abs((closed - official).mean()) <= 1
    assert (closed - official).std(ddof=1) <= 1.2


def test_cells_alone_and_in_company_have_the_same_score(whole_space: dict[Genotype, float]) -> None:
    for cell in list(SPACE)[100:110]:
        (alone,) = CLOSED.evaluate(SPACE, [cell])
        assert alone.value == pytest.approx(whole_space[cell], rel=1e-12)


def test_cells_that_can_not_be_told_apart_are_computed_once() -> None:
    expander = Expander()
    one, other = (
        SPACE.graph(SPACE.parse(cell)).blocks[1]
        for cell in (
            "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",
            "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|",
        )
    )
    assert expander.expand(one) == expander.expand(other)


@pytest.mark.parametrize("statistics", ["fresh", "carried", "batch"])
def test_every_statistics_meets_its_own_monte_carlo(statistics: str) -> None:
    """A wide small network, so that the assumptions hold; the mean of eight networks."""
    space = NB201(C=64, N=1, image_size=16)
    cell = space.parse(RESNET)
    draws = [score for seed in range(8) for score in monte_carlo(space, cell, statistics, seed)]
    closed = ZenClosed(repeats=3, statistics=statistics, batch_size=16)
    (found,) = closed.evaluate(space, [cell])
    assert found.value == pytest.approx(np.mean(draws), abs=0.35)


def monte_carlo(space: NB201, cell: Genotype, statistics: str, seed: int) -> Iterator[float]:
    rng = torch.Generator().manual_seed(seed)
    repeats = 3 if statistics == "carried" else 1
    images = torch.empty(16, 3, 16, 16)
    generators = (rng for _ in range(repeats))
    return draw_zen_scores(space.build(cell), images, generators, gamma=0.01, statistics=statistics)


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.3, 0.9])
def test_the_covariance_after_a_relu_is_the_integral(correlation: float) -> None:
    """Both moments by numerical integration over two correlated Gaussians."""
    density = stats.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]])
    product, _ = integrate.dblquad(
        lambda y, x: x * y * density.pdf([x, y]), 0, 9, 0, 9, epsabs=1e-7
    )
    found = moments.kappa(np.array([correlation]))
    assert found[0] == pytest.approx(product - 1 / (2 * np.pi), abs=1e-5)


def test_the_small_gap_of_a_relu_is_exact() -> None:
    for gap in (0.5, 0.1):
        exact = moments.kappa(np.array([1.0, 1.0 - gap]))
        assert moments.kappa_gap(np.array([gap]))[0] == pytest.approx(exact[0] - exact[1], rel=1e-9)


def test_pooling_twice_meets_white_noise_pooled_twice() -> None:
    """The covariance by lag of pooled noise, from the dense covariance matrix in two dimensions."""
    size, kept = 8, 4
    pool = lags.pooling(size, 3, 1, 1)
    once, twice = pool, pool @ pool
    operator = np.kron(once, once) + np.kron(twice, twice)
    covariance = (operator @ operator.T).reshape(size, size, size, size)
    noise = np.zeros(len(lags.lag_pairs(kept)))
    noise[0] = 1
    found = lags.polynomial_operator((0, 1, 1), size, kept) @ noise
    for (dx, dy), value in zip(lags.lag_pairs(kept), found, strict=True):
        pairs = [
            covariance[x, y, x + dx, y + dy] for x in range(size - dx) for y in range(size - dy)
        ]
        assert value == pytest.approx(np.mean(pairs), rel=1e-9)


def test_an_operation_without_a_rule_is_named_with_what_works_instead() -> None:
    class Odd(NB201):
        def graph(self, genotype: Genotype) -> Graph:
            graph = nb201_graph(("none",) * 6, C=4, N=1, channels=3, image_size=8, classes=10)
            odd = Block("cell", (Node(Pool(5, 1, 2), (0,)),))
            return Graph(3, 8, 10, (graph.blocks[0], odd, graph.blocks[-1]))

    with pytest.raises(ValueError, match=r"no rule for Pool\(kernel=5.*proxy=zen, params"):
        CLOSED.evaluate(Odd(), [SPACE.parse("0")])


def test_a_space_without_graphs_is_refused() -> None:
    with pytest.raises(ValueError, match="which object can't tell; proxy=zen, params"):
        CLOSED.evaluate(object(), [SPACE.parse("0")])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"lags": 0}, "proxy.lags is 0; wanted at least 1"),
        ({"gamma": -1.0}, "proxy.gamma is -1.0; wanted a positive number"),
        ({"statistics": "none"}, "wanted one of fresh, carried, batch"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ZenClosed(**parameters)


def test_against_the_real_table_it_ranks_as_published_scores_do_and_its_terms_say_why(
    whole_space: dict[Genotype, float], real_tables: Path
) -> None:
    """Published: Spearman 0.386 and Kendall 0.296 over all cells (CIFAR-10 test, 200 epochs)."""
    table = pd.read_csv(real_tables / "nb201" / "out_c10_200.csv", header=None, index_col=0)
    accuracies = table[2].sort_index().to_numpy()
    scores = np.array(list(whole_space.values()))
    assert stats.spearmanr(scores, accuracies).statistic == pytest.approx(0.386, abs=0.02)
    assert stats.kendalltau(scores, accuracies).statistic == pytest.approx(0.296, abs=0.02)
    live = np.isfinite(scores)
    terms = pd.DataFrame([e.terms for e in CLOSED.evaluate(SPACE, list(SPACE))])[live]
    shares = terms.apply(lambda term: term.cov(pd.Series(scores)) / scores[live].var(ddof=1))
    assert shares.sum() == pytest.approx(1, abs=1e-6)
    expected = {"growth": 0.74, "fan_in": 0.18, "reduction": 0.04, "last": 0.04}
    assert dict(shares[list(expected)]) == pytest.approx(expected, abs=0.01)
    rho = {name: stats.spearmanr(terms[name], accuracies[live]).statistic for name in terms}
    assert rho["growth"] == pytest.approx(0.10, abs=0.01)
    assert rho["log_difference"] == pytest.approx(0.65, abs=0.01)
