"""Images come from files as they are, or are refused with what is wrong with them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from tests.conftest import compose
from zenlab.datasets.arrays import arrays
from zenlab.datasets.dataset import Dataset
from zenlab.datasets.pixels import pixels_of

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (20, 8, 8), dtype=np.uint8)
COLOUR = RNG.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
LABELS = np.arange(20) % 4


GREY_TASK = {"channels": 1, "image_size": 8, "num_classes": 4}
COLOUR_TASK = {**GREY_TASK, "channels": 3}


def digits() -> Dataset:
    return instantiate(compose("dataset=digits", "dataset.input=images").dataset, _convert_="all")


def saved(folder: Path, **contents: np.ndarray) -> str:
    path = folder / "images.npz"
    np.savez(path, **contents)
    return str(path)


def test_images_may_come_in_three_layouts_and_two_types() -> None:
    assert pixels_of(GREY, None).images.shape == (20, 1, 8, 8)
    last, first = pixels_of(COLOUR, None), pixels_of(COLOUR.transpose(0, 3, 1, 2), None)
    assert torch.equal(last.images, first.images)
    real = pixels_of(COLOUR.astype(np.float64) / 255, None)
    torch.testing.assert_close(real.images, last.images)
    assert last.images.max() == 1


def test_a_batch_is_drawn_without_replacement_normalised_and_with_its_labels(
    tmp_path: Path,
) -> None:
    data = arrays(path=saved(tmp_path, images=COLOUR, labels=LABELS), **COLOUR_TASK)
    batch = data.batch(20, seed=3)
    assert not batch.synthetic and data.labelled
    assert sorted(batch.labels.tolist()) == sorted(LABELS.tolist())
    assert batch.images.mean((0, 2, 3)).abs().max() < 1e-5
    assert (batch.images.std((0, 2, 3)) - 1).abs().max() < 1e-5
    assert not torch.equal(batch.labels, data.batch(20, seed=4).labels)
    assert torch.equal(batch.images, data.batch(20, seed=3).images)


def test_arrays_may_have_any_names_and_pixels_are_measured(tmp_path: Path) -> None:
    path = saved(tmp_path, a=GREY, b=LABELS)
    data = arrays(path=path, images="a", labels="b", name="cifar10", **GREY_TASK)
    assert data.name == "cifar10"
    assert data.normalisation()[0] == pytest.approx([GREY.mean() / 255], rel=1e-4)


def test_a_file_may_hold_images_to_test_with(tmp_path: Path) -> None:
    path = saved(tmp_path, images=GREY, labels=LABELS, a=GREY[:3], b=LABELS[:3])
    named = {"test_images": "a", "test_labels": "b"}
    splits = arrays(path=path, **named, **GREY_TASK).splits()
    assert (len(splits.train.images), splits.test.labels.tolist()) == (20, [0, 1, 2])
    splits = arrays(path=path, **GREY_TASK).splits()
    assert sorted(splits.test.labels.tolist()) == [0, 1, 2, 3]  # a fifth of each class


def test_images_to_test_with_are_looked_at_as_closely(tmp_path: Path) -> None:
    path = saved(tmp_path, images=GREY, labels=LABELS, a=GREY[:, 1:, 1:], b=LABELS + 1)
    for named, message in (
        ({"test_images": "a"}, "test_images is a and dataset.test_labels None; set both, or none"),
        ({"test_images": "c", "test_labels": "b"}, "it has no array c, but images, labels, a, b"),
        ({"test_images": "a", "test_labels": "b"}, "dataset.image_size is 8; set it to 7"),
        ({"test_images": "images", "test_labels": "b"}, "num_classes is 4, but a label is 4"),
    ):
        with pytest.raises(ValueError, match=message):
            arrays(path=path, **named, **GREY_TASK)


def test_the_sample_of_cifar_10_can_be_trained_on(real_tables: Path) -> None:
    names = {"images": "x_train", "labels": "y_train"}
    tested = {"test_images": "x_test", "test_labels": "y_test"}
    path = real_tables / "cifar10_sample" / "cifar10_sample.npz"
    made = arrays(path=str(path), mirrored=True, **names, **tested)
    assert made.splits().train.labels.bincount().tolist() == [200] * 10
    assert made.splits().test.labels.bincount().tolist() == [50] * 10
    assert made.mirrored


def test_what_is_seen_changes_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one = saved(tmp_path, images=GREY, labels=LABELS)
    other = saved(tmp_path / "other", images=GREY, labels=LABELS[::-1])
    digests = [arrays(path=path, **GREY_TASK).seen()["digest"] for path in (one, other)]
    assert digests[0] != digests[1]


def test_an_unlabelled_file_gives_synthetic_labels(tmp_path: Path) -> None:
    data = arrays(path=saved(tmp_path, images=GREY), labels=None, **{**GREY_TASK, "num_classes": 5})
    assert not data.labelled
    assert data.batch(7, seed=0).synthetic
    assert data.batch(7, seed=0).labels.tolist() == [0, 1, 2, 3, 4, 0, 1]


def test_the_digits_are_at_hand_and_have_the_statistics_that_are_stated() -> None:
    data = digits()
    everything = data.batch(1797, seed=0)
    assert everything.images.shape == (1797, 1, 8, 8)
    assert set(everything.labels.tolist()) == set(range(10))
    assert abs(everything.images.mean()) < 1e-3 and abs(everything.images.std() - 1) < 1e-3


def test_too_large_a_batch_is_refused() -> None:
    with pytest.raises(ValueError, match="batch_size is 2000, but the dataset has 1797 images"):
        digits().batch(2000, seed=0)


@pytest.mark.parametrize(
    ("contents", "parameters", "message"),
    [
        ({"x": GREY}, {}, "no array images, labels, but x; set dataset.images"),
        ({"images": GREY[:, :, :4], "labels": LABELS}, {}, "images of 8 x 4 pixels; wanted square"),
        ({"images": GREY[0], "labels": LABELS}, {}, r"the shape \(8, 8\); wanted \(n, h, w\)"),
        ({"images": GREY.astype(int), "labels": LABELS}, {}, "type int64; wanted uint8"),
        ({"images": GREY / 2.0, "labels": LABELS}, {}, "wanted uint8 in 0..255 or real numbers"),
        ({"images": GREY, "labels": LABELS[:5]}, {}, "wanted one whole number for each of the 20"),
        ({"images": GREY, "labels": LABELS - 1}, {}, "labels go from -1 on; wanted"),
        ({"images": GREY, "labels": LABELS}, {"num_classes": 3}, "is 3, but a label is 3"),
        ({"images": COLOUR, "labels": LABELS}, {}, "dataset.channels is 1; set it to 3, as in"),
        ({"images": GREY, "labels": LABELS}, {"image_size": 16}, "image_size is 16; set it to 8"),
    ],
)
def test_a_file_that_holds_something_else_is_refused(
    contents: dict[str, np.ndarray], parameters: dict[str, object], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        arrays(path=saved(tmp_path, **contents), **{**GREY_TASK, **parameters})


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"can't read .*no.npz as an .npz file"):
        arrays(path=str(tmp_path / "no.npz"))
    with pytest.raises(ValueError, match=r"dataset=arrays needs dataset\.path"):
        arrays()
    (tmp_path / "bad.npz").write_text("nothing")
    whole = Path(saved(tmp_path, images=GREY, labels=LABELS)).read_bytes()
    (tmp_path / "cut.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"can't read .*cut.npz"):
        arrays(path=str(tmp_path / "cut.npz"), **GREY_TASK)
    with pytest.raises(ValueError, match=r"can't read .*bad.npz"):
        arrays(path=str(tmp_path / "bad.npz"))
