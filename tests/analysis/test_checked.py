"""Columns that don't fit together or hold what has no rank are told by name."""

import math

import numpy as np
import pytest

from zenlab.analysis.checked import require_draws, require_rows


def test_scores_may_be_minus_infinity_and_nothing_else_may() -> None:
    scores, depth = require_rows({"scores": [-math.inf, 1], "depth": [1, 2]})
    assert scores[0] == -math.inf and depth.dtype == np.float64
    with pytest.raises(ValueError, match="depth holds -inf in row 1"):
        require_rows({"scores": [0, 1], "depth": [1, -math.inf]})


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nan_and_plus_infinity_are_refused_with_their_row(bad: float) -> None:
    with pytest.raises(ValueError, match=rf"scores holds {bad} in row 2; leave out"):
        require_rows({"scores": [1, 2, bad], "accuracies": [1, 2, 3]})


def test_columns_of_different_lengths_are_refused_with_their_shapes() -> None:
    with pytest.raises(ValueError, match=r"scores \(2,\), depth \(3,\) don't fit together"):
        require_rows({"scores": [1, 2], "depth": [1, 2, 3]})
    with pytest.raises(ValueError, match="don't fit together"):
        require_rows({"scores": [[1, 2]], "depth": [[1, 2]]})


def test_no_row_is_refused() -> None:
    with pytest.raises(ValueError, match="scores, accuracies hold no row"):
        require_rows({"scores": [], "accuracies": []})


def test_one_draw_is_too_few() -> None:
    require_draws(2)
    with pytest.raises(ValueError, match=r"analysis\.draws is 1; wanted at least 2"):
        require_draws(1)
