"""Which table NAS-Bench-201 gives, where it is taken from, and what is said where there is none."""

import os
import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.benchmarks.conftest import Server
from tests.benchmarks.official_file import write_official_file
from tests.conftest import Outcome
from zenlab.benchmarks import nb201
from zenlab.benchmarks.embedded.benchmark import EmbeddedBenchmark
from zenlab.benchmarks.nb201 import NB201Benchmark
from zenlab.benchmarks.official import convert_official
from zenlab.benchmarks.public_tables import FILES
from zenlab.benchmarks.table import TableUnavailable
from zenlab.core import Genotype, Table
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
BEST = list(SPACE)[6111]
NOWHERE = "http://127.0.0.1:9"
"""A port on which nothing listens."""


@pytest.fixture
def home(tmp_path: Path) -> str:
    return str(tmp_path / "home")


@pytest.fixture(scope="session")
def twelve_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("official") / "official.pth"
    write_official_file(path, 12, container="zip")
    return path


@pytest.fixture
def official(tmp_path: Path, twelve_cells: Path) -> Path:
    """A file as the official one, with twelve cells and invented accuracies."""
    return Path(shutil.copy(twelve_cells, tmp_path))


@pytest.fixture
def public_server(server: Server, real_tables: Path) -> Server:
    """A mirror of the public tables."""
    for file in FILES:
        server.files[f"/{file.folder}/{file.name}"] = (real_tables / file.path).read_bytes()
    return server


def load(home: str, run: str = "cifar10", **fields: Any) -> Table:
    """Load the table for a run on the dataset `run`."""
    return NB201Benchmark(home, **{"source": NOWHERE} | fields).load(SPACE, run)


def cached(home: str) -> list[str]:
    return sorted(path.name for path in Path(home, "benchmarks").iterdir())


# What it gives


def test_the_default_is_the_test_accuracy_after_200_epochs(home: str, real_tables: Path) -> None:
    table = load(home, data=str(real_tables))
    assert table.name == "NAS-Bench-201, public tables"
    assert table.label == "CIFAR-10 test accuracy after 200 epochs (%)"
    assert set(table.values) == set(SPACE)
    assert table.values[BEST] == pytest.approx(94.373, abs=5e-4)


@pytest.mark.parametrize(
    ("dataset", "split", "schedule", "label"),
    [
        ("cifar10", "val", 12, "CIFAR-10 validation accuracy after 12 epochs (%)"),
        ("cifar100", "test", 12, "CIFAR-100 test accuracy after 12 epochs (%)"),
        ("imagenet16", "test", 200, "ImageNet16-120 test accuracy after 200 epochs (%)"),
    ],
)
def test_dataset_split_and_schedule_choose_the_column(
    home: str,
    real_tables: Path,
    accuracies: pd.DataFrame,
    dataset: str,
    split: str,
    schedule: int,
    label: str,
) -> None:
    table = load(home, dataset, split=split, schedule=schedule, data=str(real_tables))
    assert table.label == label
    assert dict(table.values) == accuracies[dataset, split, schedule].to_dict()


def test_a_dataset_asked_for_by_hand_comes_before_the_runs(home: str, real_tables: Path) -> None:
    table = load(home, "cifar10", dataset="cifar100", data=str(real_tables))
    assert table.label == "CIFAR-100 test accuracy after 200 epochs (%)"


@pytest.mark.parametrize(
    "fields",
    [{"split": "val"}, {"dataset": "svhn"}, {"schedule": 90}, {"split": "valid", "schedule": 12}],
)
def test_a_combination_that_the_public_tables_lack_lists_what_they_have(
    home: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="is not in the public tables of NAS-Bench-201") as caught:
        load(home, **fields)
    for key, value in fields.items():
        assert f"benchmark.{key}={value}" in str(caught.value)
    assert "there is cifar10 test 12, cifar10 test 200, cifar10 val 12, cifar100" in str(
        caught.value
    )


def test_a_run_on_another_dataset_joins_nothing(home: str, official: Path) -> None:
    for fields in ({}, {"official": str(official)}):
        with pytest.raises(TableUnavailable, match=r"no accuracies on dataset mnist .*cifar10"):
            load(home, "mnist", **fields)


def test_a_space_with_other_architectures_is_an_error(home: str, real_tables: Path) -> None:
    class Other(NB201):
        def parse(self, text: str) -> Genotype:
            raise ValueError(f"{text} is no string of Zen-NAS")

    with pytest.raises(ValueError, match=r"this space can't read: .* is no string of Zen-NAS"):
        NB201Benchmark(home, data=str(real_tables)).load(Other(), "cifar10")


# The public tables


def test_a_conversion_needs_neither_the_tables_nor_the_network_again(
    home: str, real_tables: Path
) -> None:
    first = load(home, data=str(real_tables))
    assert [name[:13] for name in cached(home)] == ["nb201-public-"]
    assert load(home) == load(home, data="/no/such/folder") == first


def test_a_cached_table_is_loaded_quickly(home: str, real_tables: Path) -> None:
    load(home, data=str(real_tables))
    start = time.perf_counter()
    load(home)
    assert time.perf_counter() - start < 0.5


