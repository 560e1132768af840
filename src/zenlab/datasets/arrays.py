"""Images and labels of the user's own, from a NumPy .npz file."""

import zipfile
import zlib
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from zenlab.checks import require_whole
from zenlab.datasets.dataset import Dataset, Input
from zenlab.datasets.pixels import Pixels, pixels_of


def arrays(
    *,
    path: str | None = None,
    images: str = "images",
    labels: str | None = "labels",
    name: str = "arrays",
    channels: int = 3,
    image_size: int = 32,
    num_classes: int = 10,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    input: Input = "images",
) -> Dataset:
    """Return the dataset of a file; `images` and `labels` name the arrays in it.

    `labels` None: unlabelled; `mean` and `std` None: measured on all images. A `name` that a
    benchmark knows joins its accuracies.

    Raises:
        ValueError: no path was given, or the file doesn't hold what is said of it.
    """
    if path is None:
        raise ValueError(
            "dataset=arrays needs dataset.path, an .npz file with images and labels, as "
            "numpy.savez(path, images=..., labels=...) makes it"
        )
    read = partial(_read, str(Path(path).expanduser()), images, labels)
    pixels = read()
    said = {"channels": channels, "image_size": image_size}
    _compare(path, pixels, said, num_classes)
    return Dataset(
        name=name,
        num_classes=num_classes,
        mean=pixels.images.mean((0, 2, 3)).tolist() if mean is None else mean,
        std=pixels.images.std((0, 2, 3)).clamp_min(1e-6).tolist() if std is None else std,
        input=input,
        pixels=read,
        **said,
    )


def _compare(path: str, pixels: Pixels, said: dict[str, int], num_classes: int) -> None:
    channels, height, width = pixels.images.shape[1:]
    if height != width:
        raise ValueError(f"{path}: images of {height} x {width} pixels; wanted square ones")
    for name, found in (("channels", channels), ("image_size", height)):
        if said[name] != found:
            raise ValueError(f"dataset.{name} is {said[name]}; set it to {found}, as in {path}")
    require_whole("dataset.num_classes", num_classes)
    if pixels.labels is not None and int(pixels.labels.max()) >= num_classes:
        raise ValueError(
            f"dataset.num_classes is {num_classes}, but a label is {int(pixels.labels.max())}; "
            f"labels go from 0 to num_classes - 1"
        )


@lru_cache(maxsize=2)
def _read(path: str, images: str, labels: str | None) -> Pixels:
    wanted = [key for key in (images, labels) if key is not None]
    try:
        with Path(path).open("rb") as opened:
            found = _arrays_of(np.load(opened, allow_pickle=False), wanted)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"can't read {path} as an .npz file: {error}") from None
    try:
        return pixels_of(found[0], None if labels is None else found[1])
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _arrays_of(file: object, wanted: list[str]) -> list[np.ndarray]:
    if not isinstance(file, NpzFile):
        raise ValueError("it holds one array without a name")
    missing = [key for key in wanted if key not in file.files]
    if missing:
        raise ValueError(
            f"it has no array {', '.join(missing)}, but {', '.join(file.files)}; set "
            f"dataset.images and dataset.labels (null: unlabelled)"
        )
    return [file[key] for key in wanted]
