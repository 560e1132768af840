"""Datasets name the task; what proxies see of it is noise unless images are asked for."""

import pytest
import torch

from zenlab.datasets.dataset import Dataset

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
        ({"input": "images"}, "no loader of tiny's images yet; use dataset=arrays"),
    ],
)
def test_bad_parameters_are_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Dataset(**{**FACTS, **change})
