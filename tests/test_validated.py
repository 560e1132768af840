"""Validation in a run: candidates, curves, the pick, what is kept, and what a kill costs."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest

from tests.conftest import Outcome
from zenlab.core import Genotype, Score
from zenlab.validated import Curves, best_scores

Run = Callable[..., Outcome]
RUN = (
    "space.C=4",
    "space.N=1",
    "dataset=digits",
    "proxy=params",
    "validation=short",
    "validation.top_k=3",
    "validation.epochs=3",
    "searcher.budget=12",
    "searcher.where=reachable",
    "benchmark=none",
    "hardware.workers=1",
)


def test_the_best_candidates_are_trained_and_one_is_picked(run_zenlab: Run) -> None:
    run = run_zenlab(*RUN)
    found = run.summary["validation"]
    best = run.scores.sort_values("score", ascending=False, kind="stable")["genotype"].head(3)
    assert [c["genotype"] for c in found["candidates"]] == best.tolist()
    assert [len(c["epochs"]) for c in found["candidates"]] == [3, 3, 3]
    held_out = [c["held_out_accuracy"] for c in found["candidates"]]
    assert found["pick"]["held_out_accuracy"] == max(held_out)
    assert found["proxy_pick"]["rank"] == 1
    assert all(20 < c["test_accuracy"] <= 100 for c in found["candidates"])
    rows = pd.read_csv(run.folder / "validation.csv")
    assert rows["test_accuracy"].tolist() == [c["test_accuracy"] for c in found["candidates"]]
    assert len(pd.read_csv(run.folder / "validation_epochs.csv")) == 9
    assert matplotlib.image.imread(run.folder / "figures" / "validation.png").shape[0] > 500
    assert len(list((run.folder / "weights").glob("rank_*_seed_0.pt"))) == 3


def test_the_terminal_shows_the_candidates(
    run_zenlab: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_zenlab(*RUN)
    shown = capsys.readouterr().out
    pick = run.summary["validation"]["pick"]
    assert "digits test accuracy after 3 epochs (%)" in shown
    assert f"* picked by the accuracy on 144 training images held out: {pick['genotype']}" in shown
    assert f"{pick['test_accuracy']:.2f}" in shown


def test_the_same_command_trains_nothing_again(run_zenlab: Run) -> None:
    first = run_zenlab(*RUN, folder="one").summary["validation"]["candidates"]
    again = run_zenlab(*RUN, folder="two").summary["validation"]["candidates"]
    assert [c["reused"] for c in first] == [0, 0, 0] and [c["reused"] for c in again] == [1, 1, 1]
    assert [c["test_accuracy"] for c in again] == [c["test_accuracy"] for c in first]


def test_several_seeds_are_averaged_and_their_spread_is_told(run_zenlab: Run) -> None:
    run = run_zenlab(*RUN, "validation.top_k=1", "validation.seeds=2", "validation.epochs=2")
    (candidate,) = run.summary["validation"]["candidates"]
    assert candidate["seeds"] == 2 and candidate["test_accuracy_std"] > 0
    epochs = pd.read_csv(run.folder / "validation_epochs.csv")
    assert epochs["seed"].tolist() == [0, 0, 1, 1]
    last = epochs[epochs["epoch"] == 2]["train_loss"].mean()
    assert candidate["epochs"][-1]["train_loss"] == pytest.approx(last)


def test_where_a_table_knows_the_truth_the_regret_of_both_picks_is_told(run_zenlab: Run) -> None:
    run = run_zenlab(*RUN, "benchmark=embedded")
    found, scores = run.summary["validation"], run.scores
    measured = dict(zip(scores["genotype"], scores["accuracy"], strict=True))
    best = scores["accuracy"].max()
    regret = found["regret"]
    assert regret["best"] == pytest.approx(best)
    assert regret["proxy"] == pytest.approx(best - measured[found["proxy_pick"]["genotype"]])
    assert regret["validation"] == pytest.approx(best - measured[found["pick"]["genotype"]])


def test_divergence_is_told_and_the_run_ends(run_zenlab: Run) -> None:
    run = run_zenlab(*RUN, "validation.learning_rate=1e6")
    found = run.summary["validation"]
    assert found["pick"] is None
    assert len(found["failures"]) == 3 and "diverged in epoch 1" in found["failures"][0]
    assert len(run.scores) == 12


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("dataset=imagenet16",), "dataset=imagenet16 needs dataset.folder"),
        (("validation.top_k=0",), "validation.top_k is 0; wanted at least 1"),
        (("validation.batch_size=5000", "validation.drop_last=true"), "which make no batch"),
    ],
)
def test_what_cant_be_trained_is_told_before_any_scoring(
    run_zenlab: Run, tmp_path: Path, overrides: tuple[str], message: str
) -> None:
    with pytest.raises(Exception, match=message):
        run_zenlab(*RUN, *overrides)
    assert not (tmp_path / "run" / "scores.csv").exists()


def test_dead_failed_and_repeated_architectures_are_no_candidates() -> None:
    scores = [
        Score(Genotype("a"), 1.0),
        Score(Genotype("dead"), float("-inf")),
        Score(Genotype("b"), 3.0),
        Score(Genotype("failed"), float("nan"), error="too large"),
        Score(Genotype("b"), 3.0, reused=True),
        Score(Genotype("c"), 2.0),
    ]
    assert [score.genotype for score in best_scores(scores, 5)] == ["b", "c", "a"]


def test_each_epoch_of_each_training_is_sent_once() -> None:
    sent: list[dict[str, float]] = []
    curves = Curves({Genotype("a"): 1, Genotype("b"): 2}, 1, lambda row: sent.append(dict(row)))
    rows = [{"epoch": epoch, "train_loss": 1 / epoch, "learning_rate": 0.1} for epoch in (1, 2, 3)]
    curves.add((Genotype("a"), 0), rows[:1])
    curves.add((Genotype("b"), 0), rows[:2])
    curves.add((Genotype("a"), 0), rows)
    curves.add((Genotype("a"), 0), rows[:2])  # what is looked at late is known already
    names = [(row["validation/epoch"], next(k for k in row if "loss" in k)) for row in sent]
    assert sorted(names) == [
        (1, "validation/rank_1/train_loss"),
        (1, "validation/rank_2/train_loss"),
        (2, "validation/rank_1/train_loss"),
        (2, "validation/rank_2/train_loss"),
        (3, "validation/rank_1/train_loss"),
    ]


def command(home: Path, folder: Path) -> tuple[list[str], dict[str, str]]:
    words = [*RUN, "validation.epochs=6", "tracking=none", f"hydra.run.dir={folder}"]
    return [sys.executable, "-m", "zenlab", *words], {**os.environ, "ZENLAB_HOME": str(home)}


def test_a_kill_during_the_second_candidate_costs_at_most_an_epoch(tmp_path: Path) -> None:
    words, environment = command(tmp_path / "home", tmp_path / "one")
    killed = subprocess.Popen(
        words, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    trainings = tmp_path / "home" / "trainings"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        finished = list(trainings.glob("*/*/result.json"))
        if len(finished) == 1 and list(trainings.glob("*/*/checkpoint.ckpt")):
            break
        time.sleep(0.005)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    assert len(list(trainings.glob("*/*/result.json"))) == 1
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    words, environment = command(tmp_path / "undisturbed", tmp_path / "two")
    subprocess.run(words, env=environment, check=True, stdout=subprocess.DEVNULL)
    resumed, whole = (pd.read_csv(tmp_path / name / "validation.csv") for name in ("one", "two"))
    assert resumed["reused"].tolist() == [1, 0, 0]
    assert resumed["resumed_at"].tolist()[1] >= 1 and resumed["resumed_at"].tolist()[2] == 0
    same = ["genotype", "held_out_accuracy", "held_out_loss", "test_accuracy", "test_loss"]
    pd.testing.assert_frame_equal(resumed[same], whole[same])
