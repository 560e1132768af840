"""Images of the user's own in a folder of class folders, decoded by Pillow."""

import warnings
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from PIL import Image

from zenlab.checks import require_one_of, require_whole
from zenlab.datasets.dataset import Dataset, Input
from zenlab.datasets.pixels import Pixels, pixels_of

_MODES = {1: "L", 3: "RGB"}
_PARTS = ("train", "test")


def folder(
    *,
    path: str | None = None,
    name: str = "folder",
    channels: int = 3,
    image_size: int = 32,
    num_classes: int = 10,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    input: Input = "images",
    mirrored: bool = False,
) -> Dataset:
    """Return the dataset of a folder: a folder for each class, its images inside.

    Labels are the places of the folders' names in alphabetical order. Where there are folders
    train and test, these hold the class folders; without a test folder a fifth is kept to test
    with. Images of another size are squeezed or stretched to `image_size` x `image_size`.

    Raises:
        ValueError: no path was given, or the folder doesn't hold what is said of it.
    """
    if path is None:
        raise ValueError(
            "dataset=folder needs dataset.path, a folder with a folder of images for each class"
        )
    require_one_of("dataset.channels", channels, tuple(_MODES))
    require_whole("dataset.image_size", image_size)
    top = Path(path).expanduser()
    train, test = (top / part for part in _PARTS)
    train = train if train.is_dir() else top
    classes = _classes(train)
    if len(classes) != num_classes:
        raise ValueError(
            f"dataset.num_classes is {num_classes}; set it to {len(classes)}, as in {train}"
        )
    has_test = train != top and test.is_dir()
    if has_test and (found := _classes(test)) != classes:
        differing = ", ".join(sorted(set(found) ^ set(classes)))
        raise ValueError(f"{train} and {test} have different class folders: {differing}")
    load = partial(_read, channels=channels, image_size=image_size)
    return Dataset(
        name=name,
        channels=channels,
        image_size=image_size,
        num_classes=num_classes,
        mean=mean,
        std=std,
        input=input,
        pixels=partial(load, str(train)),
        test=partial(load, str(test)) if has_test else None,
        mirrored=mirrored,
        remark=f"images of another size resized to {image_size} x {image_size} pixels",
    )


def _classes(folder: Path) -> list[str]:
    """Return the names of the class folders in order."""
    try:
        found = sorted(entry.name for entry in folder.iterdir() if _is_class(entry))
    except OSError as error:
        raise ValueError(f"dataset.path: can't read the folder {folder}: {error}") from None
    if len(found) < 2:
        raise ValueError(
            f"{folder} has {len(found)} class folders; wanted a folder of images for each of at "
            f"least two classes"
        )
    return found


def _is_class(entry: Path) -> bool:
    return entry.is_dir() and not entry.name.startswith(".")


@lru_cache(maxsize=4)
def _read(folder: str, *, channels: int, image_size: int) -> Pixels:
    images: list[np.ndarray] = []
    labels: list[int] = []
    for label, name in enumerate(_classes(Path(folder))):
        files = _image_files(Path(folder) / name)
        images += [_decoded(file, _MODES[channels], image_size) for file in files]
        labels += [label] * len(files)
    return pixels_of(np.stack(images), np.array(labels))


def _image_files(folder: Path) -> list[Path]:
    known = Image.registered_extensions()
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in known and not path.name.startswith(".")
    )
    if not found:
        raise ValueError(f"the class folder {folder} has no image file; wanted .png, .jpg ...")
    return found


def _decoded(path: Path, mode: str, side: int) -> np.ndarray:
    """Return an image as (c, h, w), each pixel 0..255."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as opened:
            image = opened.convert(mode)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"can't read the image {path}: {error}") from None
    if image.size != (side, side):
        image = image.resize((side, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
