"""Where trainings are kept, finished or not, so that none is ever made twice."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from zenlab.core import Genotype

_RESULT, _EPOCHS = "result.json", "epochs.json"
_CHECKPOINT, _WEIGHTS = "checkpoint.ckpt", "weights.pt"


@dataclass(frozen=True)
class Trained:
    """What came out of one training: accuracies in percent, `seconds` of training alone.

    `error` says why there is no result. `epochs` has a row for each epoch, `tested` what the test
    images said; `reused` tells that it was made by an earlier run, `resumed_at` after how many
    epochs an interrupted one was taken up again.
    """

    genotype: Genotype
    seed: int
    epochs: list[dict[str, float]] = field(default_factory=list)
    tested: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    images_per_second: float = 0.0
    error: str | None = None
    reused: bool = False
    resumed_at: int = 0
    remark: str | None = None

    def held_out(self, name: str) -> float | None:
        """Return what the images held out said at last, None where none were."""
        return self.epochs[-1].get(f"held_out_{name}") if self.epochs else None


class Archive:
    """The folder of one training, below `home` and named by everything that decides its result."""

    def __init__(self, home: Path, identity: Mapping[str, Any]) -> None:
        text = json.dumps(identity, sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:24]
        self.folder = home / "trainings" / name[:2] / name
        self._identity = text

    @property
    def checkpoint(self) -> Path:
        """The state after the last finished epoch; it goes when the training is finished."""
        return self.folder / _CHECKPOINT

    @property
    def weights(self) -> Path:
        """The trained weights, where they are kept."""
        return self.folder / _WEIGHTS

    def prepare(self) -> None:
        """Make the folder, with what it is the training of.

        Raises:
            ValueError: `home` can't be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / "identity.json", self._identity.encode())
        except OSError as error:
            raise ValueError(
                f"can't keep trainings in {self.folder}: {error}; set ZENLAB_HOME to a folder that "
                f"can be written"
            ) from None

    def known(self) -> Trained | None:
        """Return the result of a finished training, marked as reused; an unreadable one is none."""
        try:
            found = json.loads((self.folder / _RESULT).read_text(encoding="utf-8"))
            return replace(Trained(**found), reused=True)
        except (OSError, ValueError, TypeError):
            return None

    def epochs(self) -> list[dict[str, float]]:
        """Return the rows of the epochs so far, of a training that goes on in any process."""
        try:
            found: list[dict[str, float]] = json.loads((self.folder / _EPOCHS).read_bytes())
            return found
        except (OSError, ValueError):
            return []

    def keep_epochs(self, epochs: list[dict[str, float]]) -> None:
        """Write the rows of the epochs so far."""
        write_whole(self.folder / _EPOCHS, json.dumps(epochs).encode())

    def keep(self, trained: Trained) -> None:
        """Write the result; the checkpoint has done its work."""
        write_whole(self.folder / _RESULT, json.dumps(asdict(trained)).encode())
        self.checkpoint.unlink(missing_ok=True)
        (self.folder / _EPOCHS).unlink(missing_ok=True)

    def copy_to(self, folder: Path, name: str) -> None:
        """Give a run's folder its own copy of the weights, if they were kept."""
        if self.weights.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.weights, folder / f"{name}.pt")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(path)
