"""What every space, proxy and searcher promises, held by each option that conf/ offers."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from tests.conftest import CONF, compose
from zenlab.abilities import Budgeted, Connected, Counted, Enumerable, Factored, Learning
from zenlab.core import Batch, Genotype, NetworkProxy, Proxy, Score, Searcher, Space, SymbolicProxy
from zenlab.proxies.zen import Zen
from zenlab.scoring.measure import Measurement

COMBINED = ("suite", "az_nas", "te_nas", "vote")  # scored through their members
SMALL = {"space": [], "proxy": ["space.C=4", "space.N=1", "dataset.image_size=8"], "searcher": []}
DEAD = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
NEEDS = {
    "listed": ["searcher.path={list}"],
    "module": ["space.factory=tests.spaces.test_module:Small"],
    "regnet": ["space.max_w0=64", "space.max_wa=32"],  # narrow ones, for the sake of time
    "te_nas": ["space=nb201_supernet"],
}
ALONE = ("module",)  # spaces of one architecture, which has no neighbour


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def make(group: str, option: str, *overrides: str) -> tuple[Any, Space]:
    config = compose(f"{group}={option}", *SMALL[group], *overrides)
    space = instantiate(config.space, _convert_="all")
    if group == "space":
        return space, space
    made = instantiate(config[group], _convert_="all")
    return (made(space=space) if group == "searcher" else made), space


@pytest.fixture(params=options("space"))
def space(request: pytest.FixtureRequest) -> Space:
    return make("space", request.param, *NEEDS.get(request.param, []))[1]


@pytest.fixture(params=sorted(set(options("space")) - set(ALONE)))
def wide_space(request: pytest.FixtureRequest) -> Space:
    return make("space", request.param, *NEEDS.get(request.param, []))[1]


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_a_space_reads_back_what_it_draws(space: Space, rng: np.random.Generator) -> None:
    drawn = [space.sample(rng) for _ in range(50)]
    assert [space.parse(genotype) for genotype in drawn] == drawn


def test_a_mutant_is_another_architecture_of_the_space(
    wide_space: Space, rng: np.random.Generator
) -> None:
    for _ in range(50):
        parent = wide_space.sample(rng)
        mutant = wide_space.mutate(parent, rng)
        assert mutant != parent
        assert wide_space.parse(mutant) == mutant


def test_neighbours_are_what_mutation_draws_from(space: Space, rng: np.random.Generator) -> None:
    if not isinstance(space, Connected):
        return
    genotype = space.sample(rng)
    near = space.neighbours(genotype)
    assert near and len(set(near)) == len(near) and genotype not in near
    assert [space.parse(other) for other in near] == list(near)
    assert {space.mutate(genotype, rng) for _ in range(50)} <= set(near)


def test_factors_compose_architectures_of_the_space(space: Space, rng: np.random.Generator) -> None:
    if not isinstance(space, Factored):
        return
    chosen = [
        {name: options[rng.integers(len(options))] for name, options in space.factors().items()}
        for _ in range(30)
    ]
    composed = [space.compose(choice) for choice in chosen]
    assert [space.parse(genotype) for genotype in composed] == composed
    assert len(set(composed)) == len({tuple(choice.values()) for choice in chosen})


def test_official_counts_name_what_constraints_limit(
    space: Space, rng: np.random.Generator
) -> None:
    if isinstance(space, Counted):
        assert set(space.official(space.sample(rng))) == {"params", "flops", "layers"}


def test_equal_seeds_draw_equal_architectures(wide_space: Space) -> None:
    one, other = (
        [wide_space.mutate(wide_space.sample(rng), rng) for _ in range(10)]
        for rng in (np.random.default_rng(7), np.random.default_rng(7))
    )
    assert one == other


def test_a_space_describes_every_architecture_with_the_same_finite_numbers(
    space: Space, rng: np.random.Generator
) -> None:
    described = [space.describe(space.sample(rng)) for _ in range(20)]
    assert {"params", "macs", "flops", "dead"} <= set(described[0])
    assert all(set(numbers) == set(described[0]) for numbers in described)
    assert all(math.isfinite(value) for numbers in described for value in numbers.values())


def test_described_params_are_those_of_the_network(space: Space, rng: np.random.Generator) -> None:
    for _ in range(3):
        genotype = space.sample(rng)
        weights = sum(weight.numel() for weight in space.build(genotype).parameters())
        assert space.describe(genotype)["params"] == weights


def test_a_network_takes_images_of_two_sizes(space: Space, rng: np.random.Generator) -> None:
    network = space.build(space.sample(rng))
    for size in (32, 64):
        images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
        assert network.forward_features(images).dim() == 4
        logits = network(images)
        assert logits.shape[0] == 2 and logits.dim() == 2 and logits.isfinite().all()
        logits.sum().backward()


@pytest.mark.parametrize("count", [5, pytest.param(50, marks=pytest.mark.slow)])
def test_random_networks_have_finite_zen_scores_unless_they_are_dead(
    space: Space, rng: np.random.Generator, count: int
) -> None:
    batch = Batch(torch.zeros(2, 3, 32, 32), torch.zeros(2, dtype=torch.long), synthetic=True)
    measurement = Measurement(space, Zen(batch_size=2), batch)
    for _ in range(count):
        made = measurement.score(space.sample(rng))
        dead = bool(space.describe(made.genotype)["dead"])
        assert made.error is None
        assert made.value == -math.inf if dead else math.isfinite(made.value)


def test_a_space_is_left_as_it_was(space: Space, rng: np.random.Generator) -> None:
    before = hash(space)
    space.build(space.sample(rng))
    assert hash(space) == before


def test_the_walk_of_a_space_is_as_long_as_it_says(space: Space) -> None:
    if isinstance(space, Enumerable) and len(space) < 100_000:
        assert len(set(space)) == len(space)


def score(proxy: Proxy, space: Space, genotypes: list[Genotype], batch: Any) -> list[float]:
    if isinstance(proxy, SymbolicProxy):
        return [estimate.value for estimate in proxy.evaluate(space, genotypes)]
    measurement = Measurement(space, proxy, batch)
    scores = [measurement.score(genotype) for genotype in genotypes]
    assert [made.error for made in scores] == [None] * len(scores)
    return [made.value for made in scores]


def batch_for(proxy: Proxy) -> Any:
    dataset = instantiate(compose(*SMALL["proxy"]).dataset, _convert_="all")
    return (
        dataset.batch(proxy.batch_size, seed=proxy.seed)
        if isinstance(proxy, NetworkProxy)
        else None
    )


MEASURED = [option for option in options("proxy") if option not in COMBINED]


def test_all_other_options_measure_or_compute() -> None:
    assert len(MEASURED) + len(COMBINED) == len(options("proxy")) >= 27
    for option in options("proxy"):
        made, _ = make("proxy", option)
        assert isinstance(made, NetworkProxy | SymbolicProxy) != (option in COMBINED)


@pytest.mark.filterwarnings("ignore:epe_nas compares images")  # labels are synthetic here
@pytest.mark.parametrize("option", MEASURED)
def test_a_score_is_finite_or_minus_infinity_for_the_dead_and_comes_again(
    option: str, rng: np.random.Generator
) -> None:
    proxy, space = make("proxy", option)
    again, _ = make("proxy", option)
    genotypes = [*(space.sample(rng) for _ in range(5)), space.parse(DEAD)]
    dead = [bool(space.describe(genotype)["dead"]) for genotype in genotypes]
    assert dead == [False] * 5 + [True]
    values = score(proxy, space, genotypes, batch_for(proxy))
    assert not any(math.isnan(value) or value == math.inf for value in values)
    assert all(gone or math.isfinite(value) for value, gone in zip(values, dead, strict=True))
    assert score(again, space, genotypes, batch_for(again)) == values


@pytest.mark.filterwarnings("ignore:epe_nas compares images")
@pytest.mark.parametrize("option", MEASURED)
def test_a_score_does_not_depend_on_the_company(option: str, rng: np.random.Generator) -> None:
    proxy, space = make("proxy", option)
    genotypes = [space.sample(rng) for _ in range(3)]
    batch = batch_for(proxy)
    together = score(proxy, space, genotypes, batch)
    assert [score(proxy, space, [one], batch)[0] for one in genotypes[::-1]] == together[::-1]


@pytest.mark.filterwarnings("ignore:epe_nas compares images")
@pytest.mark.parametrize("option", MEASURED)
def test_a_proxy_leaves_its_batch_and_global_random_state_alone(option: str) -> None:
    proxy, space = make("proxy", option)
    if isinstance(proxy, SymbolicProxy):
        return
    batch = batch_for(proxy)
    images, labels, state = batch.images.clone(), batch.labels.clone(), torch.get_rng_state()
    score(proxy, space, [space.sample(np.random.default_rng(3))], batch)
    assert torch.equal(batch.images, images) and torch.equal(batch.labels, labels)
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.filterwarnings("ignore:epe_nas compares images")
@pytest.mark.parametrize("option", MEASURED)
def test_cpu_and_gpu_agree(option: str) -> None:
    proxy, space = make("proxy", option)
    if isinstance(proxy, SymbolicProxy):
        return
    genotype = space.sample(np.random.default_rng(3))
    here = Measurement(space, proxy, batch_for(proxy))
    there = here.to(torch.device("cuda"))
    assert there.score(genotype).value == pytest.approx(here.score(genotype).value, rel=2e-2)


def outcome(genotype: Genotype) -> Score:
    """A made-up score that carries the members that TE-NAS looks for."""
    value = float(len(genotype))
    return Score(genotype, value, terms={"ntk": value, "linear_regions": -value})


def search(searcher: Searcher) -> list[Genotype]:
    everything: list[Genotype] = []
    while asked := searcher.ask():
        searcher.tell([outcome(genotype) for genotype in asked])
        everything += asked
    return everything


@pytest.fixture
def make_searcher(tmp_path: Any) -> Callable[..., tuple[Searcher, Space]]:
    """Make a searcher with what it can't do without."""
    path = tmp_path / "cells.txt"
    path.write_text("".join(f"{index}\n" for index in range(40)))

    def make_with(option: str, *overrides: str, **supplied: Any) -> tuple[Searcher, Space]:
        needs = [need.format(list=path) for need in NEEDS.get(option, [])]
        config = compose(f"searcher={option}", *needs, *overrides)
        space = instantiate(config.space, _convert_="all")
        return instantiate(config.searcher, _convert_="all")(space, **supplied), space

    return make_with


