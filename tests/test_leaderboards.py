"""Leaderboards: all proxies on all boards, one table, one picture, and what fails is told."""

import json
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict
from scipy import stats

from tests.conftest import compose
from zenlab.benchmarks.embedded.benchmark import EmbeddedBenchmark
from zenlab.leaderboards import leaderboards
from zenlab.spaces.nb201 import NB201

SPACE = NB201()


def lead(tmp_path: Path, *overrides: str) -> Path:
    words = [
        "experiment=leaderboard",
        "proxy.members=[params,flops,zen_closed]",
        "searcher.budget=40",
        "analysis.draws=50",
        "tracking=none",
        *overrides,
    ]
    config = compose(*words)
    output = tmp_path / "board"
    output.mkdir()
    with open_dict(config):
        config.boards = {
            "accuracy": ["space=nb201", "benchmark=embedded"],
            "loss": ["space=nb201", "benchmark=embedded", "benchmark.quantity=loss"],
            "nowhere": ["space=nb201", "benchmark=none"],
        }
        config.hydra.runtime.output_dir = str(output)
        HydraConfig.instance().set_config(config)
        del config["hydra"]
    leaderboards(config)
    return output


def test_every_proxy_has_a_row_on_every_board_that_there_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = lead(tmp_path)
    rows = pd.read_csv(output / "leaderboard.csv")
    assert len(rows) == 6
    assert set(rows["board"]) == {"accuracy", "loss"}
    assert (rows["n"] == 40).all() and (rows["failed"] == 0).all()
    assert (rows["kendall_low"] <= rows["kendall"]).all()
    assert matplotlib.image.imread(output / "figures" / "leaderboard.png").shape[0] > 300
    page = (output / "report.html").read_text()
    assert "nowhere is left out: benchmark=none" in page
    assert f"{rows['kendall'].max():.2f}" in page
    shown = capsys.readouterr().out
    assert "nowhere is left out: benchmark=none" in shown
    assert "zen_closed" in shown
    assert json.loads((output / "summary.json").read_text())["failures"]["nowhere"]


def test_the_numbers_are_those_of_the_scores_and_the_table(tmp_path: Path) -> None:
    rows = pd.read_csv(lead(tmp_path) / "leaderboard.csv").set_index(["board", "proxy"])
    from zenlab.searchers.random import RandomSearcher

    known = EmbeddedBenchmark().load(SPACE, "cifar10").values
    cells = RandomSearcher(SPACE, known=list(known), budget=40, seed=0).ask()
    params = [SPACE.describe(cell)["params"] for cell in cells]
    expected = stats.kendalltau(params, [known[cell] for cell in cells]).statistic
    assert rows.loc[("accuracy", "params"), "kendall"] == pytest.approx(expected)
