"""The command line as a person meets it: in a process of its own."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import compose

ROOT = Path(__file__).parents[1]
QUICK = ("proxy=params", "searcher.budget=5", "tracking=none", "benchmark=none")


def zenlab(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "zenlab", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_help_names_every_group_and_option(tmp_path: Path) -> None:
    said = zenlab("--help", folder=tmp_path).stdout
    for folder in (ROOT / "conf").iterdir():
        if folder.is_dir() and list(folder.glob("*.yaml")):
            line = next(row for row in said.splitlines() if row.startswith(f"{folder.name}:"))
            assert all(option.stem in line for option in folder.glob("*.yaml"))


def test_help_names_the_defaults(tmp_path: Path) -> None:
    chosen = compose().hydra.runtime.choices
    said = zenlab("--help", folder=tmp_path).stdout
    groups = ("space", "proxy", "searcher", "dataset", "hardware", "benchmark", "tracking")
    assert all(f"{group}={chosen[group]}" in said for group in groups)


def test_help_loads_nothing_heavy() -> None:
    code = "import sys, zenlab.__main__; print({'torch', 'wandb', 'pandas'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "set()"


def test_a_run_ends_well_and_says_where_its_files_are(tmp_path: Path) -> None:
    done = zenlab(*QUICK, "hydra.run.dir=here", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "written to" in done.stdout and "here" in done.stdout
    assert (tmp_path / "here" / "scores.csv").is_file()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["proxy=zem"], ["Could not find 'proxy/zem'", "params", "zen"]),
        (["benchmark=tabel"], ["zenlab: there is no benchmark=tabel", "nb_macro, none, table"]),
        (["experiment=foo"], ["zenlab: there is no experiment=foo; the options are all_proxies"]),
        (["searcher.budgt=5"], ["Could not override 'searcher.budgt'"]),
        (["searcher.budget=abc"], ["zenlab: searcher.budget is 'abc'; wanted a whole number"]),
        (["space.C=2.5"], ["zenlab: space.C is 2.5; wanted a whole number of at least 1"]),
        (["seed=-1"], ["zenlab: analysis.seed is -1; wanted at least 0"]),
        (["hardware.workers=1.5"], ["zenlab: hardware.workers is 1.5; wanted a whole number"]),
        (["analysis.draws=1"], ["zenlab: analysis.draws is 1; wanted at least 2"]),
        (["analysis=foo"], ["zenlab: analysis is 'foo'; set analysis.draws or analysis.seed"]),
        (["searcher.budget=0"], ["zenlab: searcher.budget is 0; wanted at least 1"]),
        (["hardware=cuda"], ["zenlab: hardware=cuda, but PyTorch sees no CUDA device"]),
        (["hydra.run.dir=/proc/no/such"], ["zenlab: ", "/proc/no"]),
        (["dataset.image_size=30"], ["zenlab: images of 30 x 30 pixels"]),
    ],
)
def test_bad_input_is_told_in_plain_words(
    arguments: list[str], parts: list[str], tmp_path: Path
) -> None:
    benchmark = [] if arguments[0].startswith("benchmark") else [QUICK[3]]
    done = zenlab(*QUICK[:3], *benchmark, *arguments, folder=tmp_path, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert all(part in done.stderr for part in parts), done.stderr


def test_a_home_that_can_not_be_written_is_told_in_plain_words(tmp_path: Path) -> None:
    arguments = ("searcher.budget=2", "benchmark=none", "tracking=none")
    done = zenlab(*arguments, folder=tmp_path, ZENLAB_HOME="/proc/no/such")
    assert done.returncode == 1
    assert "zenlab: can't use the score store /proc/no/such" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_env_file_is_read_and_its_empty_lines_count_as_not_set(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"ZENLAB_HOME={tmp_path}/from-env\nNB201_PATH=\n")
    environment = {name: value for name, value in os.environ.items() if name != "ZENLAB_HOME"}
    done = subprocess.run(
        [sys.executable, "-m", "zenlab", "--cfg", "job", "--resolve"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"home: {tmp_path}/from-env" in done.stdout
    assert "official: null" in done.stdout


def test_a_sweep_runs_one_job_after_another(tmp_path: Path) -> None:
    done = zenlab("-m", *QUICK, "proxy=params,flops", "hydra.sweep.dir=sweep", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(path.parent.name for path in tmp_path.glob("sweep/*/scores.csv")) == ["0", "1"]


def counting_proxy(folder: Path, log: Path) -> None:
    """A user's own proxy: a module on the import path and an option in a folder of theirs."""
    (folder / "proxy").mkdir()
    (folder / "proxy" / "counting.yaml").write_text(
        f"_target_: tests.scoring.proxies.Counting\nlog: {log}\nseconds: 0.15\nbatch_size: 2\n"
        "seed: ${seed}\n"
    )


@pytest.mark.parametrize(
    ("workers", "searcher", "files"),
    [
        (1, ["searcher=random"], ["scores"]),
        (2, ["searcher=random"], ["scores"]),
        (
            2,
            ["searcher=evolution", "searcher.population_size=5", "searcher.batch=2"],
            ["scores", "search", "population", "front"],
        ),
    ],
)
def test_a_run_killed_three_times_loses_nothing(
    tmp_path: Path, workers: int, searcher: list[str], files: list[str]
) -> None:
    budget, kills = 30, 3
    counting_proxy(tmp_path, log := tmp_path / "calls")
    command = [
        *(sys.executable, "-m", "zenlab", "--config-dir", str(tmp_path), "proxy=counting"),
        *("space.C=2", "space.N=1", "benchmark=none", "tracking=none", "hydra.run.dir=run"),
        *(*searcher, f"searcher.budget={budget}", f"hardware.workers={workers}"),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    rng = random.Random(workers)
    for kill in range(1, kills + 1):
        process = subprocess.Popen(
            command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL
        )
        wait_for_lines(log, kill * 6, process)
        time.sleep(rng.uniform(0, 0.3))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    last = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    summary = pd.read_json(tmp_path / "run" / "summary.json", typ="series")
    assert summary["scored"] + summary["shared"] + summary["reused"] == budget
    assert summary["reused"] > 0
    calls = len(log.read_text().splitlines())
    dead = summary["dead"]
    assert budget - dead <= calls <= budget - dead + workers * kills

    undisturbed = [*command, "hydra.run.dir=undisturbed"]
    elsewhere = {**environment, "ZENLAB_HOME": str(tmp_path / "elsewhere")}
    subprocess.run(undisturbed, cwd=tmp_path, env=elsewhere, capture_output=True, check=True)
    for name in files:
        rows = [
            pd.read_csv(tmp_path / run / f"{name}.csv").drop(columns="seconds", errors="ignore")
            for run in ("run", "undisturbed")
        ]
        pd.testing.assert_frame_equal(*rows)


def wait_for_lines(log: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not log.exists() or len(log.read_text().splitlines()) < count:
        assert process.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, "the run scores nothing"
        time.sleep(0.02)


def test_a_key_is_in_no_file_of_a_run_and_not_on_the_terminal(tmp_path: Path) -> None:
    key = "f00df00df00df00df00df00df00df00df00df00d"
    (tmp_path / ".env").write_text(f"WANDB_API_KEY={key}\n")
    done = zenlab(
        *QUICK[:2], QUICK[3], "hydra.run.dir=run", folder=tmp_path, ZENLAB_HOME=str(tmp_path / "h")
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "run" / "wandb").glob("offline-run-*"))
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".env"]
    assert not [path for path in written if key.encode() in path.read_bytes()]
    assert key not in done.stdout + done.stderr