@pytest.mark.parametrize("option", options("searcher"))
def test_a_searcher_ends_names_its_population_and_asks_the_same_again(
    option: str, make_searcher: Any
) -> None:
    searcher, space = make_searcher(option)
    again, _ = make_searcher(option)
    asked = search(searcher)
    assert asked and [space.parse(genotype) for genotype in asked] == asked
    assert search(again) == asked
    assert isinstance(searcher.population, str) and isinstance(searcher.uniform, bool)
    assert searcher.ask() == []


SEARCHERS = [option for option in options("searcher") if option != "te_nas"]  # it has no choice


@pytest.mark.parametrize("option", SEARCHERS)
def test_a_searcher_asks_for_nothing_that_is_not_admitted(option: str, make_searcher: Any) -> None:
    refused: list[Genotype] = []

    def admit(genotype: Genotype) -> bool:
        if "nor_conv_3x3~0|+" in genotype:
            refused.append(genotype)
        return "nor_conv_3x3~0|+" not in genotype

    searcher, _ = make_searcher(option, admit=admit)
    asked = search(searcher)
    assert refused and asked and not set(asked) & set(refused)


@pytest.mark.parametrize("option", SEARCHERS)
def test_a_failed_score_does_not_break_a_search(option: str, make_searcher: Any) -> None:
    searcher, _ = make_searcher(option)
    rounds = 0
    while asked := searcher.ask():
        rounds += 1
        first, *others = asked
        failed = Score(first, math.nan, error="out of memory")
        searcher.tell([failed if rounds % 2 else outcome(first), *map(outcome, others)])
    assert rounds


@pytest.mark.parametrize("option", options("searcher"))
def test_a_searcher_takes_no_scores_before_it_has_asked(option: str, make_searcher: Any) -> None:
    searcher, space = make_searcher(option)
    with pytest.raises(RuntimeError, match="tell came before ask"):
        searcher.tell([outcome(space.sample(np.random.default_rng(0)))])


@pytest.mark.parametrize("option", SEARCHERS)
def test_a_search_keeps_to_its_budget_and_its_members_were_asked(
    option: str, make_searcher: Any
) -> None:
    searcher, _ = make_searcher(option)
    asked = search(searcher)
    if isinstance(searcher, Budgeted) and searcher.budget is not None:
        assert len(asked) <= searcher.budget
    if isinstance(searcher, Learning):
        assert searcher.members and set(searcher.members) <= set(asked)
