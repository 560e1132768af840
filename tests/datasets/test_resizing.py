"""Images change their size by whole squares of pixels and black frames, and say how."""

import pytest
import torch

from zenlab.datasets.pixels import Pixels
from zenlab.datasets.resizing import how_resized, resized


def pixels(side: int) -> Pixels:
    images = torch.rand(3, 2, side, side, generator=torch.Generator().manual_seed(0))
    return Pixels(images, torch.tensor([0, 1, 2]))


def test_larger_by_a_whole_factor_repeats_each_pixel() -> None:
    found = resized(small := pixels(2), 6).images
    assert torch.equal(found[:, :, ::3, ::3], small.images)
    assert torch.equal(found[:, :, 2::3, 2::3], small.images)
    assert how_resized(8, 32) == (
        "images resized from 8 x 8 to 32 x 32 pixels: each pixel repeated 4 x 4 times"
    )


def test_smaller_by_a_whole_factor_is_the_mean_of_squares() -> None:
    found = resized(large := pixels(8), 4).images
    torch.testing.assert_close(found[1, 0, 3, 1], large.images[1, 0, 6:8, 2:4].mean())
    assert how_resized(32, 16).endswith("from 32 x 32 to 16 x 16 pixels: averaged over 2 x 2")


def test_other_sizes_get_a_black_frame() -> None:
    found = resized(inner := pixels(28), 32).images
    assert torch.equal(found[:, :, 2:30, 2:30], inner.images)
    assert found.sum() == pytest.approx(inner.images.sum().item())
    assert how_resized(28, 32).endswith(": put into a black frame of 32 x 32")


def test_a_frame_comes_before_the_mean() -> None:
    found = resized(large := pixels(28), 8).images
    assert found.shape == (3, 2, 8, 8)
    assert found[0, 0, 0, 0].item() == pytest.approx(large.images[0, 0, :2, :2].sum() / 16)
    assert how_resized(28, 8).endswith("black frame of 32 x 32, averaged over 4 x 4")


def test_what_has_the_size_is_left_alone_and_nothing_is_said() -> None:
    assert resized(same := pixels(8), 8) is same
    assert how_resized(8, 8) is None


def test_images_are_resized_once() -> None:
    small = pixels(4)
    assert resized(small, 8) is resized(small, 8)
    assert torch.equal(resized(small, 8).labels, small.labels)
