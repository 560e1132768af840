"""The picture is drawn for few points, many points, with and without dead ones."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from zenlab.report.scatter import draw_scatter


@pytest.mark.parametrize("count", [0, 1, 50, 3000])
@pytest.mark.parametrize("dead", [0, 3])
def test_a_picture_with_ink_comes_out(tmp_path: Path, count: int, dead: int) -> None:
    rng = np.random.default_rng(0)
    scores = np.concatenate([rng.normal(size=count), np.full(dead, -np.inf)])
    measured = rng.normal(size=count + dead)
    path = tmp_path / "figures" / "scatter.png"
    draw_scatter(path, scores, measured, score_label="s", measured_label="m", title="t")
    picture = matplotlib.image.imread(path)
    assert picture.shape[0] > 500
    assert picture[..., :3].min() < 0.5
