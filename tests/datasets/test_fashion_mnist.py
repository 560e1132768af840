"""Fashion-MNIST is read from files in idx format, which are refused where they are damaged."""

import gzip
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from tests.conftest import compose
from zenlab.datasets import fashion_mnist as module
from zenlab.datasets.dataset import Dataset
from zenlab.datasets.fashion_mnist import fashion_mnist

RNG = np.random.default_rng(0)
IMAGES = {"train": RNG.integers(0, 256, (20, 28, 28)), "t10k": RNG.integers(0, 256, (10, 28, 28))}


def idx(array: np.ndarray) -> bytes:
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes((0, 0, 8, array.ndim)) + lengths + array.astype(np.uint8).tobytes()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    for name, images in IMAGES.items():
        labels = np.arange(len(images)) % 10
        (folder / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (folder / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels)))
    return folder


def from_folder(folder: Path, *more: str) -> Dataset:
    config = compose("dataset=fashion_mnist", f"dataset.folder={folder}", *more)
    return instantiate(config.dataset, _convert_="all")


def test_both_splits_come_from_their_files(files: Path) -> None:
    splits = from_folder(files).splits()
    for part, name in ((splits.train, "train"), (splits.test, "t10k")):
        assert torch.equal((part.images[:, 0] * 255).round().long(), torch.tensor(IMAGES[name]))
        assert part.labels.tolist() == [place % 10 for place in range(len(IMAGES[name]))]


def test_smaller_images_are_framed_and_averaged_and_the_line_of_a_run_says_so(files: Path) -> None:
    made = from_folder(files, "dataset.image_size=8")
    assert made.splits().test.images.shape == (10, 1, 8, 8)
    assert str(made) == (
        "fashion_mnist (noise, synthetic labels; images resized from 28 x 28 to 8 x 8 pixels: put "
        "into a black frame of 32 x 32, averaged over 4 x 4)"
    )


def test_mean_and_spread_are_measured_on_the_training_images(files: Path) -> None:
    mean, std = from_folder(files).normalisation()
    assert mean == pytest.approx([IMAGES["train"].mean() / 255], rel=1e-5)
    assert std == pytest.approx([IMAGES["train"].std(ddof=1) / 255], rel=1e-5)


TRAIN_IMAGES = "train-images-idx3-ubyte.gz"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"can't read .*train-images-idx3-ubyte.gz: .*; set dataset.folder"),
        (b"no gzip", r"can't read .*train-images-idx3-ubyte.gz: .*; set dataset.folder"),
        (gzip.compress(idx(IMAGES["train"]))[:500], r"can't read .*train-images-idx3-ubyte.gz"),
        (gzip.compress(b""), "is no whole idx file of bytes"),
        (gzip.compress(b"\0\0\x08\x03\0"), "is no whole idx file of bytes"),
        (gzip.compress(idx(IMAGES["train"])[:-1]), "is no whole idx file of bytes"),
        (gzip.compress(b"\0\0\x0d" + idx(IMAGES["train"])[3:]), "is no whole idx file of bytes"),
        (gzip.compress(idx(IMAGES["t10k"])), "labels have the shape .*one whole number for each"),
        (gzip.compress(idx(IMAGES["train"][:, :, 1:])), r"the shape \(1, 28, 27\)"),
    ],
    ids=[
        "missing",
        "not compressed",
        "cut off",
        "empty",
        "header cut off",
        "a byte short",
        "not of bytes",
        "images of the test",
        "not square",
    ],
)
def test_a_damaged_file_is_refused(files: Path, content: bytes | None, message: str) -> None:
    path = files / TRAIN_IMAGES
    path.unlink() if content is None else path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        from_folder(files).splits()


def test_without_files_it_is_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(module, "_DEBIAN", str(tmp_path / "none"))
    made = fashion_mnist(home=str(tmp_path))
    assert made.pixels.func is made.test.func is module.hub.load
    assert made.pixels.keywords["repository"] == "zalando-datasets/fashion_mnist"
    assert (made.pixels.keywords["split"], made.test.keywords["split"]) == ("train", "test")


@pytest.mark.skipif(not Path(module._DEBIAN).is_dir(), reason="needs Debian's package")
def test_the_files_of_debian_are_whole() -> None:
    splits = fashion_mnist(home="nowhere").splits()
    assert splits.train.labels.bincount().tolist() == [6000] * 10
    assert splits.test.labels.bincount().tolist() == [1000] * 10
    assert splits.train.mean == pytest.approx([0.2860], abs=1e-4)  # as is widely published
    assert splits.train.std == pytest.approx([0.3530], abs=1e-4)
