"""A run from config to files: what comes out, and that nothing is lost or computed twice."""

import math
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest
from scipy import stats

from tests.conftest import Outcome
from zenlab.spaces.nb201 import NB201

SMALL = ("space.C=2", "space.N=1", "dataset.image_size=8", "proxy.batch_size=4")
COLUMNS = ["genotype", "index", "score", "stderr", "seconds", "error", "accuracy"]
SPACE = NB201()

Run = Callable[..., Outcome]


@pytest.fixture
def made_up_table(tmp_path: Path) -> str:
    """Accuracies for all cells but one, so that a join has something to miss."""
    cells = [cell for cell in SPACE if SPACE.index(cell) != 6111]
    values = [10.0 + SPACE.describe(cell)["count_nor_conv_3x3"] for cell in cells]
    path = tmp_path / "table.csv"
    pd.DataFrame({"genotype": cells, "value": values}).to_csv(path, index=False)
    return str(path)


def test_a_run_leaves_scores_summary_config_and_figure(run_zenlab: Run, made_up_table: str) -> None:
    run = run_zenlab(
        *SMALL, "searcher.budget=20", "benchmark=table", f"benchmark.path={made_up_table}"
    )
    assert list(run.scores.columns) == COLUMNS
    assert len(run.scores) == 20
    assert run.summary["scored"] == 20 and run.summary["reused"] == 0
    assert matplotlib.image.imread(run.folder / "figures" / "scatter.png").shape[0] > 500
    assert "budget: 20" in (run.folder / "config.yaml").read_text()
    measured = run.summary["correlation"]["all"]["kendall"]
    expected = stats.kendalltau(run.scores["score"].rank(), run.scores["accuracy"]).statistic
    assert measured["value"] == pytest.approx(expected)
    assert measured["low"] <= measured["value"] <= measured["high"]
    assert run.returned == measured["value"]


def test_scores_are_taken_from_the_store_the_second_time(run_zenlab: Run) -> None:
    first = run_zenlab(*SMALL, "searcher.budget=8", "benchmark=none", folder="one")
    again = run_zenlab(*SMALL, "searcher.budget=12", "benchmark=none", folder="two")
    assert (again.summary["scored"], again.summary["reused"]) == (4, 8)
    pd.testing.assert_frame_equal(again.scores[:8], first.scores)


def test_one_and_two_workers_give_the_same_rows_but_for_seconds(
    run_zenlab: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = []
    for workers in (1, 2):
        monkeypatch.setenv("ZENLAB_HOME", str(tmp_path / f"home{workers}"))
        run = run_zenlab(
            *SMALL, "searcher.budget=8", "benchmark=none", f"hardware.workers={workers}"
        )
        found.append(run.scores.drop(columns="seconds"))
        assert run.summary["scored"] == 8
    pd.testing.assert_frame_equal(*found)


def test_searches_with_other_seeds_share_scores_when_the_scores_have_one_seed(
    run_zenlab: Run,
) -> None:
    listed = [*SMALL, "benchmark=none", "proxy.seed=0", "searcher.budget=5"]
    run_zenlab(*listed, "seed=1")
    assert run_zenlab(*listed, "seed=1", "analysis.seed=9").summary["reused"] == 5
    assert run_zenlab(*listed, "seed=2", "searcher.seed=1").summary["reused"] == 5


def test_more_than_one_draw_has_a_standard_error(run_zenlab: Run) -> None:
    run = run_zenlab(*SMALL, "proxy.repeats=3", "searcher.budget=5", "benchmark=none")
    live = run.scores[run.scores["score"] > -math.inf]
    assert (live["stderr"] > 0).all()


def test_a_list_comes_back_in_its_order_and_spelling(run_zenlab: Run, tmp_path: Path) -> None:
    path = tmp_path / "cells.txt"
    dead = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|"
    path.write_text(f"6111\n{dead}\n857\n6111\n")
    run = run_zenlab("proxy=params", "searcher=listed", f"searcher.path={path}", "benchmark=none")
    assert run.scores["genotype"].astype(str).tolist() == ["6111", dead, "857", "6111"]
    assert run.scores["index"].tolist() == [6111, SPACE.index(SPACE.parse(dead)), 857, 6111]
    assert run.scores["score"][0] == run.scores["score"][3] > run.scores["score"][1]


def test_the_whole_space_is_counted_and_the_dead_among_it(run_zenlab: Run) -> None:
    run = run_zenlab("proxy=flops", "searcher=exhaustive", "benchmark=none")
    assert (run.summary["scored"], run.summary["dead"]) == (15_625, 341)
    assert "correlation" not in run.summary


def test_architectures_missing_from_the_table_are_counted(
    run_zenlab: Run, made_up_table: str, tmp_path: Path
) -> None:
    path = tmp_path / "cells.txt"
    path.write_text("6111\n857\n0\n1\n")
    run = run_zenlab(
        "proxy=params",
        "searcher=listed",
        f"searcher.path={path}",
        "benchmark=table",
        f"benchmark.path={made_up_table}",
    )
    assert (run.summary["joined"], run.summary["missing"]) == (3, 1)
    assert run.summary["correlation"]["all"]["n"] == 3


def test_a_dead_cell_is_minus_infinity_in_every_file(run_zenlab: Run, tmp_path: Path) -> None:
    path = tmp_path / "cells.txt"
    path.write_text("|none~0|+|none~0|none~1|+|none~0|none~1|none~2|\n")
    run = run_zenlab(*SMALL, "searcher=listed", f"searcher.path={path}", "benchmark=none")
    assert ",-inf," in (run.folder / "scores.csv").read_text()
    assert run.summary["best"]["score"] == "-inf"
    assert (run.summary["dead"], run.summary["scored"]) == (1, 1)


def test_a_run_in_which_everything_fails_is_an_error_with_the_reason(run_zenlab: Run) -> None:
    reason = r"not one live architecture could be scored: .* gone wrong"
    with pytest.raises(RuntimeError, match=reason):
        run_zenlab(
            *SMALL[:2],
            "proxy=params",
            "proxy._target_=tests.scoring.proxies.Failing",
            "+proxy.how=raise",
            "+proxy.batch_size=2",
            "+proxy.seed=0",
            "benchmark=none",
            "searcher.budget=3",
        )
