"""A task by its facts (image shape, classes, normalisation); pixels only when asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch

from zenlab.checks import require_one_of, require_whole
from zenlab.core import Batch

Input = Literal["noise", "images"]


@dataclass(frozen=True)
class Dataset:
    """An image classification task, and what proxies see of it (`input`).

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
        if self.input == "images":
            raise ValueError(
                f"dataset.input=images: the pixels of {self.name} can't be loaded yet; "
                f"use dataset.input=noise"
            )

    def __str__(self) -> str:
        """Say what the task is and what proxies see of it."""
        return f"{self.name} ({self.input}, synthetic labels)"

    def seen(self) -> dict[str, Any]:
        """Return what decides a batch besides its size and seed: for noise, the shapes alone."""
        return {
            "input": self.input,
            "channels": self.channels,
            "image_size": self.image_size,
            "num_classes": self.num_classes,
        }

    def batch(self, size: int, *, seed: int) -> Batch:
        """Return what proxies see: `size` images of Gaussian noise, labels in turn, synthetic."""
        rng = torch.Generator().manual_seed(seed)
        images = torch.randn(size, self.channels, self.image_size, self.image_size, generator=rng)
        return Batch(images, torch.arange(size) % self.num_classes, synthetic=True)
