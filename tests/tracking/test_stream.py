"""What a run streams is in W&B's files as it was given, whatever ends the run."""

import math
import os
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
from zenlab.tracking.stream import _chosen
from zenlab.tracking.wandb import WandbTracking

CONFIG = {"space": {"C": 16}, "proxy": {"seed": 0, "names": ["zen"]}, "data": None}
MANY_SCORES = pd.concat([SCORES] * 4000, ignore_index=True)  # as many as NAS-Bench-201 has
SUMMARY = {
    "top": [{"genotype": "a", "score": 1.25, "index": None}, {"genotype": "b", "score": "-inf"}],
    "correlation": {"all": {"kendall": {"value": 0.5, "low": None}}},
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
            stream.log({"scored": scored, "rate": 2.5, "best": best})
        stream.finish(SUMMARY, MANY_SCORES, {"scatter": figure})
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
    assert [step["_step"] for step in written.history] == [0, 1, 2, 3, 4, 5]
    assert [step.get("scored") for step in written.history] == [1, 2, 3, 4, 5, None]
    assert {step["rate"] for step in written.history[:5]} == {2.5}


def test_minus_infinity_is_left_out_of_the_history(written: Written) -> None:
    assert [step.get("best") for step in written.history[:5]] == [None, None, 30, 40, 50]


def test_the_summary_is_there(written: Written) -> None:
    assert SUMMARY.items() <= written.overview["summary"].items()


def test_the_rows_of_the_table_are_the_scores_to_the_last(written: Written) -> None:
    pd.testing.assert_frame_equal(plain(written.table("scores")), plain(MANY_SCORES))


def test_of_very_many_rows_the_best_go_there_and_an_even_sample_of_the_others() -> None:
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"genotype": range(50_000), "score": rng.normal(size=50_000)})
    scores.loc[::7, "score"] = np.nan  # these failed
    sent = _chosen(scores)
    assert len(sent) == 20_000 and sent["genotype"].is_monotonic_increasing
    best = scores.nlargest(10_000, "score")["genotype"]
    assert set(best) <= set(sent["genotype"])
    others = sent[~sent["genotype"].isin(best)]["genotype"]
    assert others.diff().max() < 20 and others.iloc[-1] > 49_990
    assert len(_chosen(scores[:20_000])) == 20_000
    assert len(_chosen(scores.rename(columns={"score": "zen"}))) == 20_000


def plain(rows: pd.DataFrame) -> pd.DataFrame:
    """Forget the types of columns; nothing is None."""
    return rows.astype(object).where(rows.notna(), None)


def test_the_figure_is_there(written: Written) -> None:
    assert matplotlib.image.imread(written.file("scatter")).shape == (8, 8, 4)


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
from zenlab.tracking.stream import _chosen
from zenlab.tracking.wandb import WandbTracking
folder = pathlib.Path(sys.argv[1])
with WandbTracking().start(config={"seed": 0}, folder=folder, job_type="score") as stream:
"""
    indented = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    command = [sys.executable, "-c", opening + indented, str(folder)]
    own = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=own)
