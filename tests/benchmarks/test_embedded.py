"""The embedded benchmark: real trainings, in the wheel, and never under another name."""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.conftest import Outcome
from zenlab.benchmarks.embedded.benchmark import NAME, EmbeddedBenchmark
from zenlab.benchmarks.table import TableUnavailable
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb_macro import NBMacro

SPACE = NB201()
FILE = Path(str(resources.files("zenlab.benchmarks.embedded") / "nb201_fashion_mnist.parquet"))
MOST_BYTES = 2_000_000


def test_every_row_is_a_live_cell_of_another_class_with_the_mean_of_its_seeds() -> None:
    rows = pq.read_table(FILE).to_pandas()
    assert FILE.stat().st_size < MOST_BYTES
    assert len({SPACE.canonical(genotype) for genotype in rows["genotype"]}) == len(rows)
    assert all(SPACE.describe(genotype)["dead"] == 0 for genotype in rows["genotype"])
    assert all(SPACE.parse(genotype) == genotype for genotype in rows["genotype"])
    assert [SPACE.index(genotype) for genotype in rows["genotype"]] == rows["index"].tolist()
    seeds = rows.filter(regex=r"^accuracy_seed_\d$")
    assert len(seeds.columns) >= 2
    np.testing.assert_allclose(seeds.mean(axis=1), rows["accuracy"], atol=1e-4)
    np.testing.assert_allclose(seeds.std(axis=1, ddof=1), rows["accuracy_std"], atol=1e-3)


def test_the_file_says_how_it_was_made() -> None:
    made = json.loads(pq.read_schema(FILE).metadata[b"zenlab"])
    assert made["space"]["C"] == 8 and made["space"]["N"] == 1
    assert made["recipe"]["epochs"] == 3 and made["recipe"]["train_images"] == 10_000
    assert made["rows"] == pq.read_metadata(FILE).num_rows
    assert {"torch", "zenlab"} <= set(made["versions"])


def test_the_table_is_named_by_what_it_is() -> None:
    table = EmbeddedBenchmark().load(SPACE, "cifar10")
    assert table.name == NAME
    assert table.label == f"{NAME} test accuracy (%)"


def test_a_lower_loss_is_better() -> None:
    losses = EmbeddedBenchmark(quantity="loss").load(SPACE, "cifar10").values
    accuracies = EmbeddedBenchmark().load(SPACE, "cifar10").values
    assert max(losses.values()) < 0
    found = np.corrcoef(list(losses.values()), [accuracies[cell] for cell in losses])[0, 1]
    assert found > 0.8


@pytest.mark.parametrize("dataset", ["cifar100", "imagenet16"])
def test_it_never_stands_in_for_other_datasets(dataset: str) -> None:
    with pytest.raises(TableUnavailable, match=f"never stands in for {dataset}"):
        EmbeddedBenchmark().load(SPACE, dataset)


def test_another_space_is_refused() -> None:
    with pytest.raises(ValueError, match="benchmark=embedded has cells of NAS-Bench-201"):
        EmbeddedBenchmark().load(NBMacro(), "cifar10")


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(ValueError, match="quantity is 'speed'; wanted one of accuracy, loss"):
        EmbeddedBenchmark(quantity="speed")


@pytest.mark.parametrize(
    "searcher", [("searcher=random", "searcher.budget=40"), ("searcher=exhaustive",)]
)
def test_a_run_draws_from_what_the_benchmark_knows_and_joins_every_cell(
    run_zenlab: Callable[..., Outcome], searcher: tuple[str]
) -> None:
    run = run_zenlab("proxy=params", "benchmark=embedded", *searcher)
    known = EmbeddedBenchmark().load(SPACE, "cifar10").values
    budget = 40 if "budget" in searcher[-1] else len(known)
    assert run.summary["joined"] == len(run.scores) == budget
    assert run.summary["population"] == f"{len(known):,} genotypes the benchmark knows"
    assert run.summary["benchmark"]["name"] == NAME
    for genotype, accuracy in zip(run.scores["genotype"], run.scores["accuracy"], strict=True):
        assert accuracy == pytest.approx(known[genotype])


def test_a_run_over_all_genotypes_lends_no_accuracy_to_another(
    run_zenlab: Callable[..., Outcome],
) -> None:
    run = run_zenlab(
        "proxy=params",
        "benchmark=embedded",
        "searcher.budget=200",
        "searcher.population=all",
        "searcher.seed=5",
    )
    known = EmbeddedBenchmark().load(SPACE, "cifar10").values
    joined = run.scores["genotype"].isin(list(known))
    assert run.summary["population"] == "all genotypes"
    assert (run.scores["accuracy"].notna() == joined).all() and joined.sum() < 100