def test_tables_are_downloaded_when_no_folder_is_given(home: str, public_server: Server) -> None:
    told: list[str] = []
    benchmark = NB201Benchmark(home, source=public_server.url)
    table = benchmark.load(SPACE, "cifar10", on_progress=lambda what, *_: told.append(what))
    assert table.values[BEST] == pytest.approx(94.373, abs=5e-4)
    assert list(dict.fromkeys(told)) == [f"downloading {file.name}" for file in FILES]
    assert len(public_server.asked) == 4


def test_what_came_whole_before_a_cut_is_not_downloaded_again(
    home: str, public_server: Server
) -> None:
    third = f"/{FILES[2].folder}/{FILES[2].name}"
    public_server.cut = {third}
    with pytest.raises(TableUnavailable, match="cut off in the middle"):
        load(home, dataset="cifar100", source=public_server.url)
    assert cached(home) == []
    public_server.cut.clear()
    load(home, source=public_server.url)
    assert len(public_server.asked) == 5 and public_server.asked.count(third) == 2


def test_no_network_is_one_line_with_what_is_missing_and_the_cure(home: str) -> None:
    with pytest.raises(TableUnavailable) as caught:
        load(home, dataset="cifar100")
    (line,) = str(caught.value).splitlines()
    assert line.startswith("no accuracies, scores only: can't download http://127.0.0.1:9/")
    assert all(file.path in line for file in FILES)
    assert "set ZENLAB_DATA" in line and "NB201_PATH" in line
    assert cached(home) == []


@pytest.mark.parametrize("dataset", ["cifar10", "fashion_mnist"])
def test_without_a_network_zenlabs_own_trainings_stand_in_and_say_so(
    home: str, dataset: str
) -> None:
    table = NB201Benchmark(home=home, source=NOWHERE).load(SPACE, dataset)
    assert table.values == EmbeddedBenchmark().load(SPACE, dataset).values
    assert table.label == "embedded (Fashion-MNIST 8x8, C=8, N=1) test accuracy (%)"
    reason = "can't download" if dataset == "cifar10" else "no accuracies on dataset fashion_mnist"
    assert table.remark is not None and f"can't be had ({reason}" in table.remark
    assert f"{len(table.values):,} cells that zenlab has trained itself" in table.remark


@pytest.mark.parametrize("dataset", ["cifar100", "imagenet16"])
def test_nothing_stands_in_for_other_datasets(home: str, dataset: str) -> None:
    with pytest.raises(TableUnavailable, match="can't download"):
        NB201Benchmark(home=home, source=NOWHERE).load(SPACE, dataset)


def test_a_downloaded_file_with_a_wrong_sum_is_an_error(home: str, public_server: Server) -> None:
    public_server.files[f"/{FILES[0].folder}/{FILES[0].name}"] = b"<html>"
    with pytest.raises(ValueError, match=FILES[0].sha256):
        load(home, source=public_server.url)
    assert cached(home) == []


def test_a_given_file_with_a_wrong_sum_is_an_error(home: str, tmp_path: Path) -> None:
    path = tmp_path / FILES[0].path
    path.parent.mkdir()
    path.write_bytes(b"a pickle that must not be opened")
    with pytest.raises(ValueError, match="isn't the file that was published") as caught:
        load(home, data=str(tmp_path))
    assert str(path) in str(caught.value)
    assert cached(home) == []


def test_a_folder_without_the_tables_is_an_error(home: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"ZENLAB_DATA is .* but there is no file"):
        load(home, data=str(tmp_path))


def test_two_runs_may_convert_at_once(home: str, real_tables: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(load, home, data=str(real_tables)) for _ in range(2)]
    assert runs[0].result() == runs[1].result()
    assert len(cached(home)) == 1


def test_a_home_that_can_not_be_written_is_told_before_anything_is_fetched(
    tmp_path: Path, server: Server
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PermissionError, match=r"can't keep the converted table .*set ZENLAB_HOME"):
        load(str(tmp_path / "file"), source=server.url)
    assert server.asked == []


def test_a_damaged_conversion_is_told_with_the_cure(home: str, real_tables: Path) -> None:
    load(home, data=str(real_tables))
    (path,) = Path(home, "benchmarks").iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"can't read the converted table .*; delete it"):
        load(home)


# The official file


def test_the_official_file_comes_before_the_public_tables(
    home: str, official: Path, real_tables: Path
) -> None:
    load(home, data=str(real_tables))
    table = load(home, official=str(official), data=str(real_tables))
    assert table.name == "NAS-Bench-201, official file"
    assert set(table.values) == set(list(SPACE)[:12])


@pytest.mark.parametrize(
    ("dataset", "split", "schedule"), [("cifar10", "val", 200), ("imagenet16", "test", 12)]
)
def test_the_official_file_has_all_splits_and_schedules(
    home: str, official: Path, tmp_path: Path, dataset: str, split: str, schedule: int
) -> None:
    convert_official(official, tmp_path / "all.parquet")
    rows = pd.read_parquet(tmp_path / "all.parquet").set_index(["dataset", "split", "schedule"])
    expected = rows.loc[(dataset, split, schedule)].set_index("genotype")["accuracy"].to_dict()
    found = load(home, dataset, split=split, schedule=schedule, official=str(official))
    assert dict(found.values) == expected


