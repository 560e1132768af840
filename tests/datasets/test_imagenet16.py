"""ImageNet at 16 x 16 is read from the official files, as .npz or as pickles."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from tests.conftest import compose
from zenlab.datasets.dataset import Dataset
from zenlab.datasets.imagenet16 import imagenet16

NAMES = [*(f"train_data_batch_{number}" for number in range(1, 11)), "val_data"]
ROWS = 6
Write = Callable[[Path, str, dict[str, Any]], None]


def write_npz(folder: Path, name: str, content: dict[str, Any]) -> None:
    np.savez(folder / name, **content)


def write_pickle(folder: Path, name: str, content: dict[str, Any]) -> None:
    content = {**content, "labels": content["labels"].tolist()}
    (folder / name).write_bytes(pickle.dumps(content, 4))


def rows(name: str) -> dict[str, np.ndarray]:
    """Labels 1, 2, 3, 3, 120 and 121, and pixels that follow from the name."""
    rng = np.random.default_rng(NAMES.index(name))
    images = rng.integers(0, 256, (ROWS, 768), dtype=np.uint8)
    return {"data": images, "labels": np.array([1, 2, 3, 3, 120, 121]), "mean": images.mean(0)}


def fill(folder: Path, write: Write = write_npz) -> Path:
    for name in NAMES:
        write(folder, name, rows(name))
    return folder


def from_folder(folder: Path, *more: str) -> Dataset:
    config = compose("dataset=imagenet16", f"dataset.folder={folder}", *more)
    return instantiate(config.dataset, _convert_="all")


@pytest.mark.parametrize("write", [write_npz, write_pickle])
def test_planes_labels_and_the_first_classes_come_out(write: Write, tmp_path: Path) -> None:
    splits = from_folder(fill(tmp_path, write), "dataset.num_classes=3").splits()
    assert splits.train.images.shape == (40, 3, 16, 16)
    assert splits.train.labels.tolist() == [0, 1, 2, 2] * 10
    assert splits.test.labels.tolist() == [0, 1, 2, 2]
    green = rows("train_data_batch_2")["data"][3, 256:512].reshape(16, 16)
    assert torch.equal((splits.train.images[7, 1] * 255).round().long(), torch.tensor(green).long())


def test_nas_bench_201_takes_120_classes(tmp_path: Path) -> None:
    made = from_folder(fill(tmp_path))
    assert made.num_classes == 120
    assert made.pixels().labels.unique().tolist() == [0, 1, 2, 119]
    with pytest.raises(ValueError, match=r"imagenet16 has no image of class 3, 4, 5, 6, 7 \.\.\."):
        made.splits()


def test_files_may_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    for name in NAMES:
        folder = tmp_path / ("Imagenet16_val_npz" if name == "val_data" else "Imagenet16_train_npz")
        folder.mkdir(exist_ok=True)
        write_npz(folder, name, rows(name))
    splits = from_folder(tmp_path, "dataset.num_classes=3", "dataset.image_size=32").splits()
    assert splits.train.images.shape == (40, 3, 32, 32)


def test_images_without_a_folder_or_with_a_file_missing_are_refused(tmp_path: Path) -> None:
    made = instantiate(compose("dataset=imagenet16").dataset, _convert_="all")
    with pytest.raises(ValueError, match=r"dataset=imagenet16 needs dataset\.folder, .*image-net"):
        made.splits()
    (fill(tmp_path) / "train_data_batch_7.npz").unlink()
    with pytest.raises(ValueError, match=r"there is no file train_data_batch_7.npz or train_data"):
        from_folder(tmp_path).splits()
    with pytest.raises(ValueError, match=r"dataset.num_classes is 1001; wanted at most 1000"):
        imagenet16(folder=str(tmp_path), num_classes=1001, mean=None, std=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": np.zeros((6, 3072), np.uint8)}, r"data of the shape \(6, 3072\).*\(6, 768\)"),
        ({"data": np.zeros((5, 768), np.uint8)}, r"data of the shape \(5, 768\).*\(6, 768\)"),
        ({"data": np.zeros((6, 768))}, "type float64; wanted .* uint8"),
        ({"labels": np.arange(6)}, "labels of type int64 from 0 to 5; wanted .* from 1 to 1000"),
        ({"labels": np.arange(6) + 996}, "from 996 to 1001; wanted whole numbers from 1 to 1000"),
        ({"labels": np.full(6, 500)}, "has no image of the first 120 classes"),
        ({"labels": None}, r"val_data.npz has no labels"),
    ],
)
def test_other_contents_are_refused(
    change: dict[str, np.ndarray | None], message: str, tmp_path: Path
) -> None:
    changed = {**rows("val_data"), **change}
    kept = {key: array for key, array in changed.items() if array is not None}
    write_npz(fill(tmp_path), "val_data", kept)
    with pytest.raises(ValueError, match=message):
        from_folder(tmp_path).test()


@pytest.mark.parametrize("content", [b"", b"\x80\x04nothing", pickle.dumps([1, 2])])
def test_damaged_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (fill(tmp_path, write_pickle) / "val_data").write_bytes(content)
    with pytest.raises(ValueError, match=r"can't read .*val_data: "):
        from_folder(tmp_path).test()
