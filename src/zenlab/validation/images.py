"""The images of a training as Lightning wants them: whole batches, changed on their device."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset

from zenlab.datasets.dataset import Dataset
from zenlab.datasets.pixels import Pixels
from zenlab.validation.recipe import Recipe

_SUBSET_SEED = 0
_SIDE_PER_CROP = 8
_EVALUATION_BATCH = 1000

Labelled = tuple[Tensor, Tensor]
"""Images (n, c, h, w) and labels (n,)."""


@dataclass(frozen=True)
class Shares:
    """Images to train on, to pick by (perhaps none) and to test with."""

    train: Labelled
    held_out: Labelled
    test: Labelled


def share_out(dataset: Dataset, recipe: Recipe) -> Shares:
    """Divide the images of a dataset as a recipe says: the same way for all candidates and seeds.

    Raises:
        ValueError: there are fewer images than the recipe wants, or they can't be trained on.
    """
    splits = dataset.splits()
    available = len(splits.train.images)
    wanted = recipe.train_images or available
    if wanted > available:
        raise ValueError(
            f"validation.train_images is {wanted}, but {dataset.name} has {available} images to "
            f"train on"
        )
    rng = torch.Generator().manual_seed(_SUBSET_SEED)
    order = torch.randperm(available, generator=rng)[:wanted]
    held_out = round(recipe.holdout * wanted)
    if not recipe.steps_per_epoch(wanted - held_out):
        raise ValueError(
            f"there are {wanted - held_out} images to train on, which make no batch of "
            f"validation.batch_size={recipe.batch_size}; ask for a smaller one"
        )
    return Shares(
        train=_labelled(splits.train, order[held_out:]),
        held_out=_labelled(splits.train, order[:held_out]),
        test=_labelled(splits.test, None),
    )


def _labelled(pixels: Pixels, chosen: Tensor | None) -> Labelled:
    if pixels.labels is None:
        raise ValueError("training needs labels")
    if chosen is None:
        return pixels.images, pixels.labels
    return pixels.images[chosen], pixels.labels[chosen]


class Images(pl.LightningDataModule):
    """Serves the images of a training in batches; every process of several gets its part of each.

    The order of an epoch and what augmentation draws follow from `seed` and the number of the
    epoch, so that a training that was cut off goes on as if it had not been.
    """

    def __init__(self, shares: Shares, dataset: Dataset, recipe: Recipe, *, seed: int) -> None:
        super().__init__()
        self._shares = shares
        self._recipe = recipe
        self._seed = seed
        self._mean, self._std = (
            torch.tensor(numbers)[:, None, None] for numbers in dataset.normalisation()
        )
        self._crop = dataset.image_size // _SIDE_PER_CROP if recipe.crop is None else recipe.crop
        self._flip = recipe.flip and dataset.mirrored

    def train_dataloader(self) -> "DataLoader[Labelled]":
        """Return all full batches of an epoch, in an order of its own."""
        order = EpochOrder(
            len(self._shares.train[0]), self._recipe, self._seed, *self._place_of_process()
        )
        return _loader(self._shares.train, order)

    def val_dataloader(self) -> "DataLoader[Labelled] | list[DataLoader[Labelled]]":
        """Return the images held out, if there are any."""
        return self._evaluation(self._shares.held_out) if len(self._shares.held_out[0]) else []

    def test_dataloader(self) -> "DataLoader[Labelled]":
        """Return all images to test with."""
        return self._evaluation(self._shares.test)

    def on_after_batch_transfer(self, batch: Labelled, dataloader_idx: int) -> Labelled:
        """Augment (in training) and normalise a whole batch on its device."""
        images, labels = batch
        trainer = self.trainer
        if trainer is not None and trainer.training:
            rng = torch.Generator().manual_seed(self._seed_of_step(trainer))
            images = augmented(images, rng, crop=self._crop, flip=self._flip)
        mean, std = (numbers.to(images.device) for numbers in (self._mean, self._std))
        return ((images - mean) / std).contiguous(memory_format=torch.channels_last), labels

    def _evaluation(self, labelled: Labelled) -> "DataLoader[Labelled]":
        return _loader(labelled, _Portions(len(labelled[0]), *self._place_of_process()))

    def _place_of_process(self) -> tuple[int, int]:
        trainer = self.trainer
        return (0, 1) if trainer is None else (trainer.global_rank, trainer.world_size)

    def _seed_of_step(self, trainer: pl.Trainer) -> int:
        step = trainer.global_step * trainer.world_size + trainer.global_rank
        return (self._seed * 1_000_003 + step) % 2**63


def augmented(images: Tensor, rng: torch.Generator, *, crop: int, flip: bool) -> Tensor:
    """Cut a random part out of each image (n, c, h, w) in a black frame, and mirror every other."""
    if crop:
        images = _cropped(images, rng, crop)
    if flip:
        mirrored = torch.rand(len(images), generator=rng) < 0.5
        chosen = mirrored.to(images.device)[:, None, None, None]
        images = torch.where(chosen, images.flip(3), images)
    return images


def _cropped(images: Tensor, rng: torch.Generator, frame: int) -> Tensor:
    count, _, height, width = images.shape
    framed = functional.pad(images, (frame,) * 4)
    top, left = torch.randint(2 * frame + 1, (2, count, 1), generator=rng).to(images.device)
    rows = (top + torch.arange(height, device=images.device))[:, :, None]
    columns = (left + torch.arange(width, device=images.device))[:, None, :]
    each = torch.arange(count, device=images.device)[:, None, None]
    return framed[each, :, rows, columns].permute(0, 3, 1, 2)  # from (n, h, w, c)


class EpochOrder:
    """The batches of an epoch as indices; a process takes every `processes`-th image of each."""

    def __init__(self, images: int, recipe: Recipe, seed: int, process: int, processes: int):
        self._images = images
        self._recipe = recipe
        self._seed = seed
        self._process, self._processes = process, processes
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; Lightning calls it."""
        self._epoch = epoch

    def __len__(self) -> int:
        """Return the number of batches."""
        return self._recipe.steps_per_epoch(self._images)

    def __iter__(self) -> Iterator[Tensor]:
        """Walk through the batches."""
        rng = torch.Generator().manual_seed(self._seed * 1_000_003 + self._epoch)
        order = torch.randperm(self._images, generator=rng)
        for batch in torch.split(order, self._recipe.batch_size_for(self._images))[: len(self)]:
            yield batch[self._process :: self._processes]


class _Portions:
    """All images in order, each in one process."""

    def __init__(self, images: int, process: int, processes: int) -> None:
        self._parts = torch.split(torch.arange(images)[process::processes], _EVALUATION_BATCH)

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Tensor]:
        return iter(self._parts)


class _Chosen(TorchDataset[Labelled]):
    """Returns many images at once."""

    def __init__(self, labelled: Labelled) -> None:
        self._images, self._labels = labelled

    def __getitem__(self, chosen: Tensor) -> Labelled:
        return self._images[chosen], self._labels[chosen]


def _loader(labelled: Labelled, batches: EpochOrder | _Portions) -> "DataLoader[Labelled]":
    return DataLoader(_Chosen(labelled), sampler=batches, batch_size=None)
