"""The published table of NAS-Bench-Macro, and what is said where it can't be had."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.benchmarks.conftest import Server
from tests.conftest import compose
from zenlab.benchmarks.nb_macro import FILE, NBMacroBenchmark
from zenlab.benchmarks.table import TableUnavailable
from zenlab.core import Table
from zenlab.spaces.nb_macro import NBMacro
from zenlab.spaces.transnas_macro import TransNASMacro

SPACE = NBMacro()
NOWHERE = "http://127.0.0.1:9"
"""A port on which nothing listens."""


def load(tmp_path: Path, run: str = "cifar10", **fields: Any) -> Table:
    benchmark = NBMacroBenchmark(str(tmp_path), **{"source": NOWHERE} | fields)
    return benchmark.load(SPACE, run)


@pytest.fixture
def table(tmp_path: Path, real_tables: Path) -> Table:
    return load(tmp_path, data=str(real_tables))


def test_every_network_of_the_space_is_there_with_the_published_figures(table: Table) -> None:
    assert set(table.values) == set(SPACE)
    accuracies = table.values
    assert accuracies[SPACE.parse("22212220")] == max(accuracies.values())
    assert max(accuracies.values()) == pytest.approx(93.127, abs=5e-4)
    assert accuracies[SPACE.parse("00000000")] == min(accuracies.values())
    assert min(accuracies.values()) == pytest.approx(45.363, abs=5e-4)
    assert np.mean(list(accuracies.values())) == pytest.approx(90.247, abs=5e-4)
    assert table.label == "mean CIFAR-10 test accuracy, best of 50 epochs (%)"


@pytest.mark.parametrize(
    ("size", "spearman", "kendall"), [("flops", 0.748, 0.556), ("params", 0.318, 0.218)]
)
def test_sizes_rank_the_networks_as_computed_elsewhere(
    table: Table, size: str, spearman: float, kendall: float
) -> None:
    sizes = [SPACE.describe(network)[size] for network in table.values]
    accuracies = list(table.values.values())
    assert stats.spearmanr(sizes, accuracies).statistic == pytest.approx(spearman, abs=6e-4)
    assert stats.kendalltau(sizes, accuracies).statistic == pytest.approx(kendall, abs=6e-4)


def test_the_number_of_identities_ranks_the_networks_best(table: Table) -> None:
    identities = [SPACE.describe(network)["count_0"] for network in table.values]
    found = stats.spearmanr(identities, list(table.values.values())).statistic
    assert found == pytest.approx(-0.832, abs=6e-4)


def test_duplicates_have_the_same_accuracy(table: Table) -> None:
    accuracies = table.values
    assert all(accuracies[n] == accuracies[SPACE.representative(n)] for n in accuracies)


def test_mean_and_deviation_are_those_of_the_three_trainings(
    tmp_path: Path, real_tables: Path
) -> None:
    def values(metric: str) -> list[float]:
        return list(load(tmp_path, data=str(real_tables), metric=metric).values.values())

    trials = np.array([values(f"trial_{number}") for number in (1, 2, 3)])
    assert values("mean") == pytest.approx(trials.mean(0))
    assert values("std") == pytest.approx(trials.std(0))


def test_the_file_is_downloaded_once_when_no_folder_is_given(
    tmp_path: Path, server: Server, real_tables: Path
) -> None:
    server.files[f"/{FILE.folder}/{FILE.name}"] = (real_tables / FILE.path).read_bytes()
    first = load(tmp_path, source=server.url)
    assert load(tmp_path, source=server.url) == first
    assert len(server.asked) == 1
    assert (tmp_path / "downloads" / FILE.path).is_file()


def test_no_network_is_one_line_with_the_cure(tmp_path: Path) -> None:
    with pytest.raises(TableUnavailable) as caught:
        load(tmp_path)
    (line,) = str(caught.value).splitlines()
    assert line.startswith("no accuracies, scores only: can't download http://127.0.0.1:9/xiusu/")
    assert line.endswith(f"set ZENLAB_DATA to a folder with {FILE.path}")


def test_a_run_on_another_dataset_has_no_table_unless_it_is_asked_for(
    tmp_path: Path, real_tables: Path
) -> None:
    with pytest.raises(TableUnavailable, match=r"no accuracies on dataset digits .*cifar10"):
        load(tmp_path, "digits", data=str(real_tables))
    assert len(load(tmp_path, "digits", data=str(real_tables), dataset="cifar10").values) == 6_561


def test_a_space_with_other_architectures_is_an_error(tmp_path: Path, real_tables: Path) -> None:
    benchmark = NBMacroBenchmark(str(tmp_path), data=str(real_tables))
    with pytest.raises(ValueError, match=r"benchmark=nb_macro has .* this space can't read"):
        benchmark.load(TransNASMacro(), "cifar10")


def test_another_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / FILE.path
    path.parent.mkdir()
    path.write_text("{}")
    with pytest.raises(ValueError, match="isn't the file that was published"):
        load(tmp_path, data=str(tmp_path))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"metric": "median"}, "benchmark.metric is 'median'; wanted one of mean, std, trial_1"),
        ({"dataset": "cifar100"}, "benchmark.dataset is 'cifar100'; wanted one of None, cifar10"),
        ({"source": "https://me:secret@host"}, "carries a user name or a password"),
    ],
)
def test_parameters_that_name_nothing_are_refused(fields: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        NBMacroBenchmark("home", **fields)
    assert "secret" not in str(caught.value)


def test_the_space_finds_its_benchmark() -> None:
    config = compose("space=nb_macro")
    assert config.benchmark._target_.endswith(".NBMacroBenchmark")