def test_the_official_file_is_converted_once_until_it_changes(
    home: str, official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted: list[Path] = []

    def counting(path: Path, destination: Path, **options: Any) -> None:
        converted.append(path)
        convert_official(path, destination, **options)

    monkeypatch.setattr(nb201, "convert_official", counting)
    load(home, official=str(official))
    load(home, "cifar100", schedule=12, official=str(official))
    assert converted == [official.resolve()]
    os.utime(official, ns=(0, official.stat().st_mtime_ns + 1))
    load(home, official=str(official))
    write_official_file(official, 13, container="zip")
    assert len(load(home, official=str(official)).values) == 13
    assert len(converted) == 3


def test_a_conversion_tells_how_far_it_is(home: str, official: Path) -> None:
    told: list[tuple[str, int, int]] = []
    benchmark = NB201Benchmark(home, official=str(official))
    benchmark.load(SPACE, "cifar10", on_progress=lambda *how: told.append(how))
    whats, counts, totals = zip(*told, strict=True)
    assert set(whats) == {"converting official.pth"} and len(set(totals)) == 1
    assert list(counts) == sorted(counts) and counts[-1] == totals[0]


def test_a_slip_shows_before_the_official_file_is_converted(home: str, official: Path) -> None:
    with pytest.raises(ValueError, match=r"benchmark\.split=tset.* there is cifar10 test 12"):
        load(home, split="tset", official=str(official))
    assert not Path(home).exists()


def test_an_official_file_that_lacks_a_combination_lists_what_it_has(
    home: str, official: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As version 1.0 of the file, whose 12-epoch schedule has CIFAR-10 validation only."""

    def convert_older(path: Path, destination: Path, **options: Any) -> None:
        convert_official(path, destination, **options)
        rows = pd.read_parquet(destination)
        lacking = (rows["schedule"] == 12) & (rows[["dataset", "split"]] != ["cifar10", "val"]).any(
            axis="columns"
        )
        rows[~lacking & (rows["dataset"] != "imagenet16")].to_parquet(destination, index=False)

    monkeypatch.setattr(nb201, "convert_official", convert_older)
    with pytest.raises(ValueError, match="is not in the official file") as caught:
        load(home, schedule=12, official=str(official))
    assert str(caught.value).endswith(
        "there is cifar10 test 200, cifar10 val 12, cifar10 val 200, cifar100 test 200, "
        "cifar100 val 200"
    )
    with pytest.raises(TableUnavailable, match="no accuracies on dataset imagenet16"):
        load(home, "imagenet16", official=str(official))


@pytest.mark.parametrize("dataset", ["cifar10", "mnist"])
def test_an_official_file_that_does_not_exist_is_an_error_and_no_fallback(
    home: str, real_tables: Path, dataset: str
) -> None:
    with pytest.raises(FileNotFoundError, match=r"NB201_PATH .* is /no/such\.pth, but"):
        load(home, dataset, official="/no/such.pth", data=str(real_tables))


def test_an_official_file_that_is_none_names_itself(home: str, tmp_path: Path) -> None:
    (tmp_path / "notes.pth").write_text("not a table")
    with pytest.raises(ValueError, match=r"notes\.pth"):
        load(home, official=str(tmp_path / "notes.pth"))
    assert cached(home) == []


# In a run


def test_a_run_joins_the_accuracies_of_its_dataset(
    run_zenlab: Callable[..., Outcome], real_tables: Path, accuracies: pd.DataFrame
) -> None:
    run = run_zenlab(
        "proxy=params", "searcher.budget=50", f"data={real_tables}", "dataset=cifar100"
    )
    expected = accuracies["cifar100", "test", 200][run.scores["genotype"]]
    np.testing.assert_array_equal(run.scores["accuracy"], expected)
    assert run.summary["benchmark"]["label"] == "CIFAR-100 test accuracy after 200 epochs (%)"


@pytest.mark.parametrize(
    "overrides", [(f"benchmark.source={NOWHERE}", "dataset=cifar100"), ("dataset.name=mnist",)]
)
def test_a_run_without_a_table_scores_all_the_same(
    run_zenlab: Callable[..., Outcome], capsys: pytest.CaptureFixture[str], overrides: tuple[str]
) -> None:
    run = run_zenlab("proxy=params", "searcher.budget=5", *overrides)
    assert len(run.scores) == 5 and run.scores["accuracy"].isna().all()
    assert "correlation" not in run.summary
    assert "no accuracies" in capsys.readouterr().out


def test_an_address_with_a_password_is_refused_before_it_is_written_anywhere() -> None:
    with pytest.raises(ValueError, match=r"benchmark.source carries .* a password") as refusal:
        NB201Benchmark(home="here", source="https://me:hunter2@mirror.example")
    assert "hunter2" not in str(refusal.value)
