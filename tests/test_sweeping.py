"""A sweep ends with one table, whatever became of its jobs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from omegaconf import OmegaConf

from tests.test_laboratory import own_claim
from zenlab.report.files import write_summary
from zenlab.sweeping import read_jobs


def zenlab(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ZENLAB_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "zenlab", *words, f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, int]:
    """A sweep of a claim over two proxies, and over a claim that can't be tested."""
    folder = tmp_path_factory.mktemp("swept")
    own_claim(folder, "benchmark=embedded")
    path = folder / "options" / "hypothesis" / "own.yaml"
    broken = OmegaConf.load(path)
    broken["given"] = ["weight"]
    OmegaConf.save(broken, path.with_name("broken.yaml"))
    ended = zenlab(
        folder,
        "--multirun",
        "--config-dir",
        str(folder / "options"),
        "hypothesis=own,broken",
        "proxy=params,flops",
        "tracking=none",
        "analysis.claim_draws=50",
    )
    return folder / "sweep", ended.stdout + ended.stderr, ended.returncode


def test_a_sweep_over_claims_ends_with_one_table(swept: tuple[Path, str, int]) -> None:
    folder, shown, _ = swept
    rows = pd.read_csv(folder / "sweep.csv")
    assert rows[["claim", "proxy"]].to_numpy().tolist() == [
        ["own", "params"],
        ["own", "flops"],
        ["broken", "params"],
        ["broken", "flops"],
    ]
    assert rows["verdict"].tolist()[2:] == ["failed", "failed"]
    summary = json.loads((folder / "sweep_summary.json").read_text())
    assert summary["jobs"] == 4
    assert (folder / "figures" / "sweep.png").stat().st_size > 5_000
    assert "claims tested together (Holm)" in shown


def test_failed_jobs_are_told_with_their_reason_and_the_sweep_ends_as_failed(
    swept: tuple[Path, str, int],
) -> None:
    _, shown, code = swept
    assert "has no descriptor 'weight'" in shown
    assert "zenlab: 2 of 4 jobs failed; the others are whole" in shown
    assert code == 1
    assert "Traceback" not in shown


def test_an_ordinary_sweep_ends_with_a_table_of_headlines(tmp_path: Path) -> None:
    ended = zenlab(
        tmp_path,
        "--multirun",
        "proxy=params,flops",
        "searcher.budget=20",
        "benchmark=embedded",
        "tracking=none",
    )
    assert ended.returncode == 0, ended.stderr
    rows = pd.read_csv(tmp_path / "sweep" / "sweep.csv")
    assert rows["proxy"].tolist() == ["params", "flops"]
    for job, row in rows.iterrows():
        summary = json.loads((tmp_path / "sweep" / str(job) / "summary.json").read_text())
        assert row["kendall"] == pytest.approx(summary["correlation"]["all"]["kendall"]["value"])


def test_a_job_that_left_nothing_was_cut_off(tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    (tmp_path / "1").mkdir()
    write_summary(tmp_path / "1" / "summary.json", {"proxy": "zen"})
    first, second = read_jobs(tmp_path)
    assert first["error"] == "it was cut off" and second["proxy"] == "zen"
