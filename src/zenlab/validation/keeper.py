"""Keeps the state of a training after every epoch, so that a kill costs one at most."""

import math
import time
from typing import Any

import pytorch_lightning as pl

from zenlab.validation.archive import Archive
from zenlab.validation.classifier import Classifier


class Keeper(pl.Callback):
    """Keeps the state after every epoch, and the seconds of training."""

    def __init__(self, archive: Archive, classifier: Classifier) -> None:
        self._archive = archive
        self._classifier = classifier
        self.seconds = 0.0
        self.resumed_at = 0

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count the seconds."""
        self._start = time.perf_counter()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Close the row of the epoch and keep the state, but for the last."""
        self.seconds += time.perf_counter() - self._start
        self._classifier.close_epoch()
        if trainer.current_epoch + 1 < (trainer.max_epochs or math.inf):
            unfinished = self._archive.checkpoint.with_suffix(".unfinished")
            trainer.save_checkpoint(unfinished)
            if trainer.is_global_zero:
                unfinished.replace(self._archive.checkpoint)
        if trainer.is_global_zero:
            self._archive.keep_epochs(self._classifier.epochs)

    def state_dict(self) -> dict[str, Any]:
        """Return what is kept of this in a checkpoint."""
        return {"seconds": self.seconds}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with what was kept."""
        self.seconds = state_dict["seconds"]

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Note after how many epochs the training goes on."""
        self.resumed_at = len(checkpoint["epochs"])
