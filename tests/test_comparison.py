"""Several proxies side by side: each as if it were alone, each network paid once."""

import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.conftest import Outcome
from zenlab.spaces.nb201 import NB201

Run = Callable[..., Outcome]
SPACE = NB201()
SMALL = ("space.C=4", "space.N=1", "dataset.image_size=8", "searcher.budget=12")
MEMBERS = ["zen_closed", "params", "zen", "naswot", "snip", "grad_norm", "jacob_cov"]
SUITE = ("proxy=suite", f"proxy.members=[{','.join(MEMBERS)}]")


@pytest.fixture
def table(tmp_path: Path) -> str:
    values = [10.0 + SPACE.describe(cell)["count_nor_conv_3x3"] for cell in SPACE]
    path = tmp_path / "table.csv"
    pd.DataFrame({"genotype": list(SPACE), "value": values}).to_csv(path, index=False)
    return f"benchmark.path={path}"


@pytest.mark.parametrize("member", MEMBERS)
def test_a_member_alone_has_the_scores_that_it_has_in_the_suite(
    member: str, run_zenlab: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    suite = run_zenlab(*SMALL, *SUITE, "benchmark=none").scores
    monkeypatch.setenv("ZENLAB_HOME", str(tmp_path / "another"))
    alone = run_zenlab(*SMALL, f"proxy={member}", "benchmark=none", folder="alone").scores
    assert suite["genotype"].tolist() == alone["genotype"].tolist()
    assert suite[member].tolist() == alone["score"].tolist()


def test_scores_of_a_suite_are_those_of_single_runs_and_are_taken_from_the_store(
    run_zenlab: Run,
) -> None:
    run_zenlab(*SMALL, "proxy=snip", "benchmark=none")
    suite = run_zenlab(*SMALL, *SUITE, "benchmark=none", folder="suite").summary
    assert suite["reused"] == 12
    again = run_zenlab(*SMALL, *SUITE, "benchmark=none", folder="again").summary
    assert again["reused"] == 12 * 5  # all but the two that are computed by formula
    assert again["scored"] == 12 * 2


def test_a_suite_ends_with_a_leaderboard_and_a_figure(run_zenlab: Run, table: str) -> None:
    run = run_zenlab(*SMALL, *SUITE, "benchmark=table", table)
    board = run.summary["leaderboard"]
    assert sorted(row["proxy"] for row in board) == sorted(MEMBERS)
    taus = [row["all"]["kendall"]["value"] for row in board]
    assert taus == sorted(taus, reverse=True)
    scores = run.scores
    expected = stats.kendalltau(scores["snip"], scores["accuracy"]).statistic
    found = run.summary["members"]["snip"]["correlation"]["all"]["kendall"]["value"]
    assert found == pytest.approx(expected, abs=1e-9)
    assert (run.folder / "figures" / "leaderboard.png").is_file()
    assert (
        run.returned
        == run.summary["members"]["zen_closed"]["correlation"]["all"]["kendall"]["value"]
    )


def test_a_combination_is_made_of_the_scores_of_its_members(run_zenlab: Run) -> None:
    run = run_zenlab(*SMALL, "proxy=az_nas", "proxy.members=[params,snip]", "benchmark=none")
    ranks = [stats.rankdata(run.scores[name]) / 12 for name in ("params", "snip")]
    assert run.scores["az_nas"].tolist() == pytest.approx(list(np.log(ranks).sum(0)))
    assert list(run.summary["members"]) == ["az_nas", "params", "snip"]


def test_a_combination_may_be_a_part_of_another(run_zenlab: Run) -> None:
    run = run_zenlab(
        *SMALL,
        "proxy=suite",
        "proxy.members=[vote]",
        "+proxy.settings.vote.members=[te_nas,params]",
        "+proxy.settings.te_nas.members=[flops,params]",
        "benchmark=none",
    )
    ranks = [stats.rankdata(run.scores[name]) for name in ("flops", "params")]
    assert run.scores["te_nas"].tolist() == list(sum(ranks))
    assert list(run.summary["members"]) == ["vote", "params", "flops", "te_nas"]


def test_a_suite_may_hold_combinations_and_settings(run_zenlab: Run) -> None:
    run = run_zenlab(
        *SMALL,
        "proxy=suite",
        "proxy.members=[vote,naswot]",
        "+proxy.settings.naswot.batch_size=8",
        "benchmark=none",
    )
    assert list(run.summary["members"]) == ["vote", "naswot", "synflow", "jacob_cov"]
    finite = run.scores["naswot"][run.scores["naswot"] > -math.inf]
    assert finite.max() < 8 * math.log(1e5)  # a determinant of 8 x 8 counts


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["proxy.members=[zem]"], "there is no proxy zem; the options are az_expressivity"),
        (["proxy.members=[suite]"], "names suite, which is a suite"),
        (["+proxy.settings.zen.gamma=1"], "proxy.settings has zen, which is not among"),
        (["+proxy.settings.znn.gamma=1"], "there is no proxy znn; the options are"),
        (["+proxy.settings.snip.gama=1"], "proxy.settings.snip has gama; snip has"),
        (["searcher=race"], "use proxy=zen"),
        (
            ["proxy.members=[jacob_cov]", "+proxy.settings.jacob_cov.batch_size=1"],
            r"jacob_cov \(proxy.settings.jacob_cov\): proxy.batch_size is 1",
        ),
        (
            ["proxy.members=[vote]", "+proxy.settings.vote.members=[vote,params]"],
            "proxy vote is made of itself: vote of vote",
        ),
    ],
)
def test_a_suite_that_makes_no_sense_is_refused(
    overrides: list[str], message: str, run_zenlab: Run
) -> None:
    with pytest.raises(ValueError, match=message):
        run_zenlab(*SMALL[:3], "proxy=suite", "benchmark=none", *overrides)


def test_a_label_proxy_on_an_unlabelled_file_is_refused_before_anything_is_scored(
    run_zenlab: Run, tmp_path: Path
) -> None:
    path = tmp_path / "images.npz"
    np.savez(path, images=np.zeros((20, 8, 8, 3), dtype=np.uint8))
    data = (
        "dataset=arrays",
        f"dataset.path={path}",
        "dataset.labels=null",
        "dataset.image_size=8",
    )
    for proxy in ("proxy=snip", "proxy=suite"):
        with pytest.raises(ValueError, match="proxy snip reads labels, and arrays has none"):
            run_zenlab("space.C=4", "space.N=1", proxy, *data, "benchmark=none")
