"""What a page holds of its architectures: as many as it can, the best first, drawn whole."""

import numpy as np
import pandas as pd

from zenlab.report import points
from zenlab.report.drawings import picture
from zenlab.report.points import choose, pack
from zenlab.spaces.nb201 import NB201

SPACE = NB201()


def rows(count: int, genotype: str = "a") -> pd.DataFrame:
    scores = np.random.default_rng(3).permutation(count).astype(float)
    return pd.DataFrame({"genotype": [genotype] * count, "score": scores})


def test_all_are_kept_while_there_is_room_the_best_first() -> None:
    kept = choose(rows(500))
    assert list(kept["score"]) == sorted(range(500), reverse=True)


def test_of_too_many_the_best_half_is_kept_and_others_are_drawn_always_alike() -> None:
    kept = choose(rows(50_000))
    assert len(kept) == 20_000
    assert set(kept["score"][:10_000]) == set(range(40_000, 50_000))
    others = kept["score"][10_000:]
    assert others.is_unique and others.max() < 40_000
    assert abs(others.mean() - 20_000) < 500
    pd.testing.assert_frame_equal(kept, choose(rows(50_000)))


def test_long_spellings_leave_room_for_fewer() -> None:
    assert len(choose(rows(20_000, "x" * 400))) == 5000


def test_the_parts_of_a_point_are_its_drawing() -> None:
    cells = [SPACE.parse(str(index)) for index in range(200)]
    table = pd.DataFrame({"genotype": cells, "score": 1.0, "accuracy": 90.0})
    packed = pack(SPACE, table, "accuracy", "accuracy (%)")
    for cell, places in zip(cells, packed.drawings, strict=True):
        drawing = picture(SPACE, cell)
        assert places is not None
        drawn = "".join(packed.parts[place] for place in places)
        assert drawn == f"<svg {drawing.frame}>" + "".join(drawing.parts)
    assert len(packed.parts) < 100


def test_a_dead_score_is_none_and_numbers_are_short() -> None:
    table = pd.DataFrame(
        {"genotype": ["0", "1"], "score": [1 / 3, -np.inf], "accuracy": [200 / 3, 10.0]}
    )
    packed = pack(SPACE, table, "accuracy", "a")
    assert packed.scores == [0.3333333, None] and packed.measured == [66.66667, 10.0]


def test_without_room_the_best_keep_their_drawings(monkeypatch) -> None:
    monkeypatch.setattr(points, "_MOST_DRAWN", 5000)
    cells = [SPACE.parse(str(index)) for index in range(50)]
    table = pd.DataFrame({"genotype": cells, "score": 1.0, "accuracy": 90.0})
    drawings = pack(SPACE, table, "accuracy", "a").drawings
    drawn = [drawing is not None for drawing in drawings]
    assert drawn == sorted(drawn, reverse=True) and 0 < sum(drawn) < 50
