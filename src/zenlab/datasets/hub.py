"""Images from Hugging Face: downloaded and decoded once by its `datasets`, then kept as .npz."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import numpy as np
import requests

from zenlab.datasets.pixels import Pixels, pixels_of

Split = Literal["train", "test"]

OFFLINE = (
    "these data sets work offline: digits; fashion_mnist with Debian's package "
    "dataset-fashion-mnist; arrays, folder and imagenet16 with files of your own"
)
"""What to do where nothing can be downloaded."""

_TIMEOUT_S = (3.0, 5.0)  # to connect; to answer
_SPLITS = ("train", "test")
_log = logging.getLogger(__name__)


@lru_cache(maxsize=4)
def load(*, repository: str, images: str, labels: str, split: Split, home: str) -> Pixels:
    """Return the images and labels of a split; the first time, all splits are downloaded.

    `images` and `labels` are columns of the `repository`; `home` keeps what was decoded.

    Raises:
        ValueError: they can't be downloaded; says why, and what works without a network.
    """
    folder = Path(home).expanduser() / "datasets"
    path = folder / f"{repository.replace('/', '--')}--{labels}.npz"
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="download-", dir=folder) as unfinished:
            written = Path(unfinished) / path.name
            np.savez(written, **_downloaded(repository, images, labels, unfinished))
            written.replace(path)  # there whole or not at all
    with np.load(path, allow_pickle=False) as kept:
        return pixels_of(kept[f"{split}_images"], kept[f"{split}_labels"])


def _downloaded(repository: str, images: str, labels: str, cache: str) -> dict[str, Any]:
    with _quiet():
        splits = _fetched(repository, cache)
        try:
            found = {split: splits[split][:] for split in _SPLITS}
            return {
                **{f"{split}_images": _stacked(found[split][images]) for split in _SPLITS},
                **{f"{split}_labels": np.asarray(found[split][labels]) for split in _SPLITS},
            }
        except KeyError as error:
            raise ValueError(f"{repository} has no split or column {error}") from None


def _fetched(repository: str, cache: str) -> Any:
    """Ask once for what the library would ask six times with growing pauses, then let it work."""
    import datasets

    server = datasets.config.HF_ENDPOINT
    try:
        if not datasets.config.HF_HUB_OFFLINE:
            address = f"{server}/datasets/{repository}"
            requests.head(address, timeout=_TIMEOUT_S, allow_redirects=True).raise_for_status()
        _log.info("downloading %s from %s, once", repository, server)
        return datasets.load_dataset(repository, cache_dir=cache)
    except Exception as error:  # of several libraries, without a class in common
        raise ValueError(
            f"can't download {repository} from {server} ({_in_words(error)}); {OFFLINE}"
        ) from error


def _stacked(images: Any) -> np.ndarray:
    return np.stack([np.asarray(image) for image in images])


def _in_words(error: Exception) -> str:
    """The reason in one line; the library's own are a chain of classes and addresses."""
    match error:
        case requests.HTTPError(response=requests.Response(status_code=status)):
            return f"the server answers {status}"
        case requests.Timeout():
            return "no answer in time"
        case requests.ConnectionError():
            return "no connection"
    return str(error).partition("\n")[0]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library from writing bars and warnings; its settings are left as they were."""
    from huggingface_hub import utils

    import datasets

    loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    bars = [part for part in (datasets, utils) if not part.are_progress_bars_disabled()]
    for part in bars:
        part.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        for part in bars:
            part.enable_progress_bars()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
