"""A benchmark of one's own: built, resumed, and used as any other table."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict

from tests.conftest import Outcome, compose
from tests.tracking.conftest import read_back
from zenlab.building import build_benchmark
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
BUILD = (
    "experiment=build_benchmark",
    "space.C=2",
    "space.N=1",
    "dataset=digits",
    "validation.epochs=1",
    "validation.seeds=2",
    "searcher.budget=4",
    "hardware.workers=1",
    "tracking=none",
)


def build(tmp_path: Path, *overrides: str, folder: str = "build") -> Path:
    output = tmp_path / folder
    output.mkdir(exist_ok=True)
    config = compose(*BUILD, *overrides)
    with open_dict(config):
        config.hydra.runtime.output_dir = str(output)
        HydraConfig.instance().set_config(config)
        del config["hydra"]
    build_benchmark(config)
    return output / "benchmark.parquet"


def test_each_training_is_streamed_and_the_table_at_the_end(tmp_path: Path) -> None:
    rows = pd.read_parquet(build(tmp_path, "tracking=wandb"))
    streamed = read_back(tmp_path / "build")
    steps = [step for step in streamed.history if "trainings" in step]
    assert [step["trainings"] for step in steps] == list(range(1, 9))
    made = np.sort(rows[["accuracy_seed_0", "accuracy_seed_1"]].to_numpy(), axis=None)
    assert sorted(step["training/accuracy"] for step in steps) == pytest.approx(made.tolist())
    assert streamed.table("scores")["genotype"].tolist() == rows["genotype"].tolist()


def test_a_table_has_means_spread_and_each_seed_and_says_how_it_was_made(tmp_path: Path) -> None:
    path = build(tmp_path)
    rows = pd.read_parquet(path)
    seeds = rows[["accuracy_seed_0", "accuracy_seed_1"]]
    assert len(rows) == 4
    np.testing.assert_allclose(seeds.mean(axis=1), rows["accuracy"], rtol=1e-6)
    np.testing.assert_allclose(seeds.std(axis=1, ddof=1), rows["accuracy_std"], rtol=1e-4)
    assert rows["index"].tolist() == [SPACE.index(genotype) for genotype in rows["genotype"]]
    made = json.loads(pq.read_schema(path).metadata[b"zenlab"])
    assert made["recipe"]["epochs"] == 1 and made["seeds"] == 2
    assert made["label"] == "digits test accuracy after 1 epoch (%)"
    assert len(made["identity"]["revision"]) == 16 and len(made["sha256_of_rows"]) == 64


def test_a_longer_build_trains_only_what_is_new(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = pd.read_parquet(build(tmp_path))
    trainings = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("result.json")}
    longer = pd.read_parquet(build(tmp_path, "searcher.budget=5", folder="longer"))
    pd.testing.assert_frame_equal(longer[:4], first)
    assert len(longer) == 5
    assert all(path.stat().st_mtime_ns == when for path, when in trainings.items())


def test_a_built_table_is_a_benchmark(tmp_path: Path, run_zenlab: Callable[..., Outcome]) -> None:
    path = build(tmp_path)
    run = run_zenlab(
        "proxy=params", "searcher=exhaustive", "benchmark=table", f"benchmark.path={path}"
    )
    rows = pd.read_parquet(path).set_index("genotype")["accuracy"]
    assert run.summary["joined"] == 4
    assert run.summary["benchmark"]["label"] == "digits test accuracy after 1 epoch (%)"
    np.testing.assert_allclose(run.scores["accuracy"], rows[run.scores["genotype"]], rtol=1e-6)


def test_failed_trainings_are_told_and_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = build(tmp_path, "validation.learning_rate=1e6", "validation.warmup=0.0")
    assert not path.exists()
    assert "8 trainings failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("validation=none", "set validation=short, full or embedded"),
        ("searcher=evolution", "use searcher=stratified, random, exhaustive or listed"),
        ("build.every=0", "build.every is 0; wanted at least 1"),
    ],
)
def test_what_cant_be_built_is_told(tmp_path: Path, override: str, message: str) -> None:
    words = [word for word in BUILD if not word.startswith(("validation", "searcher"))]
    with pytest.raises(ValueError, match=message):
        output = tmp_path / "build"
        output.mkdir()
        config = compose(*words, override)
        with open_dict(config):
            config.hydra.runtime.output_dir = str(output)
            HydraConfig.instance().set_config(config)
            del config["hydra"]
        build_benchmark(config)
