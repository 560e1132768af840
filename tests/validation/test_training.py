"""Trainings learn, are never made twice, go on where they were cut off, and fail with a reason."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.validation.recipes import recipe
from zenlab.core import Genotype, Network
from zenlab.datasets import digits
from zenlab.datasets.dataset import Dataset
from zenlab.spaces.nb201 import NB201
from zenlab.validation.archive import Archive
from zenlab.validation.classifier import Classifier
from zenlab.validation.together import train_together
from zenlab.validation.training import Training, identity_of

DIGITS = Dataset("digits", 1, 8, 10, [0.3053], [0.3760], pixels=digits.load)
SPACE = NB201(C=4, N=1, channels=1, image_size=8)
BEST = SPACE.parse("6111")
OTHER = SPACE.parse("1462")
_PARTLY_DEAD = Genotype("|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|nor_conv_3x3~0|none~1|none~2|")


class Killed(BaseException):
    """What a kill -9 looks like from inside: nothing catches it."""


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def training(home: Path, space: NB201 = SPACE, **changes: Any) -> Training:
    chosen = recipe(**changes)
    identity = {"space": str(space), **identity_of(DIGITS, chosen)}
    return Training(space, DIGITS, chosen, home, identity)


def without_times(trained: Any) -> Any:
    return replace(trained, seconds=0.0, images_per_second=0.0, reused=False, resumed_at=0)


def test_a_network_learns_the_digits(tmp_path: Path) -> None:
    trained = training(tmp_path, epochs=6, drop_last=True).score((BEST, 0))
    assert trained.error is None
    losses = [row["train_loss"] for row in trained.epochs]
    assert losses[-1] < losses[0] / 2
    assert trained.tested["accuracy"] > 85 and trained.tested["top5"] > 98
    assert 0 <= trained.tested["calibration_error"] <= 100
    assert trained.epochs[-1]["held_out_accuracy"] > 80


def test_the_same_seed_gives_the_same_result_and_another_seed_another(tmp_path: Path) -> None:
    one = training(tmp_path / "one").score((BEST, 0))
    again = training(tmp_path / "two").score((BEST, 0))
    other = training(tmp_path / "two").score((BEST, 1))
    assert without_times(one) == without_times(again)
    assert one.epochs != other.epochs


def test_a_finished_training_is_taken_from_the_archive(tmp_path: Path) -> None:
    first = training(tmp_path).score((BEST, 0))
    again = training(tmp_path).score((BEST, 0))
    assert again.reused and not first.reused
    assert without_times(again) == without_times(first)
    assert not training(tmp_path, learning_rate=0.05).score((BEST, 0)).reused


def test_the_weights_that_are_kept_are_those_that_were_tested(tmp_path: Path) -> None:
    here = training(tmp_path)
    trained = here.score((BEST, 0))
    network = SPACE.build(BEST)
    network.load_state_dict(torch.load(here.archive((BEST, 0)).weights, weights_only=True))
    images, labels = here.shares.test
    with torch.no_grad():
        found = network.eval()((images - 0.3053) / 0.3760).argmax(1)
    right = 100 * (found == labels).float().mean().item()
    assert right == pytest.approx(trained.tested["accuracy"], abs=0.3)


def cut_off(monkeypatch: pytest.MonkeyPatch, *, epoch: int) -> None:
    """End a training in the middle of an epoch (from 0)."""
    step = Classifier.training_step

    def killed(self: Classifier, batch: Any, batch_idx: int) -> torch.Tensor:
        if self.current_epoch == epoch and batch_idx == 3:
            raise Killed
        return step(self, batch, batch_idx)

    monkeypatch.setattr(Classifier, "training_step", killed)


def test_a_training_that_was_cut_off_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = training(tmp_path / "one", epochs=3).score((BEST, 0))
    with monkeypatch.context() as patched, pytest.raises(Killed):
        cut_off(patched, epoch=2)
        training(tmp_path / "two", epochs=3).score((BEST, 0))
    resumed = training(tmp_path / "two", epochs=3).score((BEST, 0))
    assert resumed.resumed_at == 2
    assert without_times(resumed) == without_times(undisturbed)


def test_a_corrupt_checkpoint_is_told_and_the_training_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = training(tmp_path / "one").score((BEST, 0))
    with monkeypatch.context() as patched, pytest.raises(Killed):
        cut_off(patched, epoch=1)
        training(tmp_path / "two").score((BEST, 0))
    checkpoint = training(tmp_path / "two").archive((BEST, 0)).checkpoint
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    trained = training(tmp_path / "two").score((BEST, 0))
    assert trained.remark is not None and "checkpoint could not be read" in trained.remark
    assert trained.resumed_at == 0
    assert trained.tested == undisturbed.tested


def test_an_unreadable_result_is_made_anew(tmp_path: Path) -> None:
    here = training(tmp_path)
    first = here.score((BEST, 0))
    (here.archive((BEST, 0)).folder / "result.json").write_text("{")
    again = here.score((BEST, 0))
    assert not again.reused and again.tested == first.tested


def test_divergence_is_an_error_with_a_reason_and_nothing_is_kept(tmp_path: Path) -> None:
    here = training(tmp_path, learning_rate=1e6, warmup=0.0)
    trained = here.score((BEST, 0))
    assert trained.error is not None and trained.error.startswith("Diverged: diverged in epoch 1")
    assert "lower validation.learning_rate" in trained.error
    assert here.archive((BEST, 0)).known() is None


@dataclass(frozen=True)
class Greedy(NB201):
    """A space with one network that doesn't fit into memory."""

    def build(self, genotype: Genotype) -> Network:
        if genotype == OTHER:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 99 GiB")
        return super().build(genotype)


