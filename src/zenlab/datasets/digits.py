"""The 1,797 handwritten digits that come with scikit-learn (Alpaydin and Kaynak, 1998): 8 x 8."""

from functools import lru_cache

import numpy as np

from zenlab.datasets.dataset import Dataset, Input
from zenlab.datasets.pixels import Pixels, pixels_of


def digits(*, input: Input = "noise") -> Dataset:
    """Return the digits at their own size; always at hand, without a network."""
    return Dataset(
        name="digits",
        channels=1,
        image_size=8,
        num_classes=10,
        mean=[0.3053],  # of all images, measured
        std=[0.3760],
        input=input,
        pixels=_load,
    )


@lru_cache(maxsize=1)
def _load() -> Pixels:
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return pixels_of((bunch.images / 16).astype(np.float32), bunch.target)
