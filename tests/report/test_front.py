"""The front holds what nothing else beats, once, and its picture is drawn."""

from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from zenlab.report.front import draw_front, front_rows, pareto_front


def beaten(place: int, scores: np.ndarray, costs: np.ndarray) -> bool:
    """Whether another has no lower score and no higher cost, and one of them truly."""
    no_worse = (scores >= scores[place]) & (costs <= costs[place])
    return bool((no_worse & ((scores > scores[place]) | (costs < costs[place]))).any())


@pytest.mark.parametrize("seed", range(20))
def test_the_front_is_what_nothing_beats(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, costs = rng.integers(0, 12, size=(2, 60)).astype(float)
    front = pareto_front(scores, costs)
    pairs = {(scores[i], costs[i]) for i in range(60) if not beaten(i, scores, costs)}
    assert [(scores[i], costs[i]) for i in front] == sorted(pairs, key=lambda pair: pair[1])


def test_of_equals_the_first_one_stands_for_all() -> None:
    assert pareto_front(np.array([1.0, 2.0, 2.0]), np.array([5.0, 5.0, 5.0])).tolist() == [1]


def test_the_dead_the_failed_and_the_unmeasured_are_never_on_it() -> None:
    scores = np.array([-np.inf, np.nan, 3.0, 1.0])
    costs = np.array([0.0, 0.0, np.nan, 2.0])
    assert pareto_front(scores, costs).tolist() == [3]
    assert pareto_front(scores[:2], costs[:2]).tolist() == []


def test_rows_go_from_cheap_to_dear_and_name_the_objective() -> None:
    rows = pd.DataFrame({"genotype": ["a", "b", "c"], "score": [3.0, 1.0, 2.0]})
    rows["accuracy"] = [90.0, None, 80.0]
    front = front_rows(rows, np.array([30.0, 10.0, 40.0]), "params")
    assert list(front.columns) == ["genotype", "params", "score", "accuracy"]
    assert front["genotype"].tolist() == ["b", "a"]


@pytest.mark.parametrize("count", [0, 1, 50, 3000])
def test_a_picture_with_ink_comes_out(tmp_path: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    scores = np.append(rng.normal(size=count), [-np.inf, np.nan])
    path = tmp_path / "figures" / "front.png"
    draw_front(path, scores, rng.random(count + 2), objective="params", title="t")
    picture = matplotlib.image.imread(path)
    assert picture.shape[0] > 500 and picture[..., :3].min() < 0.5
