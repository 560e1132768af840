"""The 1,797 handwritten digits that come with scikit-learn (Alpaydin and Kaynak, 1998): 8 x 8."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from zenlab.datasets.dataset import Dataset, Input
from zenlab.datasets.pixels import Pixels, pixels_of


def digits(
    *,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    name: str = "digits",
    channels: int = 1,
    image_size: int = 8,
    num_classes: int = 10,
    input: Input = "noise",
    mirrored: bool = False,
) -> Dataset:
    """Return the dataset; a fifth of the digits is kept to test with."""
    return Dataset(
        name=name,
        channels=channels,
        image_size=image_size,
        num_classes=num_classes,
        mean=mean,
        std=std,
        input=input,
        pixels=load,
        mirrored=mirrored,
        native_size=8,
    )


@lru_cache(maxsize=1)
def load() -> Pixels:
    """Return all digits with their labels; always at hand, without a network."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return pixels_of((bunch.images / 16).astype(np.float32), bunch.target)
