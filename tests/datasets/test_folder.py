"""A folder of class folders is a data set, or is refused with the path of what is wrong."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from zenlab.datasets.dataset import Dataset
from zenlab.datasets.folder import folder

SIDE = 6
CLASSES = ("ant", "bee", "cat")


def fill(top: Path, count: int = 5, classes: tuple[str, ...] = CLASSES) -> Path:
    """Make images whose red is their class, whose green is their number."""
    for red, name in enumerate(classes):
        (top / name).mkdir(parents=True)
        for number in range(count):
            image = Image.new("RGB", (SIDE, SIDE), (40 * red, number, 200))
            image.save(top / name / f"{number}.png")
    return top


def from_folder(path: Path, **more: int) -> Dataset:
    return folder(path=str(path), **{"image_size": SIDE, "num_classes": 3, **more})


def test_labels_follow_the_names_in_order_and_pixels_are_those_of_the_files(tmp_path: Path) -> None:
    found = from_folder(fill(tmp_path / "top", classes=("cat", "ant", "bee"))).pixels()
    assert found.labels.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    assert (found.images[:, 0, 0, 0] * 255).round().tolist() == [40] * 5 + [80] * 5 + [0] * 5
    assert (found.images[:, 1, 3, 2] * 255).round().tolist() == [0, 1, 2, 3, 4] * 3


def test_a_fifth_is_kept_to_test_with_unless_there_is_a_test_folder(tmp_path: Path) -> None:
    splits = from_folder(fill(tmp_path / "one")).splits()
    assert (len(splits.train.labels), len(splits.test.labels)) == (12, 3)
    fill(tmp_path / "two" / "train")
    assert len(from_folder(tmp_path / "two").splits().test.labels) == 3
    fill(tmp_path / "two" / "test", count=2)
    splits = from_folder(tmp_path / "two").splits()
    assert (len(splits.train.labels), splits.test.labels.tolist()) == (15, [0, 0, 1, 1, 2, 2])


def test_images_may_be_of_any_format_and_mode(tmp_path: Path) -> None:
    ants = fill(tmp_path / "top") / "ant"
    for name, mode in (("a.jpg", "L"), ("b.gif", "P"), ("c.PNG", "RGBA"), ("d.bmp", "1")):
        Image.new(mode, (SIDE, SIDE), 1).save(ants / name)
    (ants / ".hidden.png").write_text("left behind by a system")
    (ants / "notes.txt").write_text("no image")
    assert from_folder(tmp_path / "top").pixels().labels.bincount().tolist() == [9, 5, 5]


def test_grey_is_made_of_colour_where_one_channel_is_wanted(tmp_path: Path) -> None:
    found = from_folder(fill(tmp_path / "top"), channels=1).pixels()
    assert found.images.shape == (15, 1, SIDE, SIDE)
    grey = 0.299 * 80 + 0.587 * 4 + 0.114 * 200  # ITU-R 601, as Pillow documents it
    assert found.images[-1].mean().item() * 255 == pytest.approx(grey, abs=1)


def test_other_sizes_are_resized_and_the_line_of_a_run_says_so(tmp_path: Path) -> None:
    top = fill(tmp_path / "top")
    halves = np.zeros((3 * SIDE, 2 * SIDE, 3), np.uint8)
    halves[:, SIDE:] = 255
    Image.fromarray(halves).save(top / "ant" / "0.png")
    made = from_folder(top)
    found = made.pixels().images[0]
    assert torch.equal(found[:, :, 0], torch.zeros(3, SIDE))
    assert torch.equal(found[:, :, -1], torch.ones(3, SIDE))
    assert str(made) == (
        "folder (images, its labels; images of another size resized to 6 x 6 pixels)"
    )


def test_a_path_is_needed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"dataset=folder needs dataset\.path"):
        folder()
    with pytest.raises(ValueError, match=r"dataset\.path: can't read the folder .*/none"):
        from_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_classes": 4}, r"dataset.num_classes is 4; set it to 3, as in .*/top"),
        ({"channels": 2}, "dataset.channels is 2; wanted one of 1, 3"),
        ({"image_size": 0}, "dataset.image_size is 0; wanted at least 1"),
    ],
)
def test_what_is_said_of_a_folder_must_be_true(
    change: dict[str, int], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        from_folder(fill(tmp_path / "top"), **change)


def test_one_class_is_none(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"/top has 1 class folders; wanted .* at least two"):
        from_folder(fill(tmp_path / "top", classes=("ant",)))


def test_train_and_test_have_the_same_classes(tmp_path: Path) -> None:
    fill(tmp_path / "train")
    fill(tmp_path / "test", classes=("ant", "bee", "cow"))
    with pytest.raises(ValueError, match="have different class folders: cat, cow"):
        from_folder(tmp_path)


def test_a_class_without_images_and_a_broken_image_are_named(tmp_path: Path) -> None:
    top = fill(tmp_path / "top")
    whole = (top / "bee" / "3.png").read_bytes()
    for broken in (b"no image", whole[:50], b""):
        (top / "bee" / "3.png").write_bytes(broken)
        with pytest.raises(ValueError, match=r"can't read the image .*/bee/3.png: "):
            from_folder(top).pixels()
    (top / "dog").mkdir()
    (top / "bee" / "3.png").write_bytes(whole)
    with pytest.raises(ValueError, match=r"the class folder .*/dog has no image file"):
        from_folder(top, num_classes=4).pixels()
