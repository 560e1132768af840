"""What a run streams is in W&B's files as it was given, whatever ends the run."""

import math
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import matplotlib.image
import numpy as np
import pandas as pd
import pytest
import wandb

from tests.tracking.conftest import KEY, SCORES, Written, read_back, zenlab_warnings
from zenlab.tracking.wandb import WandbTracking

CONFIG = {"space": {"C": 16}, "proxy": {"seed": 0, "names": ["zen"]}, "data": None}
MANY_SCORES = pd.concat([SCORES] * 4000, ignore_index=True)  # as many as NAS-Bench-201 has
SUMMARY = {
    "top": [{"genotype": "a", "score": 1.25, "index": None}, {"genotype": "b", "score": "-inf"}],
    "verdicts": [{"claim": "h1", "verdict": "refuted", "effect": 0.1, "low": -0.1, "high": 0.3}],
    "remarks": ["one remark"],
}


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home, and a repository whose remote's address holds a token, as people have them."""
    folder = tmp_path_factory.mktemp("workplace")
    address = f"https://{KEY}:x-oauth-basic@example.invalid/lab.git"
    subprocess.run(["git", "init", "--quiet", folder], check=True)
    subprocess.run(["git", "-C", folder, "remote", "add", "origin", address], check=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HOME", str(folder / "home"))
        patch.setenv("WANDB_API_KEY", KEY)
        wandb.teardown()
        yield folder
        wandb.teardown()


@pytest.fixture(scope="module")
def written(workplace: Path) -> Written:
    """A whole run, offline."""
    folder = workplace / "run"
    folder.mkdir()
    MANY_SCORES.to_csv(folder / "scores.csv", index=False)
    figure = workplace / "scatter.png"
    matplotlib.image.imsave(figure, np.eye(8))
    with WandbTracking(project="lab", tags=["mine", "zen"]).start(
        config=CONFIG,
        folder=folder,
        job_type="score",
        group="a-question",
        tags=["nb201", "zen"],
        name="nb201-zen",
    ) as stream:
        for scored in range(1, 6):
            best = -math.inf if scored < 3 else 10.0 * scored
            stream.log({"evaluations": scored, "scored": scored, "rate": 2.5, "best_so_far": best})
        for epoch, accuracy in ((1, 60.0), (2, 80.0), (3, 70.0)):
            step = {"held_out_accuracy": accuracy, "train_loss": 10 / accuracy, "learning_rate": 1}
            curves = {f"validation/rank_1/{name}": value for name, value in step.items()}
            stream.log({"validation/epoch": epoch, **curves})
        descriptors = pd.DataFrame({"params": np.arange(len(MANY_SCORES)) % 7})
        stream.finish(SUMMARY, MANY_SCORES, {"scatter": figure}, descriptors)
    assert stream.url is None
    return read_back(folder)


def test_the_run_is_finished_and_offline(written: Written) -> None:
    assert written.folder.name.startswith("offline-run-")
    assert (written.overview["state"], written.overview["exit_code"]) == ("finished", 0)


def test_the_config_is_there(written: Written) -> None:
    assert written.overview["config"] == CONFIG


def test_group_job_type_tags_and_name_are_set(written: Written) -> None:
    run = written.only("run")
    assert (run["project"], run["run_group"], run["job_type"]) == ("lab", "a-question", "score")
    assert run["tags"] == ["nb201", "zen", "mine"]
    assert run["display_name"] == "nb201-zen"


def test_the_history_goes_up_one_step_at_a_time(written: Written) -> None:
    assert [step["_step"] for step in written.history] == list(range(9))
    assert [step.get("scored") for step in written.history] == [1, 2, 3, 4, 5, *[None] * 4]
    assert {step["rate"] for step in written.history[:5]} == {2.5}


def test_minus_infinity_is_left_out_of_the_history(written: Written) -> None:
    assert [step.get("best_so_far") for step in written.history[:5]] == [None, None, 30, 40, 50]


def test_each_metric_has_its_axis(written: Written) -> None:
    defined = [record["metric"] for record in written.records if record["type"] == "metric"]
    axes = {metric["name"]: metric.get("step_metric") for metric in defined}
    assert axes == {
        "evaluations": None,
        "scored": "evaluations",
        "rate": "evaluations",
        "best_so_far": "evaluations",
        "validation/epoch": None,
        "validation/rank_1/held_out_accuracy": "validation/epoch",
        "validation/rank_1/train_loss": "validation/epoch",
        "validation/rank_1/learning_rate": "validation/epoch",
    }


def test_the_summary_keeps_the_best_of_what_has_a_best(written: Written) -> None:
    summary = written.overview["summary"]
    assert summary["validation/rank_1/held_out_accuracy"] == {"max": 80}
    assert summary["validation/rank_1/train_loss"] == {"min": 0.125}
    assert summary["best_so_far"] == {"max": 50}
    assert summary["validation/epoch"] == 3


def test_a_verdict_is_in_the_summary_and_in_a_table(written: Written) -> None:
    summary = written.overview["summary"]
    assert summary["verdict/h1"] == "refuted"
    assert [summary[f"verdict/h1/{name}"] for name in ("effect", "low", "high")] == [0.1, -0.1, 0.3]
    (row,) = written.table("claims").to_dict("records")
    assert row == SUMMARY["verdicts"][0]


def test_the_scores_are_an_artifact_that_lies_where_the_run_wrote_it(
    written: Written, workplace: Path
) -> None:
    artifact = written.only("artifact")
    (entry,) = artifact["manifest"]["contents"]
    assert (artifact["type"], entry["path"]) == ("scores", "scores.csv")
    assert entry["local_path"] == str(workplace / "run" / "scores.csv")


def test_the_summary_is_there(written: Written) -> None:
    assert SUMMARY.items() <= written.overview["summary"].items()


def test_the_rows_of_the_table_are_the_scores_to_the_last(written: Written) -> None:
    table = written.table("scores")
    assert table.pop("params").tolist() == [row % 7 for row in range(len(MANY_SCORES))]
    pd.testing.assert_frame_equal(plain(table), plain(MANY_SCORES))


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Forget the types of columns; nothing is None."""
    return rows.astype(object).where(rows.notna(), None)


def test_the_figure_is_there(written: Written) -> None:
    assert matplotlib.image.imread(written.file("figures/scatter")).shape == (8, 8, 4)


def test_no_file_holds_the_key_or_the_token_of_a_git_remote(
    written: Written, workplace: Path
) -> None:
    files = [path for path in (workplace / "run").rglob("*") if path.is_file()]
    assert len(files) > 5
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


def test_the_folder_of_the_run_holds_all_of_it(written: Written, workplace: Path) -> None:
    outside = [path for path in (workplace / "home").rglob("*") if path.is_file()]
    assert {path.suffix for path in outside} <= {".log"}


def test_a_run_that_raises_is_marked_as_failed_and_the_next_starts_anew(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError, match="broken"),
        WandbTracking().start(config={}, folder=tmp_path / "1", job_type="score") as stream,
    ):
        stream.log({"scored": 1})
        raise RuntimeError("broken")
    with WandbTracking().start(config={}, folder=tmp_path / "2", job_type="score") as stream:
        stream.log({"scored": 2})
    first, second = read_back(tmp_path / "1"), read_back(tmp_path / "2")
    assert [run.only("exit")["exit_code"] for run in (first, second)] == [1, 0]
    assert [[step["scored"] for step in run.history] for run in (first, second)] == [[1], [2]]


def test_a_folder_that_can_not_be_written_does_not_stop_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "wandb").write_text("a file where W&B wants its folder")
    with WandbTracking().start(config={}, folder=tmp_path, job_type="score") as stream:
        stream.log({"scored": 1})
        stream.finish(SUMMARY, SCORES, {})
    (warning,) = zenlab_warnings(caplog)
    assert "W&B can't start" in warning


def test_a_folder_where_nobody_may_write_does_not_stop_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "wandb").symlink_to("/proc/self")  # not even root makes folders there
    with WandbTracking().start(config={}, folder=tmp_path, job_type="score") as stream:
        stream.log({"scored": 1})
        stream.finish(SUMMARY, SCORES, {})
    (warning,) = zenlab_warnings(caplog)
    assert "W&B can't start" in warning


def test_a_folder_that_vanishes_on_the_way_does_not_stop_the_run(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with WandbTracking().start(config={}, folder=tmp_path, job_type="score") as stream:
        stream.log({"scored": 1})
        shutil.rmtree(tmp_path / "wandb")
        stream.log({"scored": 2})
        stream.finish(SUMMARY, SCORES, {})
    assert len(zenlab_warnings(caplog)) <= 1


def test_a_disk_that_is_full_costs_one_warning_and_nothing_else(tmp_path: Path) -> None:
    done = run_script(
        """
        import resource
        find = ["pgrep", "--parent", str(os.getpid()), "--full", "wandb-core"]
        (service,) = subprocess.check_output(find, text=True).split()
        for process in (0, int(service)):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (20_000, 20_000))
        for scored in range(2_000):
            stream.log({"scored": scored})
        stream.finish({}, pandas.DataFrame({"score": [1.0] * 20_000}), {})
        print("went on")
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert done.stderr.count("W&B fails") == 1


