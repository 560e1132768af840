"""A task by its facts (image shape, classes, normalisation); pixels only when asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch
from zenlab.datasets.pixels import Pixels, Splits
from zenlab.datasets.resizing import how_resized, resized
from zenlab.datasets.splitting import require_classes, require_labelled, split_by_class

Input = Literal["noise", "images"]


@dataclass(frozen=True)
class Dataset:
    """An image classification task, and what proxies see of it (`input`).

    `pixels` loads its training images, where they can be had, and `test` those to test with; None
    keeps a fifth of `pixels` for that, the same share of each class.

    Images have `channels` planes of `image_size` x `image_size` pixels; they come with
    `native_size` (None: the same) and are resized. `mean` and `std` normalise pixel values in
    0..1, one number for each channel; None is measured on the training images. `mirrored` says
    that a mirrored image belongs to the same class, `remark` what else was done to the images.
    """

    name: str
    channels: int
    image_size: int
    num_classes: int
    mean: Sequence[float] | None
    std: Sequence[float] | None
    input: Input = "noise"
    pixels: Callable[[], Pixels] | None = None
    test: Callable[[], Pixels] | None = None
    mirrored: bool = False
    native_size: int | None = None
    remark: str | None = None

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range, or lengths disagree.
        """
        for name in ("channels", "image_size", "num_classes"):
            require_whole(f"dataset.{name}", getattr(self, name))
        if self.native_size is not None:
            require_whole("dataset.native_size", self.native_size)
        for name in ("mean", "std"):
            numbers = getattr(self, name)
            if numbers is not None and len(numbers) != self.channels:
                raise ValueError(
                    f"dataset.{name} has {len(numbers)} numbers; wanted one for each "
                    f"of the {self.channels} channels"
                )
        require_one_of("dataset.input", self.input, get_args(Input))
        if self.input == "images":
            self._loader()

    def __str__(self) -> str:
        """Say what the task is, what proxies see of it and what was done to its images."""
        labels = "its labels" if self.labelled else "synthetic labels"
        done = how_resized(self.native_size or self.image_size, self.image_size)
        words = (f"{self.input}, {labels}", done, self.remark)
        return f"{self.name} ({'; '.join(filter(None, words))})"

    @property
    def labelled(self) -> bool:
        """Whether labels say something about the images that proxies see."""
        loaded = self._loaded()
        return loaded is not None and loaded.labels is not None

    def seen(self) -> dict[str, Any]:
        """Return what decides a batch besides its size and seed: for noise, the shapes alone."""
        loaded = self._loaded()
        if loaded is not None:
            mean, std = self.normalisation()
            normalised = {"mean": mean, "std": std}
            return {"input": self.input, "digest": loaded.digest, **normalised}
        return {
            "input": self.input,
            "channels": self.channels,
            "image_size": self.image_size,
            "num_classes": self.num_classes,
        }

    def batch(self, size: int, *, seed: int) -> Batch:
        """Return what proxies see: images drawn without replacement, or Gaussian noise.

        Where there are no labels they go in turn, and are marked as synthetic.

        Raises:
            ValueError: there are fewer images than `size`.
        """
        rng = torch.Generator().manual_seed(seed)
        synthetic = torch.arange(size) % self.num_classes
        loaded = self._loaded()
        if loaded is not None:
            if loaded.labels is not None and int(loaded.labels.max()) >= self.num_classes:
                raise ValueError(
                    f"dataset.num_classes is {self.num_classes}, but a label of {self.name} is "
                    f"{int(loaded.labels.max())}"
                )
            chosen = _choose(len(loaded.images), size, rng)
            images = self._normalised(loaded.images[chosen])
            labels = synthetic if loaded.labels is None else loaded.labels[chosen]
            return Batch(images, labels, synthetic=loaded.labels is None)
        images = torch.randn(size, self.channels, self.image_size, self.image_size, generator=rng)
        return Batch(images, synthetic, synthetic=True)

    def normalisation(self) -> tuple[list[float], list[float]]:
        """Return mean and standard deviation of each channel, in 0..1."""
        mean = self._required().mean if self.mean is None else self.mean
        std = self._required().std if self.std is None else self.std
        return list(mean), list(std)

    def splits(self) -> Splits:
        """Return labelled images to train on and to test with.

        Raises:
            ValueError: there are none to be had, they have no labels or another shape, a label is
                out of range, or a class has no training image.
        """
        train = self._required()
        require_labelled(self.name, train, self.num_classes)
        splits = split_by_class(train) if self.test is None else Splits(train, self._at(self.test))
        require_labelled(self.name, splits.test, self.num_classes)
        require_classes(self.name, splits.train, self.num_classes)
        return splits

    def _required(self) -> Pixels:
        return self._at(self._loader())

    def _loader(self) -> Callable[[], Pixels]:
        if self.pixels is None:
            raise ValueError(
                f"dataset {self.name} has no images; use dataset=digits, which is always at hand, "
                f"or dataset=arrays with your own file"
            )
        return self.pixels

    def _at(self, load: Callable[[], Pixels]) -> Pixels:
        """Return what is loaded, at the size that is wanted."""
        loaded = load()
        native = self.native_size or self.image_size
        found, wanted = tuple(loaded.images.shape[1:]), (self.channels, native, native)
        if found != wanted:
            raise ValueError(
                f"images of {self.name} have the shape {found} (channels, height, width); wanted "
                f"{wanted}, by dataset.channels and dataset.image_size"
            )
        return resized(loaded, self.image_size)

    def _loaded(self) -> Pixels | None:
        return self._required() if self.input == "images" else None

    def _normalised(self, images: Tensor) -> Tensor:
        mean, std = (torch.tensor(numbers)[:, None, None] for numbers in self.normalisation())
        return (images - mean) / std


def _choose(available: int, size: int, rng: torch.Generator) -> Tensor:
    if size > available:
        raise ValueError(
            f"proxy.batch_size is {size}, but the dataset has {available} images; ask for fewer"
        )
    return torch.randperm(available, generator=rng)[:size]
