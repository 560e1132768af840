"""A network in training, as Lightning wants it."""

import math
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassCalibrationError

from zenlab.core import Network
from zenlab.validation.images import Labelled
from zenlab.validation.recipe import Recipe

_STEPS_BETWEEN_CHECKS = 10
_HOPELESS = 100  # times the loss of guessing


class Diverged(ArithmeticError):  # noqa: N818  it says what happened to a training
    """The loss is nan, infinite or far above that of guessing."""


class Classifier(pl.LightningModule):
    """Trains a network by a recipe over `steps` steps and measures it.

    `epochs` collects one row for each epoch: number, mean training loss, learning rate, and what
    the held-out images say. `tested` is what the test images say. Accuracies are in percent.
    """

    def __init__(self, network: Network, recipe: Recipe, *, num_classes: int, steps: int) -> None:
        super().__init__()
        self.network = network
        self.epochs: list[dict[str, float]] = []
        self.tested: dict[str, float] = {}
        self._recipe = recipe
        self._steps = steps
        self._guessing = math.log(num_classes)
        self._held_out: dict[str, float] = {}
        self._rate = recipe.learning_rate
        self._loss = MeanMetric(nan_strategy="ignore")
        self._measures = measures(num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the class scores, (n, classes)."""
        scores: Tensor = self.network(images)
        return scores

    def training_step(self, batch: Labelled, batch_idx: int) -> Tensor:
        """Return the loss of a batch.

        Raises:
            Diverged: it can't get better any more.
        """
        images, labels = batch
        loss = functional.cross_entropy(
            self(images), labels, label_smoothing=self._recipe.label_smoothing
        )
        self._loss.update(loss.detach(), len(labels))
        last = batch_idx + 1 == self.trainer.num_training_batches
        if last or self.global_step % _STEPS_BETWEEN_CHECKS == 0:
            self._check(float(loss.detach()))
        return loss

    def _check(self, loss: float) -> None:
        if not math.isfinite(loss) or loss > _HOPELESS * self._guessing:
            raise Diverged(
                f"diverged in epoch {self.current_epoch + 1}: the loss is {loss:.3g}, and "
                f"{self._guessing:.3g} is that of guessing; lower validation.learning_rate"
            )

    def validation_step(self, batch: Labelled, batch_idx: int) -> None:
        """Measure a batch of the images held out."""
        self._measure(batch)

    def test_step(self, batch: Labelled, batch_idx: int) -> None:
        """Measure a batch of the test images."""
        self._measure(batch)

    def _measure(self, batch: Labelled) -> None:
        images, labels = batch
        scores = self(images).float()
        self._measures["loss"].update(functional.cross_entropy(scores, labels), len(labels))
        for name in ("accuracy", "top5", "calibration_error"):
            self._measures[name].update(scores, labels)

    def on_validation_epoch_end(self) -> None:
        """Keep what the held-out images say, for the row of this epoch."""
        self._held_out = self._measured()

    def on_test_epoch_end(self) -> None:
        """Keep what the test images say."""
        self.tested = self._measured()

    def _measured(self) -> dict[str, float]:
        found = {name: float(value) for name, value in self._measures.compute().items()}
        self._measures.reset()
        return {name: value if name == "loss" else 100 * value for name, value in found.items()}

    def on_train_epoch_start(self) -> None:
        """Begin the row of this epoch."""
        self._held_out = {}
        self._rate = self.optimizers().param_groups[0]["lr"]  # type: ignore[union-attr]

    def close_epoch(self) -> None:
        """Close the row of this epoch; whoever keeps the state calls it before."""
        held_out = {f"held_out_{name}": value for name, value in self._held_out.items()}
        self.epochs.append(
            {
                "epoch": self.current_epoch + 1,
                "train_loss": float(self._loss.compute()),
                "learning_rate": self._rate,
                **held_out,
            }
        )
        self._loss.reset()

    def configure_optimizers(self) -> Any:
        """Return the optimiser with the learning rate of each step."""
        recipe = self._recipe
        optimiser = _optimiser(self.network, recipe)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: recipe.learning_rate_factor(step, self._steps)
        )
        return {
            "optimizer": optimiser,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep the rows of the epochs with the weights."""
        checkpoint["epochs"] = self.epochs

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on after the rows that were kept."""
        self.epochs = list(checkpoint["epochs"])


def measures(num_classes: int) -> MetricCollection:
    """Return what a classifier is judged by: loss, accuracy, top-5 accuracy, calibration error.

    The calibration error is the expected one over 15 bins (Guo et al., ICML 2017).
    """
    return MetricCollection(
        {
            "loss": MeanMetric(),
            "accuracy": MulticlassAccuracy(num_classes, average="micro"),
            "top5": MulticlassAccuracy(num_classes, top_k=min(5, num_classes), average="micro"),
            "calibration_error": MulticlassCalibrationError(num_classes, n_bins=15),
        },
        compute_groups=False,
    )


def _optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    groups = _groups(network, recipe)
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=recipe.learning_rate, fused=True)
    return torch.optim.SGD(
        groups,
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        nesterov=recipe.nesterov,
        fused=True,
    )


def _groups(network: nn.Module, recipe: Recipe) -> list[dict[str, Any]]:
    """Weights have more than one axis; batch norms and biases have one."""
    parameters = [p for p in network.parameters() if p.requires_grad]
    if recipe.decayed == "all":
        return [{"params": parameters, "weight_decay": recipe.weight_decay}]
    weights = [p for p in parameters if p.ndim > 1]
    others = [p for p in parameters if p.ndim == 1]
    return [
        {"params": weights, "weight_decay": recipe.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
