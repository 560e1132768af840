"""Images of another size: whole squares of pixels averaged or repeated, and black frames."""

from functools import lru_cache

from torch import Tensor
from torch.nn import functional

from zenlab.datasets.pixels import Pixels


@lru_cache(maxsize=4)
def resized(pixels: Pixels, side: int) -> Pixels:
    """Return the images at `side` x `side` pixels.

    Smaller ones: a black frame up to a multiple of `side`, then the mean of each square. Larger
    ones: each pixel repeated where `side` is a multiple, else a black frame.
    """
    current = pixels.images.shape[-1]
    if side == current:
        return pixels
    images = _framed(pixels.images, _side_with_frame(current, side))
    if side < images.shape[-1]:
        return Pixels(functional.avg_pool2d(images, images.shape[-1] // side), pixels.labels)
    return Pixels(functional.interpolate(images, size=(side, side)), pixels.labels)


def how_resized(current: int, side: int) -> str | None:
    """Say what `resized` does to images of `current` x `current` pixels, None if nothing."""
    if side == current:
        return None
    framed = _side_with_frame(current, side)
    steps = []
    if framed != current:
        steps.append(f"put into a black frame of {framed} x {framed}")
    if side < framed:
        steps.append(f"averaged over {framed // side} x {framed // side}")
    elif side > framed:
        steps.append(f"each pixel repeated {side // framed} x {side // framed} times")
    sizes = f"from {current} x {current} to {side} x {side} pixels"
    return f"images resized {sizes}: {', '.join(steps)}"


def _side_with_frame(current: int, side: int) -> int:
    """How long a side is after the frame: `side` divides it, or it divides `side`."""
    if side % current == 0:
        return current
    return -(-current // side) * side


def _framed(images: Tensor, side: int) -> Tensor:
    before = (side - images.shape[-1]) // 2
    after = side - images.shape[-1] - before
    return functional.pad(images, (before, after, before, after)) if after else images
