"""A fifth of each class is kept to test with; what can't be trained on is refused."""

import pytest
import torch

from zenlab.datasets.dataset import Dataset
from zenlab.datasets.pixels import Pixels
from zenlab.datasets.splitting import split_by_class

LABELS = torch.tensor([0, 1, 2] * 10 + [0] * 7)


def pixels(labels: torch.Tensor | None, count: int | None = None) -> Pixels:
    numbers = torch.arange(len(labels) if count is None else count) / 1000
    return Pixels(numbers.reshape(-1, 1, 1, 1).expand(-1, 1, 4, 4), labels)


def dataset(
    labels: list[int] | None, test_labels: list[int] | None = None, num_classes: int = 3
) -> Dataset:
    def loaded(chosen: list[int] | None) -> Pixels:
        return pixels(None, 9) if chosen is None else pixels(torch.tensor(chosen))

    return Dataset(
        name="tiny",
        channels=1,
        image_size=4,
        num_classes=num_classes,
        mean=None,
        std=None,
        pixels=lambda: loaded(labels),
        test=None if test_labels is None else lambda: loaded(test_labels),
    )


def test_a_fifth_of_each_class_is_tested_and_no_image_is_lost_or_in_both() -> None:
    splits = split_by_class(pixels(LABELS))
    assert splits.test.labels.bincount().tolist() == [3, 2, 2]  # of 17, 10 and 10
    assert splits.train.labels.bincount().tolist() == [14, 8, 8]
    values = torch.cat([splits.train.images, splits.test.images])[:, 0, 0, 0]
    assert torch.equal(values.sort().values, pixels(LABELS).images[:, 0, 0, 0])


def test_images_keep_their_labels() -> None:
    for part in vars(split_by_class(pixels(LABELS))).values():
        places = (part.images[:, 0, 0, 0] * 1000).round().long()
        assert torch.equal(LABELS[places], part.labels)


def test_the_same_images_are_kept_every_time() -> None:
    one, other = (split_by_class(pixels(LABELS)).test for _ in range(2))
    assert one is not other and one.digest == other.digest


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (dataset([0, 1] * 5 + [2] * 4), "class 2 has 4 images; wanted at least 5"),
        (dataset(None), "tiny has no labels, and training needs some; set dataset.labels"),
        (dataset([0, 1, 3] * 5), "dataset.num_classes is 3, but a label of tiny is 3"),
        (dataset([0, 1, 2], [0, 5]), "dataset.num_classes is 3, but a label of tiny is 5"),
        (dataset([1] * 9), "all images of tiny are of one class; wanted at least two"),
        (dataset([0, 2] * 5), "tiny has no image of class 1; set dataset.num_classes"),
        (dataset([0, 1] * 5, num_classes=9), r"of class 2, 3, 4, 5, 6 \.\.\.; set"),
    ],
)
def test_what_can_not_be_trained_on_is_refused(made: Dataset, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        made.splits()
