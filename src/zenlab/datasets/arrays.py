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
    test_images: str | None = None,
    test_labels: str | None = None,
    name: str = "arrays",
    channels: int = 3,
    image_size: int = 32,
    num_classes: int = 10,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    input: Input = "images",
    mirrored: bool = False,
) -> Dataset:
    """Return the dataset of a file; `images`, `labels` ... name the arrays in it.

    `labels` None: unlabelled; `test_images` None: a fifth is kept to test with; `mean` and `std`
    None: measured on all images. A `name` that a benchmark knows joins its accuracies.

    Raises:
        ValueError: no path was given, or the file doesn't hold what is said of it.
    """
    if path is None:
        raise ValueError(
            "dataset=arrays needs dataset.path, an .npz file with images and labels, as "
            "numpy.savez(path, images=..., labels=...) makes it"
        )
    if (test_images is None) != (test_labels is None):
        raise ValueError(
            f"dataset.test_images is {test_images} and dataset.test_labels {test_labels}; "
            f"set both, or none to keep a fifth of the images to test with"
        )
    file = str(Path(path).expanduser())
    train = partial(_read, file, images, labels)
    test = None if test_images is None else partial(_read, file, test_images, test_labels)
    for load in filter(None, (train, test)):
        _compare(path, load(), channels, image_size, num_classes)
    return Dataset(
        name=name,
        channels=channels,
        image_size=image_size,
        num_classes=num_classes,
        mean=mean,
        std=std,
        input=input,
        pixels=train,
        test=test,
        mirrored=mirrored,
    )


def _compare(path: str, pixels: Pixels, channels: int, image_size: int, num_classes: int) -> None:
    planes, height, width = pixels.images.shape[1:]
    if height != width:
        raise ValueError(f"{path}: images of {height} x {width} pixels; wanted square ones")
    for name, said, found in (("channels", channels, planes), ("image_size", image_size, height)):
        if said != found:
            raise ValueError(f"dataset.{name} is {said}; set it to {found}, as in {path}")
    require_whole("dataset.num_classes", num_classes)
    if pixels.labels is not None and int(pixels.labels.max()) >= num_classes:
        raise ValueError(
            f"dataset.num_classes is {num_classes}, but a label is {int(pixels.labels.max())}; "
            f"labels go from 0 to num_classes - 1"
        )


@lru_cache(maxsize=4)
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
