"""The published figures of TransNAS-Bench-101 macro, and what is said where they can't be had."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.conftest import Server
from tests.conftest import compose
from zenlab.benchmarks.table import TableUnavailable
from zenlab.benchmarks.transnas import FILE, TASKS, TransNASMacroBenchmark
from zenlab.core import Genotype, Table
from zenlab.spaces.nb_macro import NBMacro
from zenlab.spaces.transnas_macro import TransNASMacro

SPACE = TransNASMacro()
NOWHERE = "http://127.0.0.1:9"
"""A port on which nothing listens."""


def load(tmp_path: Path, **fields: Any) -> Table:
    benchmark = TransNASMacroBenchmark(str(tmp_path), **{"source": NOWHERE} | fields)
    return benchmark.load(SPACE, "cifar10")


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_the_figures_of_every_network(
    tmp_path: Path, real_tables: Path, task: str
) -> None:
    table = load(tmp_path, data=str(real_tables), task=task)
    assert set(table.values) == set(SPACE)
    assert table.label.startswith(f"{task} on validation images: ")


def test_the_table_derived_elsewhere_agrees_on_all_but_309_networks(
    tmp_path: Path, real_tables: Path
) -> None:
    """Of those, all of six modules, the derived table has a better figure in some of the tasks."""
    with (real_tables / "transnas101/macro_val.csv").open() as file:
        derived = {SPACE.parse(row["arch"]): row for row in csv.DictReader(file)}
    differing: set[Genotype] = set()
    for task in TASKS:
        figures = load(tmp_path, data=str(real_tables), task=task).values
        assert all(float(derived[network][task]) >= figures[network] for network in SPACE)
        differing |= {n for n in SPACE if float(derived[n][task]) != figures[n]}
    assert len(differing) == 309
    assert {len(network) for network in differing} == {6}


def test_the_published_zen_scores_can_be_compared_with(tmp_path: Path, real_tables: Path) -> None:
    table = load(tmp_path, data=str(real_tables), task="class_object", metric="published_zen")
    assert set(table.values) == set(SPACE)
    assert table.values[SPACE.parse("43121")] == pytest.approx(69.3687057)
    assert table.label == "Zen-score that NAS-Bench-Suite-Zero publishes for class_object"


def test_the_file_is_downloaded_once_for_all_tasks(
    tmp_path: Path, server: Server, real_tables: Path
) -> None:
    server.files[f"/{FILE.folder}/{FILE.name}"] = (real_tables / FILE.path).read_bytes()
    for task in "jigsaw", "normal":
        assert len(load(tmp_path, source=server.url, task=task).values) == 3_256
    assert len(server.asked) == 1
    assert (tmp_path / "downloads" / FILE.path).is_file()


def test_no_network_is_one_line_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(TableUnavailable) as caught:
        load(tmp_path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("no accuracies, scores only: can't download http://127.0.0.1:9/automl/")
    assert line.endswith(f"set ZENLAB_DATA to a folder with {FILE.path}")


def test_a_space_with_other_architectures_is_an_error(tmp_path: Path, real_tables: Path) -> None:
    benchmark = TransNASMacroBenchmark(str(tmp_path), data=str(real_tables))
    with pytest.raises(ValueError, match=r"benchmark=transnas_macro has .* this space can't read"):
        benchmark.load(NBMacro(), "cifar10")


def test_another_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / FILE.path
    path.parent.mkdir()
    path.write_bytes(b"PK")
    with pytest.raises(ValueError, match="isn't the file that was published"):
        load(tmp_path, data=str(tmp_path))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"task": "depth"}, "benchmark.task is 'depth'; wanted one of class_scene, class_object"),
        ({"metric": "test"}, "benchmark.metric is 'test'; wanted one of validation, published_zen"),
        ({"source": "https://me:secret@host"}, "carries a user name or a password"),
    ],
)
def test_parameters_that_name_nothing_are_refused(fields: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        TransNASMacroBenchmark("home", **fields)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("overrides", [[], ["benchmark=transnas"]], ids=["default", "alias"])
def test_the_space_finds_its_benchmark(overrides: list[str]) -> None:
    config = compose("space=transnas_macro", "benchmark.task=jigsaw", *overrides)
    assert config.benchmark._target_.endswith(".TransNASMacroBenchmark")
    assert config.benchmark.task == "jigsaw"
