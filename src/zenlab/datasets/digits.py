"""The 1,797 handwritten digits that come with scikit-learn (Alpaydin and Kaynak, 1998): 8 x 8."""

from functools import lru_cache

import numpy as np

from zenlab.datasets.pixels import Pixels, pixels_of


@lru_cache(maxsize=1)
def load() -> Pixels:
    """Return all digits with their labels; always at hand, without a network."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return pixels_of((bunch.images / 16).astype(np.float32), bunch.target)