def test_a_figure_that_is_missing_costs_a_warning_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with WandbTracking().start(config={}, folder=tmp_path, job_type="score") as stream:
        stream.finish(SUMMARY, SCORES, {"scatter": tmp_path / "missing.png"})
    (warning,) = zenlab_warnings(caplog)
    assert "missing.png" in warning
    written = read_back(tmp_path)
    assert SUMMARY.items() <= written.summary.items()
    assert len(written.table("scores")) == len(SCORES)


def test_what_was_streamed_before_a_kill_is_readable(tmp_path: Path) -> None:
    done = run_script(
        """
        for scored in range(1, 9):
            stream.log({"scored": scored})
        time.sleep(1.5)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )
    assert done.returncode == -signal.SIGKILL
    written = read_back(tmp_path)
    assert [step["scored"] for step in written.history] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert written.only("run")["config"]["update"]["seed"] == 0


def test_a_lost_service_costs_one_warning_and_nothing_else(tmp_path: Path) -> None:
    done = run_script(
        """
        stream.log({"scored": 1})
        find = ["pgrep", "--parent", str(os.getpid()), "--full", "wandb-core"]
        for service in subprocess.check_output(find, text=True).split():
            os.kill(int(service), signal.SIGKILL)
        time.sleep(0.3)
        stream.log({"scored": 2})
        stream.finish({}, pandas.DataFrame({"score": [1.0]}), {})
        print("went on")
        """,
        tmp_path,
    )
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert done.stderr.count("W&B fails") == 1
    assert f"wandb sync {tmp_path}" in done.stderr


def run_script(body: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python within the context of an offline run, with a W&B service of its own."""
    opening = """
import os, pandas, pathlib, signal, subprocess, sys, time
from zenlab.tracking.wandb import WandbTracking
folder = pathlib.Path(sys.argv[1])
with WandbTracking().start(config={"seed": 0}, folder=folder, job_type="score") as stream:
"""
    indented = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    command = [sys.executable, "-c", opening + indented, str(folder)]
    own = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=own)
