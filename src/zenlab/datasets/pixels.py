"""Images with their labels, as they come out of a file."""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

_LEAST_STD = 1e-6  # of a channel without contrast


@dataclass(frozen=True, eq=False)
class Pixels:
    """Images (n, c, h, w), float32 in 0..1, and labels (n,), int64, None where there are none."""

    images: Tensor
    labels: Tensor | None

    @cached_property
    def digest(self) -> str:
        """A hash of images and labels, by which a batch of them is known again."""
        found = hashlib.sha256(self.images.contiguous().numpy().data)
        if self.labels is not None:
            found.update(self.labels.contiguous().numpy().data)
        return found.hexdigest()[:16]

    @cached_property
    def mean(self) -> list[float]:
        """The mean of each channel."""
        return [float(number) for number in self.images.mean((0, 2, 3))]

    @cached_property
    def std(self) -> list[float]:
        """The standard deviation of each channel."""
        return [float(number) for number in self.images.std((0, 2, 3)).clamp_min(_LEAST_STD)]


@dataclass(frozen=True)
class Splits:
    """Labelled images to train on, and others to test with."""

    train: Pixels
    test: Pixels


def pixels_of(images: np.ndarray, labels: np.ndarray | None) -> Pixels:
    """Make pixels of arrays (n, h, w), (n, h, w, c) or (n, c, h, w), whole 0..255 or real 0..1.

    Raises:
        ValueError: shapes, types or ranges are something else; says what came.
    """
    return Pixels(
        _checked_images(images), None if labels is None else _checked_labels(labels, len(images))
    )


def _checked_images(images: np.ndarray) -> Tensor:
    if images.ndim not in (3, 4) or 0 in images.shape:
        raise ValueError(
            f"images have the shape {images.shape}; wanted (n, h, w), (n, h, w, c) or (n, c, h, w)"
        )
    if images.ndim == 3:
        images = images[:, None]
    elif images.shape[3] in (1, 3, 4) and images.shape[1] not in (1, 3, 4):
        images = images.transpose(0, 3, 1, 2)
    if images.dtype == np.uint8:
        return torch.tensor(np.ascontiguousarray(images)).to(torch.float32).div_(255)
    if images.dtype.kind != "f":
        raise ValueError(f"images are of type {images.dtype}; wanted uint8 (0..255) or real (0..1)")
    scaled = images.astype(np.float32, "C")
    if not (np.isfinite(scaled).all() and scaled.min() >= 0 and scaled.max() <= 1):
        raise ValueError(
            f"images go from {scaled.min():g} to {scaled.max():g}; wanted uint8 in 0..255 or "
            f"real numbers in 0..1"
        )
    return torch.from_numpy(scaled)


def _checked_labels(labels: np.ndarray, count: int) -> Tensor:
    if labels.shape != (count,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels have the shape {labels.shape} and type {labels.dtype}; wanted one whole "
            f"number for each of the {count} images"
        )
    if labels.min() < 0:
        raise ValueError(f"labels go from {labels.min()} on; wanted them to begin at 0")
    return torch.from_numpy(labels.astype(np.int64))
