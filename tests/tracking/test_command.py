"""What a command streams is what docs/tracking.md promises, also of a run that is cut off."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import Outcome
from tests.tracking.conftest import KEY, Written, read_back
from tests.tracking.server import StandIn
from tests.tracking.test_metrics import DOCUMENTED, documented
from zenlab.assembly import GROUPS
from zenlab.spaces.nb201 import NB201
from zenlab.tracking.metrics import METRICS, TRAININGS, metric_of

Run = Callable[..., Outcome]
SMALL = ("space.C=2", "space.N=1", "dataset=digits", "proxy=params", "hardware.workers=1")
TRAINING = ("validation=short", "validation.top_k=2", "validation.epochs=2")
SEARCH = ("searcher=regularized_evolution", "searcher.population_size=5", "searcher.sample_size=2")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Accuracies of all cells, made up."""
    space = NB201()
    counts = {cell: space.describe(cell)["count_nor_conv_3x3"] for cell in space}
    path = tmp_path_factory.mktemp("table") / "table.csv"
    pd.DataFrame(counts.items(), columns=["genotype", "value"]).to_csv(path, index=False)
    return "benchmark=table", f"benchmark.path={path}"


@pytest.fixture(scope="module")
def written(
    table: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Written, Outcome]:
    """A search with a constraint, whose best are trained."""
    folder = tmp_path_factory.mktemp("search")
    options = ("searcher.budget=30", "constraint.max_params=3000", "analysis.draws=10")
    arguments = (*SMALL, *table, *SEARCH, *TRAINING, *options, "hydra.run.dir=run")
    run = start(*arguments, folder=folder, ZENLAB_HOME=str(folder / "home"))
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 0, said
    return read_back(folder / "run"), Outcome(None, folder / "run")


OF_OTHER_JOBS = ("training", "plan/")  # of a benchmark that is built, and of a plan