def test_a_network_too_large_for_memory_fails_alone(tmp_path: Path) -> None:
    here = training(tmp_path, Greedy(C=4, N=1, channels=1, image_size=8))
    failed, other = here.score((OTHER, 0)), here.score((BEST, 0))
    assert failed.error == "OutOfMemoryError: CUDA out of memory. Tried to allocate 99 GiB"
    assert other.error is None


@pytest.mark.parametrize("cell", [BEST, _PARTLY_DEAD])
def test_two_processes_take_the_steps_of_one_and_end_alike(tmp_path: Path, cell: Genotype) -> None:
    chosen: dict[str, Any] = {"epochs": 6, "drop_last": True}
    alone = training(tmp_path / "one", **chosen).score((cell, 0))
    together = train_together(training(tmp_path / "two", **chosen), (cell, 0), ("cpu", "cpu"))
    assert together.error is None
    assert [row["epoch"] for row in together.epochs] == [1, 2, 3, 4, 5, 6]
    rates = [[row["learning_rate"] for row in one.epochs] for one in (alone, together)]
    assert rates[0] == rates[1]  # the rate follows the step: equal rates, equally many steps
    assert together.tested["accuracy"] == pytest.approx(alone.tested["accuracy"], abs=8)


def test_a_process_that_shares_a_training_and_fails_ends_it_with_its_reason(tmp_path: Path) -> None:
    here = training(tmp_path, learning_rate=1e6, warmup=0.0)
    failed = train_together(here, (BEST, 0), ("cpu", "cpu"))
    assert failed.error is not None and failed.error.startswith("Diverged")


def test_a_folder_that_cant_be_written_is_an_error_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "trainings").write_text("a file in the way")
    with pytest.raises(ValueError, match="set ZENLAB_HOME to a folder that can be written"):
        Archive(tmp_path, {}).prepare()


def test_the_archive_says_what_a_training_is_of(tmp_path: Path) -> None:
    here = training(tmp_path)
    here.score((BEST, 0))
    said = json.loads((here.archive((BEST, 0)).folder / "identity.json").read_text())
    assert said["genotype"] == BEST and said["seed"] == 0 and said["recipe"]["epochs"] == 2
