"""One training of one architecture, from its initial weights to its test accuracy."""

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.strategies import DDPStrategy
from torch import nn

from zenlab.core import Genotype, Network, Space
from zenlab.datasets.dataset import Dataset
from zenlab.scoring.measure import seed_of
from zenlab.validation.archive import Archive, Trained
from zenlab.validation.classifier import Classifier
from zenlab.validation.images import Images, Shares, share_out
from zenlab.validation.keeper import Keeper
from zenlab.validation.place import Place
from zenlab.validation.recipe import Recipe

_CPU = torch.device("cpu")

TrainingTask = tuple[Genotype, int]
"""An architecture and the seed of its training."""


@dataclass(frozen=True)
class Training:
    """Trains architectures of a space by a recipe, each with its own seed.

    `identity` is what decides a result besides genotype and seed, for JSON. `place` is where this
    process stands among those that share a training, None where it trains alone.
    """

    space: Space
    dataset: Dataset
    recipe: Recipe
    home: Path
    identity: Mapping[str, Any]
    device: torch.device = _CPU
    place: Place | None = None
    precision: str = "32-true"
    deterministic: bool = True
    keep_weights: bool = True

    def __getstate__(self) -> dict[str, Any]:
        """Leave the images out: each process loads them itself."""
        return {name: value for name, value in vars(self).items() if name != "shares"}

    def to(self, device: torch.device) -> "Training":
        """Return the same training on another device."""
        return replace(self, device=device)

    def score(self, task: TrainingTask) -> Trained:
        """Train one architecture, or return what is known; what goes wrong is its error."""
        genotype, seed = task
        if (known := self.archive(task).known()) is not None:
            return known
        try:
            return self._train(genotype, seed)
        except (ValueError, RuntimeError, ArithmeticError, MemoryError) as error:
            return self.failed(task, f"{type(error).__name__}: {error}".splitlines()[0])

    def failed(self, task: TrainingTask, reason: str) -> Trained:
        """Return the result of a training that could not be finished."""
        return Trained(*task, error=reason)

    def archive(self, task: TrainingTask) -> Archive:
        """Return where a training is kept."""
        genotype, seed = task
        return Archive(self.home, {**self.identity, "genotype": genotype, "seed": seed})

    def _train(self, genotype: Genotype, seed: int) -> Trained:
        shares = self.shares
        archive = self.archive((genotype, seed))
        archive.prepare()
        own_seed = seed_of(seed, genotype)
        classifier = Classifier(
            self._network(genotype, own_seed),
            self.recipe,
            num_classes=self.dataset.num_classes,
            steps=self.recipe.epochs * self.recipe.steps_per_epoch(len(shares.train[0])),
        )
        images = Images(shares, self.dataset, self.recipe, seed=own_seed)
        kept = Keeper(archive, classifier)
        with _quiet():
            trainer = self._trainer(kept, held_out=bool(len(shares.held_out[0])))
            remark = self._fit(trainer, classifier, images, archive)
            trainer.test(classifier, images, verbose=False)
        if self.keep_weights and trainer.is_global_zero:
            torch.save(classifier.network.state_dict(), archive.weights)
        trained = Trained(
            genotype,
            seed,
            epochs=classifier.epochs,
            tested=classifier.tested,
            seconds=kept.seconds,
            images_per_second=len(shares.train[0]) * len(classifier.epochs) / kept.seconds,
            resumed_at=kept.resumed_at,
            remark=remark,
        )
        if trainer.is_global_zero:
            archive.keep(trained)
        return trained

    @cached_property
    def shares(self) -> Shares:
        """The images of all trainings."""
        return share_out(self.dataset, self.recipe)

    def _network(self, genotype: Genotype, seed: int) -> Network:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self.space.build(genotype)
            if self.recipe.initialisation == "kaiming":
                _draw_convolutions(network)
        if self.place is not None:
            _freeze_idle(network, self.dataset)
        return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def _trainer(self, kept: Keeper, *, held_out: bool) -> pl.Trainer:
        recipe = self.recipe
        return pl.Trainer(
            **self._where(),
            precision=self.precision,  # type: ignore[arg-type]
            deterministic=self.deterministic,
            max_epochs=recipe.epochs,
            check_val_every_n_epoch=1 if recipe.evaluate == "epoch" else recipe.epochs,
            limit_val_batches=None if held_out else 0,
            callbacks=[kept],
            use_distributed_sampler=False,
            num_sanity_val_steps=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )

    def _where(self) -> dict[str, Any]:
        """Return Lightning's words for device and place."""
        on_gpu = self.device.type == "cuda"
        devices = [self.device.index or 0] if on_gpu else 1
        accelerator = "gpu" if on_gpu else "cpu"
        if self.place is None:
            return {"accelerator": accelerator, "devices": devices}
        return {
            "accelerator": accelerator,
            "devices": list(range(self.place.processes)) if on_gpu else self.place.processes,
            "strategy": DDPStrategy(),
            "plugins": [self.place.environment()],
        }

    def _fit(
        self, trainer: pl.Trainer, classifier: Classifier, images: Images, archive: Archive
    ) -> str | None:
        """Train from the checkpoint if there is one that can be read, else from the start."""
        if not archive.checkpoint.is_file():
            trainer.fit(classifier, images)
            return None
        try:
            torch.load(archive.checkpoint, map_location="cpu", weights_only=True)
        except Exception as error:  # any: a torn file fails in as many ways as it has bytes
            archive.checkpoint.unlink()
            trainer.fit(classifier, images)
            return f"its checkpoint could not be read ({type(error).__name__}): trained anew"
        trainer.fit(classifier, images, ckpt_path=archive.checkpoint)
        return None


@torch.no_grad()
def _draw_convolutions(network: nn.Module) -> None:
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)


def _freeze_idle(network: nn.Module, dataset: Dataset) -> None:
    """Exclude weights that the output doesn't depend on: processes would wait for their gradient.

    They never get one, so that no training changes them anyway.
    """
    shape = (2, dataset.channels, dataset.image_size, dataset.image_size)
    network.eval()(torch.zeros(shape)).sum().backward()
    network.train()
    for parameter in network.parameters():
        parameter.requires_grad_(parameter.grad is not None)
    network.zero_grad(set_to_none=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Lightning's greetings and its advice to hold images in other processes to itself."""
    loggers = [logging.getLogger(name) for name in ("pytorch_lightning", "lightning_fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="pytorch_lightning")
            warnings.filterwarnings("ignore", module="lightning_fabric")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def identity_of(dataset: Dataset, recipe: Recipe) -> dict[str, Any]:
    """Return what of images and recipe decides a result, ready for JSON."""
    splits = dataset.splits()
    mean, std = dataset.normalisation()
    return {
        "recipe": asdict(recipe),
        "train": splits.train.digest,
        "test": splits.test.digest,
        "mean": mean,
        "std": std,
        "mirrored": dataset.mirrored,
    }