def start(*arguments: str, folder: Path, **environment: str) -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    return subprocess.Popen(
        [sys.executable, "-m", "zenlab", *arguments],
        cwd=folder,
        env={**own, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def metrics_of(written: Written) -> set[str]:
    """Return the metrics of the history, without W&B's own and what `finish` adds."""
    names = {name for step in written.history for name in step if not name.startswith("_")}
    return {name for name in names if "._" not in name and metric_of(name)}


def test_a_run_streams_what_the_documentation_names_and_nothing_else(
    written: tuple[Written, Outcome],
) -> None:
    streamed, run = written
    *steps, last = streamed.history
    names = {name for step in steps for name in step if not name.startswith("_")}
    assert {name for name in names if metric_of(name) is None} == set()
    kinds = {kind.name for name in names if (kind := metric_of(name))}
    assert kinds == {name for name, *_ in documented() if not name.startswith(OF_OTHER_JOBS)}
    assert [step["_step"] for step in streamed.history] == list(range(len(streamed.history)))
    taus = [step["running_tau"] for step in steps if "running_tau" in step]
    assert taus[-1] == pytest.approx(run.summary["correlation"]["all"]["kendall"]["value"])
    tables = {name.partition(".")[0] for name in last if name.endswith("._type")}
    assert tables == {"scores", "standings", *(name for name in tables if "figures/" in name)}
    assert all(f"`{name}`" in DOCUMENTED.read_text() for name in ("scores", "standings", "claims"))


def test_the_result_of_a_run_is_there(written: tuple[Written, Outcome]) -> None:
    streamed, run = written
    record, overview = streamed.only("run"), streamed.overview
    chosen = ["nb201", "params", "regularized_evolution", "digits"]
    assert record["tags"] == [*chosen, "short"]
    assert (record["job_type"], record["display_name"]) == ("validate", "-".join(chosen))
    assert [overview["config"]["options"][group] for group in GROUPS] == chosen
    for path in ("correlation.all.kendall.value", "scoring_seconds", "validation.training_seconds"):
        found, expected = overview["summary"], run.summary
        for key in path.split("."):
            found, expected = found[key], expected[key]
        assert f"`{path}`" in DOCUMENTED.read_text()
        assert found == pytest.approx(expected)
    sent = streamed.table("scores")
    for name in ("genotype", "score", "accuracy"):
        assert sent[name].tolist() == run.scores[name].tolist()
    assert sent["params"].tolist() == sent["score"].tolist()  # a descriptor, and the proxy here


@pytest.mark.parametrize(("more", "job_type"), [((), "score"), (SEARCH, "search")])
def test_a_searcher_that_learns_makes_a_search(
    run_zenlab: Run, more: tuple[str, ...], job_type: str
) -> None:
    run = run_zenlab(*SMALL, *more, "searcher.budget=6", "benchmark=none", "tracking=wandb")
    record = read_back(run.folder).only("run")
    assert record["job_type"] == job_type
    assert "run_group" not in record


def test_the_jobs_of_a_sweep_share_a_group(tmp_path: Path) -> None:
    arguments = ("searcher.budget=4", "benchmark=none", "tracking.tags=[mine]")
    sweep = start("-m", *SMALL[:3], *arguments, "proxy=params,flops", folder=tmp_path)
    said, _ = sweep.communicate(timeout=120)
    assert sweep.returncode == 0, said
    runs = [read_back(job).only("run") for job in sorted(tmp_path.glob("multirun/*/*/[01]"))]
    (folder,) = tmp_path.glob("multirun/*/*")
    assert [run["run_group"] for run in runs] == [f"{folder.parent.name}-{folder.name}"] * 2
    assert [run["tags"][1] for run in runs] == ["params", "flops"]
    assert all(run["tags"][-1] == "mine" for run in runs)


def test_what_a_run_streamed_before_it_was_killed_is_readable(
    tmp_path: Path, table: tuple[str, str]
) -> None:
    arguments = ("proxy=zen", "searcher.budget=5000", *table, "hydra.run.dir=run")
    options = ("tracking.group=a-question", "tracking.tags=[mine]", "hardware.workers=1")
    run = start(*arguments, *options, folder=tmp_path, OMP_NUM_THREADS="1")
    try:
        wait_for(lambda: "running_tau" in metrics_of(read_back(tmp_path / "run")))
    finally:
        os.kill(run.pid, signal.SIGKILL)
        run.communicate()
    written = read_back(tmp_path / "run")
    assert written.overview["state"] != "finished"
    record = written.only("run")
    assert (record["run_group"], record["job_type"]) == ("a-question", "score")
    assert record["tags"] == ["nb201", "zen", "random", "cifar10", "mine"]
    assert [step["_step"] for step in written.history] == list(range(len(written.history)))
    evaluations = [step["evaluations"] for step in written.history]
    assert evaluations == sorted(evaluations) and evaluations[-1] > 5
    always = {m.name for m in METRICS if "/" not in m.name} - {TRAININGS}
    assert metrics_of(written) == always
    assert always <= set(written.overview["summary"])


def wait_for(happened: Callable[[], bool], seconds: float = 120) -> None:
    """Ask again and again; W&B's files come into being on the way."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if happened():
                return
        except (OSError, ValueError, subprocess.CalledProcessError):
            pass
        time.sleep(0.5)
    raise AssertionError(f"nothing happened within {seconds} s")


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_no_file_and_no_line_of_a_run_holds_the_key(
    place: str, server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == ".env":
        monkeypatch.delenv("WANDB_API_KEY")
        (tmp_path / ".env").write_text(f"WANDB_API_KEY={KEY}\n")
    run = start(
        *SMALL, "searcher.budget=4", "benchmark=none", "tracking.mode=online", folder=tmp_path
    )
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 0, said
    assert f"W&B: {server.url}" in said, "the key was not used"
    assert KEY not in said
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".env"]
    assert {"scores.csv", "summary.json", "config.yaml", "zenlab.log"} <= {f.name for f in files}
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert KEY.encode() not in b"".join(server.files.values())
    assert KEY not in str(server.run)
