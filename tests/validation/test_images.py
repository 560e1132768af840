"""Batches: nothing twice, nothing forgotten, the same ones after an interruption."""

import numpy as np
import pytest
import torch

from tests.validation.recipes import recipe
from zenlab.datasets.dataset import Dataset
from zenlab.datasets.pixels import pixels_of
from zenlab.validation.images import EpochOrder, augmented, share_out

RNG = np.random.default_rng(0)


def dataset(images: int = 100) -> Dataset:
    pixels = pixels_of(RNG.integers(0, 256, (images, 8, 8), dtype=np.uint8), np.arange(images) % 4)
    return Dataset("tiny", 1, 8, 4, [0.5], [0.2], pixels=lambda: pixels)


def test_an_epoch_shows_every_image_once_and_the_next_in_another_order() -> None:
    order = EpochOrder(100, recipe(batch_size=16), 3, 0, 1)
    first = torch.cat(list(order))
    order.set_epoch(1)
    second = torch.cat(list(order))
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(100))
    assert first.tolist() != second.tolist()
    order.set_epoch(0)
    assert torch.equal(first, torch.cat(list(order)))


@pytest.mark.parametrize(("drop_last", "batches"), [(True, 6), (False, 7)])
def test_the_last_batch_may_be_left_out(drop_last: bool, batches: int) -> None:
    order = EpochOrder(100, recipe(batch_size=16, drop_last=drop_last), 0, 0, 1)
    assert len(order) == len(list(order)) == batches


def test_a_last_batch_of_one_image_is_left_out() -> None:
    assert len(list(EpochOrder(33, recipe(batch_size=16), 0, 0, 1))) == 2


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_share_the_batches_that_one_process_would_see(processes: int) -> None:
    alone = list(EpochOrder(100, recipe(batch_size=16), 5, 0, 1))
    shared = [
        list(EpochOrder(100, recipe(batch_size=16), 5, process, processes))
        for process in range(processes)
    ]
    for whole, *parts in zip(alone, *shared, strict=True):
        assert sorted(torch.cat(parts).tolist()) == sorted(whole.tolist())


def test_images_are_shared_out_without_overlap() -> None:
    shares = share_out(dataset(), recipe(holdout=0.25, train_images=60))
    assert [len(part[0]) for part in (shares.train, shares.held_out, shares.test)] == [45, 15, 20]
    seen = {
        image.numpy().tobytes() for part in (shares.train, shares.held_out) for image in part[0]
    }
    assert len(seen) == 60
    assert not seen & {image.numpy().tobytes() for image in shares.test[0]}


def test_more_images_than_there_are_is_an_error() -> None:
    with pytest.raises(ValueError, match="train_images is 500, but tiny has 80 images to train on"):
        share_out(dataset(), recipe(train_images=500))


def test_a_crop_is_a_part_of_the_framed_image_and_a_flip_mirrors_it() -> None:
    images = torch.arange(64.0).reshape(1, 1, 8, 8).expand(50, 1, 8, 8) + 1
    cropped = augmented(images, torch.Generator().manual_seed(0), crop=2, flip=False)
    framed = torch.nn.functional.pad(images[0], (2, 2, 2, 2))
    windows = {
        framed[:, top : top + 8, left : left + 8].numpy().tobytes()
        for top in range(5)
        for left in range(5)
    }
    found = {image.contiguous().numpy().tobytes() for image in cropped}
    assert found <= windows and len(found) > 10
    flipped = augmented(images, torch.Generator().manual_seed(0), crop=0, flip=True)
    mirrored = sum(torch.equal(image, images[0].flip(2)) for image in flipped)
    assert 10 < mirrored < 40
    assert mirrored + sum(torch.equal(image, images[0]) for image in flipped) == 50
