"""Images of Hugging Face are decoded once, kept, and without a network the line says what to do."""

import logging
import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
import torch
from hydra.utils import instantiate
from PIL import Image

import datasets
from tests.conftest import compose
from zenlab.datasets import hub
from zenlab.datasets.dataset import Dataset

RNG = np.random.default_rng(0)
COLOUR = {split: RNG.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8) for split in hub._SPLITS}
FINE = {"train": np.arange(20) % 10, "test": np.arange(20)[::-1] % 10}
REAL = datasets.load_dataset


def cifar(name: str, *more: str) -> Dataset:
    return instantiate(compose(f"dataset={name}", *more).dataset, _convert_="all")


@pytest.fixture(autouse=True)
def nothing_is_remembered() -> None:
    hub.load.cache_clear()


class Hub:
    """A copy of two repositories as they are published, read by the real library."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self._folder = folder
        for name, columns in {
            "cifar10": {"label": 10},
            "cifar100": {"fine_label": 100, "coarse_label": 20},
        }.items():
            labels = {column: datasets.ClassLabel(count) for column, count in columns.items()}
            features = datasets.Features({"img": datasets.Image(), **labels})
            for split, images in COLOUR.items():
                rows = {column: FINE[split] for column in columns}
                rows["img"] = [Image.fromarray(image) for image in images]
                path = folder / name / f"{split}-00000-of-00001.parquet"
                path.parent.mkdir(exist_ok=True, parents=True)
                datasets.Dataset.from_dict(rows, features).to_parquet(path)

    def load_dataset(self, repository: str, cache_dir: str) -> Any:
        self.asked.append(repository)
        return REAL(str(self._folder / repository.partition("/")[2]), cache_dir=cache_dir)

    def head(self, url: str, **_: object) -> requests.Response:
        response = requests.Response()
        response.status_code = 200 if "uoft-cs" in url else 404
        return response


@pytest.fixture
def repositories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hub:
    datasets.disable_progress_bars()
    made = Hub(tmp_path / "hub")
    datasets.enable_progress_bars()
    monkeypatch.setattr(datasets, "load_dataset", made.load_dataset)
    monkeypatch.setattr(requests, "head", made.head)
    return made


@pytest.mark.parametrize(("name", "classes"), [("cifar10", 10), ("cifar100", 100)])
def test_images_and_labels_arrive_as_they_were_published(
    name: str, classes: int, repositories: Hub
) -> None:
    made = cifar(name)
    for split, load in (("train", made.pixels), ("test", made.test)):
        found = load()
        pixels = (found.images * 255).round().to(torch.uint8).permute(0, 2, 3, 1)
        assert np.array_equal(pixels.numpy(), COLOUR[split])
        assert found.labels.tolist() == FINE[split].tolist()
    assert (made.num_classes, made.channels, made.image_size) == (classes, 3, 32)
    assert repositories.asked == [f"uoft-cs/{name}"]


def test_what_was_downloaded_once_needs_no_network(
    repositories: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cifar("cifar10").splits()
    hub.load.cache_clear()
    shutil.rmtree(tmp_path / "hub")
    monkeypatch.setattr(requests, "head", pytest.fail)
    after = cifar("cifar10").splits()
    assert after is not before and after.train.digest == before.train.digest
    kept = [path.name for path in (tmp_path / "home" / "datasets").iterdir()]
    assert kept == ["uoft-cs--cifar10--label.npz"]


def test_nothing_is_written_and_settings_stay(
    repositories: Hub, capfd: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger("datasets").setLevel(logging.INFO)
    cifar("cifar10").splits()
    assert capfd.readouterr() == ("", "")
    assert not datasets.are_progress_bars_disabled()
    assert logging.getLogger("datasets").level == logging.INFO
    logging.getLogger("datasets").setLevel(logging.WARNING)


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (requests.ConnectTimeout("a chain of classes"), "no answer in time"),
        (requests.ConnectionError("a chain of classes"), "no connection"),
        (OSError("No space left\nand more"), "No space left"),
    ],
)
def test_a_failure_is_one_line_that_says_what_works_offline(
    error: Exception, message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(requests, "head", fail)
    with pytest.raises(ValueError, match="these data sets work offline: digits; fash") as caught:
        cifar("cifar10").splits()
    assert f"can't download uoft-cs/cifar10 from https://huggingface.co ({message})" in str(
        caught.value
    )
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "home" / "datasets").iterdir())


def test_a_repository_that_is_not_there_or_has_other_columns_is_refused(repositories: Hub) -> None:
    with pytest.raises(ValueError, match=r"can't download no/one .*\(the server answers 404\)"):
        cifar("cifar10", "dataset.repository=no/one").splits()
    with pytest.raises(ValueError, match="uoft-cs/cifar100 has no split or column 'label'"):
        cifar("cifar100", "dataset.labels=label").splits()


def test_without_an_answer_there_is_one_quick_try(tmp_path: Path) -> None:
    begin = time.monotonic()
    with pytest.raises(ValueError, match="can't download nobody/nothing"):
        hub.load(
            repository="nobody/nothing", images="i", labels="l", split="test", home=str(tmp_path)
        )
    assert time.monotonic() - begin < 15


def test_noise_needs_no_download(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_fetched", pytest.fail)
    made = cifar("cifar10", "dataset.image_size=16")
    assert made.batch(4, seed=0).images.shape == (4, 3, 16, 16)
    assert "from 32 x 32 to 16 x 16 pixels: averaged over 2 x 2" in str(made)
