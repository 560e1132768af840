"""Fashion-MNIST (Xiao et al., 2017): 60,000 + 10,000 grey images of clothes, 28 x 28.

Read from the files in idx format that the Debian package dataset-fashion-mnist installs or that
somebody has put into a folder, else downloaded from Hugging Face.
"""

import gzip
import zlib
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from zenlab.datasets import hub
from zenlab.datasets.dataset import Dataset, Input
from zenlab.datasets.pixels import Pixels, pixels_of

_DEBIAN = "/usr/share/datasets/fashion-mnist"
_PREFIXES = {"train": "train", "test": "t10k"}
_UNSIGNED_BYTES = 8
_REPOSITORY = {
    "repository": "zalando-datasets/fashion_mnist",
    "images": "image",
    "labels": "label",
}


def fashion_mnist(
    *,
    home: str,
    folder: str | None = None,
    name: str = "fashion_mnist",
    channels: int = 1,
    image_size: int = 28,
    num_classes: int = 10,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    input: Input = "noise",
    mirrored: bool = True,
) -> Dataset:
    """Return the dataset; `folder` has the four .gz files, `home` keeps what is downloaded.

    `folder` None: where Debian's package puts them, and if they aren't there, a download.
    """
    train, test = (_loader(split, folder, home) for split in ("train", "test"))
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
        native_size=28,
    )


def _loader(split: hub.Split, folder: str | None, home: str) -> "partial[Pixels]":
    if folder is None and not Path(_DEBIAN).is_dir():
        return partial(hub.load, **_REPOSITORY, split=split, home=home)
    return partial(read, split=split, folder=folder or _DEBIAN)


@lru_cache(maxsize=4)
def read(*, split: hub.Split, folder: str) -> Pixels:
    """Return the images and labels of a split from two files in idx format.

    Raises:
        ValueError: there are no such files, or one is no idx file.
    """
    prefix = Path(folder).expanduser() / _PREFIXES[split]
    images = _idx(prefix.with_name(f"{prefix.name}-images-idx3-ubyte.gz"))
    labels = _idx(prefix.with_name(f"{prefix.name}-labels-idx1-ubyte.gz"))
    try:
        return pixels_of(images, labels)
    except ValueError as error:
        raise ValueError(f"{prefix}-*.gz: {error}") from None


def _idx(path: Path) -> np.ndarray:
    """Read an array of bytes: two zeros, the type, the number of axes, each length, the bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(
            f"can't read {path}: {error}; set dataset.folder to a folder with the four .gz files "
            f"of Fashion-MNIST, or install Debian's package dataset-fashion-mnist"
        ) from None
    axes = content[3] if content[:3] == bytes((0, 0, _UNSIGNED_BYTES)) and len(content) > 3 else 0
    start = 4 + 4 * axes
    shape = tuple(int.from_bytes(content[at : at + 4], "big") for at in range(4, start, 4))
    if not axes or len(content) != start + int(np.prod(shape)):
        raise ValueError(f"{path} is no whole idx file of bytes; fetch it again")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
