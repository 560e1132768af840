"""Training reaches what a user would expect on real images."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.validation.recipes import recipe
from zenlab.datasets.arrays import arrays
from zenlab.datasets.dataset import Dataset
from zenlab.datasets.digits import digits
from zenlab.datasets.fashion_mnist import fashion_mnist
from zenlab.spaces.nb201 import NB201
from zenlab.validation.recipe import Recipe
from zenlab.validation.training import Training, identity_of

BEST = "6111"  # official index of the best cell on CIFAR-10
FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def accuracy(home: Path, data: Dataset, chosen: Recipe, seed: int = 0) -> list[float]:
    """Train the best cell at C=16, N=1; return training losses, then the test accuracy."""
    space = NB201(C=16, N=1, channels=data.channels, image_size=data.image_size)
    training = Training(space, data, chosen, home, identity_of(data, chosen))
    trained = training.score((space.parse(BEST), seed))
    assert trained.error is None
    return [*(row["train_loss"] for row in trained.epochs), trained.tested["accuracy"]]


def test_the_best_cell_reads_digits(tmp_path: Path) -> None:
    chosen = recipe(epochs=12, holdout=0.0, crop=0, evaluate="end")
    assert accuracy(tmp_path, digits(mean=[0.3053], std=[0.3760]), chosen)[-1] >= 97


@pytest.mark.slow
@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is needed")
def test_the_best_cell_tells_clothes_apart(tmp_path: Path) -> None:
    chosen = recipe(epochs=3, train_images=10_000, holdout=0.0, crop=0, flip=False, evaluate="end")
    data = fashion_mnist(home=str(tmp_path))
    reached = [accuracy(tmp_path, data, chosen, seed)[-1] for seed in (0, 1)]
    print("accuracies", reached)
    assert np.mean(reached) >= 85


def test_it_learns_from_a_users_own_cifar_images(tmp_path: Path, real_tables: Path) -> None:
    data = arrays(
        path=str(real_tables / "cifar10_sample" / "cifar10_sample.npz"),
        images="x_train",
        labels="y_train",
        test_images="x_test",
        test_labels="y_test",
        mirrored=True,
    )
    chosen = recipe(epochs=3, holdout=0.0, evaluate="end")
    *losses, reached = accuracy(tmp_path, data, chosen)
    assert losses == sorted(losses, reverse=True)
    assert reached > 20  # of ten classes
