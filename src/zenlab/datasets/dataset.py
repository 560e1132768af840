"""A task by its facts (image shape, classes, normalisation); pixels only when asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch
from zenlab.datasets.pixels import Pixels

Input = Literal["noise", "images"]


@dataclass(frozen=True)
class Dataset:
    """An image classification task, and what proxies see of it (`input`).

    `pixels` loads its images, where they can be had.

    Images have `channels` planes of `image_size` x `image_size` pixels; `mean` and `std` normalise
    pixel values in 0..1, one number for each channel.
    """

    name: str
    channels: int
    image_size: int
    num_classes: int
    mean: Sequence[float]
    std: Sequence[float]
    input: Input = "noise"
    pixels: Callable[[], Pixels] | None = None

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range, or lengths disagree.
        """
        for name in ("channels", "image_size", "num_classes"):
            require_whole(f"dataset.{name}", getattr(self, name))
        for name in ("mean", "std"):
            if len(getattr(self, name)) != self.channels:
                raise ValueError(
                    f"dataset.{name} has {len(getattr(self, name))} numbers; wanted one for each "
                    f"of the {self.channels} channels"
                )
        require_one_of("dataset.input", self.input, get_args(Input))
        if self.input == "images" and self.pixels is None:
            raise ValueError(
                f"dataset.input=images: there is no loader of {self.name}'s images yet; use "
                f"dataset=arrays with your own file, or dataset.input=noise"
            )

    def __str__(self) -> str:
        """Say what the task is and what proxies see of it."""
        labels = "its labels" if self.labelled else "synthetic labels"
        return f"{self.name} ({self.input}, {labels})"

    @property
    def labelled(self) -> bool:
        """Whether labels say something about the images that proxies see."""
        loaded = self._loaded()
        return loaded is not None and loaded.labels is not None

    def seen(self) -> dict[str, Any]:
        """Return what decides a batch besides its size and seed: for noise, the shapes alone."""
        loaded = self._loaded()
        if loaded is not None:
            normalised = {"mean": list(self.mean), "std": list(self.std)}
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

    def _loaded(self) -> Pixels | None:
        return self.pixels() if self.input == "images" and self.pixels is not None else None

    def _normalised(self, images: Tensor) -> Tensor:
        mean, std = (torch.tensor(list(n))[:, None, None] for n in (self.mean, self.std))
        return (images - mean) / std


def _choose(available: int, size: int, rng: torch.Generator) -> Tensor:
    if size > available:
        raise ValueError(
            f"proxy.batch_size is {size}, but the dataset has {available} images; ask for fewer"
        )
    return torch.randperm(available, generator=rng)[:size]
