"""The mean of a proxy over independent draws, with its standard error."""

import math
from collections.abc import Sequence

import numpy as np

from zenlab.core import Estimate


def mean_of_draws(draws: Sequence[float]) -> Estimate:
    """Return the mean of finite draws; its standard error too where there are two or more."""
    if len(draws) < 2:
        return Estimate(float(draws[0]))
    stderr = float(np.std(draws, ddof=1)) / math.sqrt(len(draws))
    return Estimate(float(np.mean(draws)), stderr)
