"""ImageNet at 16 x 16 (Chrabaszcz et al., 2017), its first 120 classes as NAS-Bench-201 takes them.

Read from the official downloads, Imagenet16_train and Imagenet16_val from image-net.org, which
asks for an account: train_data_batch_1 to train_data_batch_10 and val_data, each an .npz file or
a pickle, with `data` (n, 768) and `labels` from 1 to 1000.
"""

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from zenlab.checks import require_whole
from zenlab.datasets.dataset import Dataset, Input
from zenlab.datasets.harmless import read_pickle
from zenlab.datasets.pixels import Pixels, pixels_of

_SIDE = 16
_ALL_CLASSES = 1000
_TRAIN = tuple(f"train_data_batch_{number}" for number in range(1, 11))
_TEST = ("val_data",)


def imagenet16(
    *,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    folder: str | None = None,
    name: str = "imagenet16",
    channels: int = 3,
    image_size: int = 16,
    num_classes: int = 120,
    input: Input = "noise",
    mirrored: bool = True,
) -> Dataset:
    """Return the dataset of the first `num_classes` classes; `folder` has the official files.

    The files may lie in folders below `folder`; None: there are no images.

    Raises:
        ValueError: there are not so many classes.
    """
    require_whole("dataset.num_classes", num_classes)
    if num_classes > _ALL_CLASSES:
        raise ValueError(f"dataset.num_classes is {num_classes}; wanted at most {_ALL_CLASSES}")
    train, test = (partial(_read, folder, names, num_classes) for names in (_TRAIN, _TEST))
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
        native_size=_SIDE,
    )


@lru_cache(maxsize=4)
def _read(folder: str | None, names: tuple[str, ...], num_classes: int) -> Pixels:
    if folder is None:
        raise ValueError(
            "dataset=imagenet16 needs dataset.folder, a folder with the files of Imagenet16_train "
            "and Imagenet16_val, which image-net.org gives to those who have an account there"
        )
    parts = [_first_classes(_find(Path(folder).expanduser(), name), num_classes) for name in names]
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    if not len(labels):
        raise ValueError(f"{folder} has no image of the first {num_classes} classes")
    return pixels_of(images.reshape(-1, 3, _SIDE, _SIDE), labels)


def _find(folder: Path, name: str) -> Path:
    for wanted in (f"{name}.npz", name):
        for path in sorted(folder.rglob(wanted)):
            if path.is_file():
                return path
    raise ValueError(
        f"dataset.folder is {folder}, but there is no file {name}.npz or {name} in it; "
        f"wanted {_TRAIN[0]} to {_TRAIN[-1]} and {_TEST[0]}"
    )


def _first_classes(path: Path, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (n, 768) of the first classes, and their labels from 0 on."""
    content = _content(path)
    if missing := {"data", "labels"} - set(content):
        raise ValueError(f"{path} has no {' and no '.join(sorted(missing))}")
    images, labels = np.asarray(content["data"]), np.asarray(content["labels"])
    if images.dtype != np.uint8 or images.shape != (len(labels), 3 * _SIDE**2):
        raise ValueError(
            f"{path}: data of the shape {images.shape} and type {images.dtype}; wanted "
            f"{(len(labels), 3 * _SIDE**2)}, one row for each label, and uint8"
        )
    if labels.dtype.kind not in "iu" or labels.min() < 1 or labels.max() > _ALL_CLASSES:
        raise ValueError(
            f"{path}: labels of type {labels.dtype} from {labels.min()} to {labels.max()}; wanted "
            f"whole numbers from 1 to {_ALL_CLASSES}"
        )
    chosen = labels <= num_classes
    return images[chosen], labels[chosen] - 1


def _content(path: Path) -> Mapping[str, Any]:
    try:
        with path.open("rb") as opened:
            if path.suffix == ".npz":
                with np.load(opened, allow_pickle=False) as arrays:
                    return {key: arrays[key] for key in ("data", "labels") if key in arrays}
            content = read_pickle(opened)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"can't read {path}: {error}") from None
    if not isinstance(content, dict):
        raise ValueError(f"can't read {path}: it is a pickle of something else than a dict")
    return content
