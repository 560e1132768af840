"""A sweep ends with one table, whatever became of its jobs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from omegaconf import OmegaConf

from tests.test_laboratory import own_claim
from zenlab.hypotheses.part import Part
from zenlab.hypotheses.verdict import Verdict
from zenlab.laboratory import summarise
from zenlab.report.files import write_summary
from zenlab.sweeping import SweepSummary, main, read_jobs

MADE_UP = """
import os
import signal
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from zenlab.report.files import write_summary


def job(config):
    if config.seed == 1:
        raise IndexError("nothing at 7")
    if config.seed == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if config.seed == 3:
        raise KeyboardInterrupt
    folder = Path(HydraConfig.get().runtime.output_dir)
    write_summary(folder / "summary.json", {"proxy": f"made up {config.seed}"})
"""


def zenlab(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [*words, f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    return in_a_process("zenlab", *command, tmp_path=tmp_path)


def in_a_process(
    module: str, *words: str, tmp_path: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ZENLAB_HOME": str(tmp_path / "home"), **environment}
    command = [sys.executable, "-m", module, *words]
    return subprocess.run(command, env=environment, text=True, capture_output=True, check=False)


def sweep_made_up(
    tmp_path: Path, seeds: str, launcher: str = "basic"
) -> subprocess.CompletedProcess[str]:
    """Sweep a job that does next to nothing, or stumbles, as its seed says."""
    if launcher == "joblib":
        pytest.importorskip("hydra_plugins.hydra_joblib_launcher")
    (tmp_path / "made_up.py").write_text(MADE_UP)
    option = tmp_path / "options" / "job" / "made_up.yaml"
    option.parent.mkdir(parents=True, exist_ok=True)
    option.write_text("_target_: made_up.job\n_partial_: true\n")
    words = ["--multirun", "--config-dir", str(option.parents[1]), "job=made_up"]
    words += [f"seed={seeds}", f"hydra/launcher={launcher}"]
    words += ["hydra.launcher.n_jobs=2"] if launcher == "joblib" else []
    words += [f"hydra.sweep.dir={tmp_path / 'sweep'}"]
    return in_a_process("zenlab", *words, tmp_path=tmp_path, PYTHONPATH=str(tmp_path))


def table(tmp_path: Path) -> pd.DataFrame:
    return pd.read_csv(tmp_path / "sweep" / "sweep.csv")


def judged_jobs(folder: Path, *failures: dict[str, str]) -> None:
    """Write the folder of a sweep over `analysis.seed` in which a claim failed in some jobs."""
    write_summary(folder / "multirun.yaml", {})
    for job, failed in enumerate(failures):
        part = Part("where", 0.2 + job, 0.1, 2.0, 40, 0.1)
        found = summarise([Verdict("own", "It knows.", "params", [part])], failed)
        write_summary(folder / str(job) / "summary.json", {**found, "proxy": "params"})
        words = ["hypothesis=poster", "proxy=params", f"analysis.seed={job}"]
        (folder / str(job) / ".hydra").mkdir()
        OmegaConf.save(OmegaConf.create(words), folder / str(job) / ".hydra" / "overrides.yaml")


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
    assert [row["job"] for row in summary["rows"]] == [0, 1, 2, 3]
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


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_an_error_that_nobody_foresaw_fails_its_job_only(tmp_path: Path, launcher: str) -> None:
    ended = sweep_made_up(tmp_path, "0,1,4", launcher)
    assert table(tmp_path)["proxy"].fillna("").tolist() == ["made up 0", "", "made up 4"]
    assert "job 1 (job=made_up seed=1) failed: IndexError: nothing at 7" in ended.stdout
    assert "zenlab: 1 of 3 jobs failed; the others are whole" in ended.stderr
    assert ended.returncode == 1
    assert "Traceback" not in ended.stdout + ended.stderr
    log = (tmp_path / "sweep" / "1" / "zenlab.log").read_text()
    assert "Traceback" in log and 'raise IndexError("nothing at 7")' in log


def test_whoever_stops_a_job_stops_the_sweep(tmp_path: Path) -> None:
    ended = sweep_made_up(tmp_path, "0,3,4")
    assert "zenlab: stopped" in ended.stderr
    assert not (tmp_path / "sweep" / "2").exists()


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_what_an_earlier_sweep_left_in_the_same_folder_counts_no_more(
    tmp_path: Path, launcher: str
) -> None:
    sweep_made_up(tmp_path, "0,1,5,6", launcher)
    assert len(table(tmp_path)) == 4
    ended = sweep_made_up(tmp_path, "7,8", launcher)
    assert table(tmp_path)["proxy"].tolist() == ["made up 7", "made up 8"]
    assert ended.returncode == 0, ended.stderr
    assert "left out, of an earlier sweep in the same folder: 2, 3" in ended.stdout


def test_a_sweep_that_was_killed_can_be_closed_later(tmp_path: Path) -> None:
    sweep_made_up(tmp_path, "4,5,6")
    killed = sweep_made_up(tmp_path, "0,2,7")
    assert killed.returncode == -9
    ended = in_a_process("zenlab.sweeping", str(tmp_path / "sweep"), tmp_path=tmp_path)
    rows = table(tmp_path)
    assert rows["overrides"].tolist() == ["job=made_up seed=0", "job=made_up seed=2"]
    assert rows["error"].fillna("").tolist() == ["", "it was cut off"]
    assert "zenlab: 1 of 2 jobs failed; the others are whole" in ended.stderr
    assert ended.returncode == 1


def test_what_is_no_sweep_cant_be_closed(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"is no folder of a sweep: it has no multirun\.yaml"):
        main([str(tmp_path / "nowhere")])
    judged_jobs(tmp_path / "none")
    with pytest.raises(SystemExit, match=r"no job of the sweep in .* had begun"):
        main([str(tmp_path / "none")])
    judged_jobs(tmp_path / "copied", {})
    os.utime(tmp_path / "copied" / "multirun.yaml")
    os.utime(tmp_path / "copied" / "0" / ".hydra" / "overrides.yaml", (1, 1))
    with pytest.raises(SystemExit, match=r"are older than its multirun\.yaml"):
        main([str(tmp_path / "copied")])


def test_claims_that_failed_beside_others_are_rows_with_their_reason(tmp_path: Path) -> None:
    judged_jobs(tmp_path, {}, {"drowned": "there is no term 'growth'", "regions": "too few"})
    with pytest.raises(SystemExit) as ended:
        main([str(tmp_path)])
    assert str(ended.value) == ("zenlab: 2 of 4 claims could not be tested; the others are whole")
    rows = pd.read_csv(tmp_path / "sweep.csv")
    told = rows[["job", "claim", "proxy", "verdict"]].to_numpy().tolist()
    assert told[2:] == [[1, "drowned", "params", "failed"], [1, "regions", "params", "failed"]]
    assert rows["sentence"].tolist()[2:] == ["there is no term 'growth'", "too few"]
    written = json.loads((tmp_path / "sweep_summary.json").read_text())["rows"]
    assert [row["claim"] for row in written] == ["own", "own", "drowned", "regions"]


def test_rows_of_a_sweep_over_anything_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[dict[str, Any]] = []

    def draw(path: Path, rows: list[dict[str, Any]], *, title: str) -> None:
        drawn.extend(rows)
        path.parent.mkdir()
        path.touch()

    monkeypatch.setattr("zenlab.report.verdicts.draw_sweep", draw)
    judged_jobs(tmp_path, {}, {})
    main([str(tmp_path)])
    rows = pd.read_csv(tmp_path / "sweep.csv")
    assert rows["job"].tolist() == [0, 1]
    assert rows["overrides"].tolist() == [
        f"hypothesis=poster proxy=params analysis.seed={seed}" for seed in (0, 1)
    ]
    assert rows["proxy"].tolist() == ["params", "params"]
    assert [row["proxy"] for row in drawn] == ["params\nanalysis.seed=0", "params\nanalysis.seed=1"]
    assert "analysis.seed=1" in capsys.readouterr().out


def test_a_table_is_written_before_it_is_drawn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise MemoryError("no room for a picture")

    monkeypatch.setattr("zenlab.report.verdicts.draw_sweep", fail)
    judged_jobs(tmp_path, {"drowned": "there is no term 'growth'"})
    with pytest.raises(SystemExit, match=r"end failed .MemoryError: no room") as ended:
        SweepSummary().on_multirun_end(OmegaConf.create({"hydra": {"sweep": {"dir": tmp_path}}}))
    assert f"python -m zenlab.sweeping {tmp_path}" in str(ended.value)
    assert len(pd.read_csv(tmp_path / "sweep.csv")) == 2
    assert json.loads((tmp_path / "sweep_summary.json").read_text())["jobs"] == 1
    assert "drowned could not be tested" in capsys.readouterr().out
