"""Fashion-MNIST (Xiao et al., 2017): 60,000 + 10,000 grey images of clothes, 28 x 28.

Read from the files in idx format that the Debian package dataset-fashion-mnist installs, or that
somebody has put into a folder.
"""

import gzip
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from zenlab.datasets.pixels import Pixels, pixels_of, resized

Split = Literal["train", "test"]

_DEBIAN = "/usr/share/datasets/fashion-mnist"
_PREFIXES = {"train": "train", "test": "t10k"}
_UNSIGNED_BYTES = 8


@lru_cache(maxsize=4)
def load(*, split: Split, image_size: int = 28, folder: str | None = None) -> Pixels:
    """Return the images and labels of a split, at `image_size` x `image_size` pixels.

    Raises:
        ValueError: there are no such files, or one is no idx file.
    """
    return resized(_read(split, folder or _DEBIAN), image_size)


def _read(split: Split, folder: str) -> Pixels:
    prefix = Path(folder).expanduser() / _PREFIXES[split]
    images = _idx(prefix.with_name(f"{prefix.name}-images-idx3-ubyte.gz"))
    labels = _idx(prefix.with_name(f"{prefix.name}-labels-idx1-ubyte.gz"))
    return pixels_of(images, labels)


def _idx(path: Path) -> np.ndarray:
    """Read an array of bytes: two zeros, the type, the number of axes, each length, the bytes."""
    try:
        content = gzip.decompress(path.read_bytes())
    except (OSError, EOFError) as error:
        raise ValueError(
            f"can't read {path}: {error}; install Debian's package dataset-fashion-mnist or set "
            f"dataset.folder to a folder with the four files; dataset=digits needs no files"
        ) from None
    axes = content[3] if content[:3] == bytes((0, 0, _UNSIGNED_BYTES)) else 0
    shape = tuple(np.frombuffer(content, ">u4", axes, offset=4).tolist())
    if not axes or len(content) != 4 + 4 * axes + int(np.prod(shape)):
        raise ValueError(f"{path} is no whole idx file of bytes; fetch it again")
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)
