"""Datasets name the task; what proxies see of it is noise unless images are asked for."""

from collections.abc import Callable

import pytest
import torch
from hydra.utils import instantiate

from tests.conftest import compose
from zenlab.datasets.dataset import Dataset
from zenlab.datasets.pixels import Pixels

FACTS = {
    "name": "tiny",
    "channels": 1,
    "image_size": 8,
    "num_classes": 3,
    "mean": [0.5],
    "std": [0.2],
}


def test_noise_has_the_shape_of_the_images_and_labels_in_turn() -> None:
    batch = Dataset(**FACTS).batch(7, seed=0)
    assert batch.images.shape == (7, 1, 8, 8)
    assert batch.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert batch.synthetic


def test_noise_is_standard_normal_and_follows_the_seed() -> None:
    data = Dataset(**FACTS)
    images = data.batch(2000, seed=0).images
    assert abs(images.mean()) < 0.02 and abs(images.std() - 1) < 0.02
    assert torch.equal(images, data.batch(2000, seed=0).images)
    assert not torch.equal(images, data.batch(2000, seed=1).images)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"image_size": 0}, "dataset.image_size is 0; wanted at least 1"),
        ({"mean": [0.5, 0.5]}, "dataset.mean has 2 numbers; wanted one for each of the 1 channels"),
        ({"input": "music"}, "dataset.input is 'music'; wanted one of noise, images"),
        ({"native_size": 0}, "dataset.native_size is 0; wanted at least 1"),
        ({"input": "images"}, "dataset tiny has no images; use dataset=digits, which is always"),
    ],
)
def test_bad_parameters_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Dataset(**{**FACTS, **change})


def grey(side: int = 8, channels: int = 1) -> Callable[[], Pixels]:
    images = torch.rand(15, channels, side, side, generator=torch.Generator().manual_seed(0))
    pixels = Pixels(images, torch.arange(15) % 3)
    return lambda: pixels


def test_without_a_loader_there_is_nothing_to_train_on() -> None:
    with pytest.raises(ValueError, match="dataset tiny has no images; use dataset=digits"):
        Dataset(**FACTS).splits()


@pytest.mark.parametrize("load", [grey(16), grey(channels=3)])
def test_images_of_another_shape_are_refused(load: Callable[[], Pixels]) -> None:
    message = r"images of tiny have the shape .*; wanted \(1, 8, 8\), by dataset.channels"
    with pytest.raises(ValueError, match=message):
        Dataset(**FACTS, pixels=load).splits()
    with pytest.raises(ValueError, match=message):
        Dataset(**FACTS, pixels=grey(), test=load).splits()
    with pytest.raises(ValueError, match=message):
        Dataset(**FACTS, pixels=load, input="images").batch(2, seed=0)


def test_proxies_and_training_see_images_of_the_size_that_is_wanted() -> None:
    facts = {**FACTS, "native_size": 8, "image_size": 16, "pixels": grey(), "input": "images"}
    made = Dataset(**facts, test=grey())
    assert made.batch(3, seed=0).images.shape == (3, 1, 16, 16)
    assert {part.images.shape for part in vars(made.splits()).values()} == {(15, 1, 16, 16)}
    assert made.seen()["digest"] != Dataset(**{**facts, "image_size": 8}).seen()["digest"]


def test_images_are_hashed_once_however_often_they_are_asked_for() -> None:
    facts = {**FACTS, "native_size": 8, "image_size": 4, "pixels": grey()}
    one, other = (Dataset(**facts).splits() for _ in range(2))
    assert one.train is other.train and one.test is other.test


@pytest.mark.parametrize(("side", "times"), [(16, 2), (32, 4)])
def test_digits_are_repeated_for_spaces_that_can_not_take_8_by_8(side: int, times: int) -> None:
    small, large = (
        instantiate(compose("dataset=digits", *more).dataset, _convert_="all")
        for more in ([], [f"dataset.image_size={side}"])
    )
    assert torch.equal(
        large.splits().test.images[:, :, ::times, times - 1 :: times], small.splits().test.images
    )
    assert str(large) == (
        f"digits (noise, synthetic labels; images resized from 8 x 8 to {side} x {side} pixels: "
        f"each pixel repeated {times} x {times} times)"
    )
    assert str(small) == "digits (noise, synthetic labels)"


def test_transnas_macro_takes_digits_of_32_by_32() -> None:
    config = compose("space=transnas_macro", "dataset=digits", "dataset.image_size=32")
    space = instantiate(config.space, _convert_="all")
    images = instantiate(config.dataset, _convert_="all").splits().test.images[:2]
    network = space.build(space.parse("1234"))
    assert network(images).shape == (2, 10)
