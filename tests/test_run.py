"""A run from config to files: what comes out, and that nothing is lost or computed twice."""

import math
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest
from scipy import stats

from tests.conftest import Outcome
from zenlab.core import Score
from zenlab.searchers.regularized_evolution import RegularizedEvolutionSearcher
from zenlab.spaces.nb201 import NB201

SMALL = ("space.C=2", "space.N=1", "dataset.image_size=8", "proxy.batch_size=4")
COLUMNS = ["genotype", "index", "score", "stderr", "seconds", "error", "accuracy"]
TABLES = ("search", "population", "front")
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


SEARCH = [
    *SMALL,
    "searcher=regularized_evolution",
    "searcher.budget=40",
    "searcher.population_size=5",
    "benchmark=none",
]


def test_a_search_leaves_its_curve_population_and_front(
    run_zenlab: Run, made_up_table: str
) -> None:
    run = run_zenlab(
        "proxy=flops",
        "searcher=regularized_evolution",
        "searcher.budget=120",
        "benchmark=table",
        f"benchmark.path={made_up_table}",
    )
    tables = {name: pd.read_csv(run.folder / f"{name}.csv") for name in TABLES}
    assert run.summary["search"]["evaluations"] == 120
    assert run.summary["asked"] == len(run.scores) == run.scores["genotype"].nunique() < 120
    best = run.scores.loc[run.scores["score"].idxmax()]
    assert tables["search"]["score"].is_monotonic_increasing
    assert tables["search"].iloc[-1]["genotype"] == best["genotype"]
    assert tables["search"].iloc[-1]["evaluation"] == run.summary["search"]["best_at"]
    assert len(tables["population"]) == run.summary["search"]["members"] == 10
    assert tables["front"].to_dict("records") == run.summary["search"]["front"]
    assert tables["front"].iloc[-1]["genotype"] == best["genotype"]
    for name in ("search", "front", "scatter"):
        assert (run.folder / "figures" / f"{name}.png").stat().st_size > 10_000
    described = SPACE.describe(best["genotype"])
    assert run.summary["best"]["params"] == described["params"]
    assert run.summary["best"]["flops"] == described["flops"]


def test_a_random_sample_is_no_search(run_zenlab: Run) -> None:
    run = run_zenlab("proxy=params", "searcher.budget=5", "benchmark=none")
    assert "search" not in run.summary
    assert not any((run.folder / f"{name}.csv").exists() for name in TABLES)


def test_a_constraint_is_kept_and_what_it_rejects_is_counted(run_zenlab: Run) -> None:
    run = run_zenlab(
        "proxy=params",
        "searcher=exhaustive",
        "constraint.max_params=500000",
        "constraint.max_flops=5e7",
        "benchmark=none",
    )
    sizes = [(d["params"], d["flops"]) for d in map(SPACE.describe, SPACE)]
    heavy = sum(params > 500_000 for params, _ in sizes)
    costly = sum(params <= 500_000 and flops > 5e7 for params, flops in sizes)
    assert run.summary["rejected"] == {"max_params": heavy, "max_flops": costly}
    assert len(run.scores) == 15_625 - heavy - costly
    assert run.scores["score"].max() <= 500_000
    assert run.summary["population"] == "all genotypes, within the constraint"


def test_counting_is_written_as_the_words_are(run_zenlab: Run) -> None:
    limits = ["proxy=params", "searcher.budget=5", "benchmark=none", "constraint.max_params=5e5"]
    assert run_zenlab(*limits, "constraint.counting=true").scores["score"].max() <= 500_000
    with pytest.raises(ValueError, match="NB201 has no counts of its authors"):
        run_zenlab(*limits, "constraint.counting=official")


def test_a_measured_device_limits_a_search_and_is_weighed_by_another(
    run_zenlab: Run, real_tables: Path
) -> None:
    run = run_zenlab(
        "proxy=flops",
        "searcher=nsga2",
        "searcher.budget=60",
        "searcher.population_size=20",
        "searcher.objective=latency_ms",
        "constraint.device=edgetpu",
        "constraint.max_latency_ms=1.2",
        "benchmark=none",
        f"data={real_tables}",
    )
    assert run.scores["latency_ms"].max() <= 1.2
    assert set(run.summary["rejected"]) == {"max_latency_ms", "latency_unknown"}
    front = pd.read_csv(run.folder / "front.csv")
    assert front["latency_ms"].is_monotonic_increasing and front["score"].is_monotonic_increasing
    assert run.summary["search"]["objective"] == "latency_ms"


def test_a_latency_is_weighed_only_on_a_device(run_zenlab: Run) -> None:
    with pytest.raises(ValueError, match=r"set constraint\.device"):
        run_zenlab("searcher=nsga2", "searcher.objective=latency_ms", "proxy=flops")


def test_this_machine_is_a_device(run_zenlab: Run) -> None:
    run = run_zenlab("proxy=flops", "searcher.budget=2", "constraint.device=here", "benchmark=none")
    assert (run.scores["latency_ms"] > 0).all()


def test_a_search_that_was_cut_off_goes_on_to_the_same_end(
    run_zenlab: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = run_zenlab(*SEARCH, folder="whole")
    monkeypatch.setenv("ZENLAB_HOME", str(tmp_path / "other"))
    tell, told = RegularizedEvolutionSearcher.tell, []

    def cut_off(searcher: RegularizedEvolutionSearcher, scores: list[Score]) -> None:
        told.extend(scores)
        if len(told) > 20:
            raise KeyboardInterrupt
        tell(searcher, scores)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(RegularizedEvolutionSearcher, "tell", cut_off)
        run_zenlab(*SEARCH, folder="again")
    again = run_zenlab(*SEARCH, folder="again")
    assert again.summary["reused"] >= len({score.genotype for score in told}) - 1
    assert again.summary["reused"] + again.summary["scored"] == again.summary["asked"]
    pd.testing.assert_frame_equal(
        again.scores.drop(columns="seconds"), whole.scores.drop(columns="seconds")
    )
    for name in TABLES:
        files = [run.folder / f"{name}.csv" for run in (whole, again)]
        assert files[0].read_text() == files[1].read_text()
