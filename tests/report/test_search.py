"""A trace keeps each architecture once and knows where the best score rose."""

import math
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest

from zenlab.core import Genotype, Score, Table
from zenlab.report.results import score_rows
from zenlab.report.search import Trace, curve, draw_search, population
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
A, B, C = (SPACE.parse(index) for index in ("6111", "0", "1462"))
TOLD = [
    [Score(A, math.nan, error="too large"), Score(B, -math.inf)],
    [Score(C, 2.0), Score(C, 2.0), Score(A, 1.0)],
    [Score(A, 3.0, reused=True), Score(B, 9.0)],
]


def traced(*, distinct: bool) -> Trace:
    trace = Trace(distinct=distinct)
    for scores in TOLD:
        trace.add(scores)
    return trace


def test_an_architecture_that_comes_again_keeps_its_place_and_first_score() -> None:
    assert [(score.genotype, score.value) for score in traced(distinct=True).scores] == [
        (A, 1.0),  # the first time it failed
        (B, -math.inf),
        (C, 2.0),
    ]


def test_a_list_keeps_what_comes_again() -> None:
    kept = traced(distinct=False).scores
    assert kept == [score for scores in TOLD for score in scores]


def test_evaluations_and_rises_count_every_answer() -> None:
    trace = traced(distinct=True)
    assert trace.evaluations == 7
    assert [(rise.evaluation, rise.genotype, rise.score) for rise in trace.rises] == [
        (2, B, -math.inf),
        (3, C, 2.0),
        (6, A, 3.0),
        (7, B, 9.0),
    ]


def rows(trace: Trace) -> pd.DataFrame:
    names: list[Genotype] = [score.genotype for score in trace.scores]
    return score_rows(SPACE, trace.scores, names, Table("t", "accuracy (%)", {C: 90.0}))


def test_the_curve_has_the_accuracy_of_the_best_where_it_is_known() -> None:
    trace = traced(distinct=True)
    found = curve(trace, rows(trace))
    assert list(found.columns) == ["evaluation", "genotype", "score", "accuracy"]
    assert found["accuracy"].fillna(0).tolist() == [0, 90.0, 0, 0]


def test_a_population_keeps_its_order_and_its_twins() -> None:
    trace = traced(distinct=True)
    found = population(SPACE, [C, B, C], rows(trace))
    assert found["genotype"].tolist() == [C, B, C]
    assert found["score"].tolist() == [2.0, -math.inf, 2.0]
    assert found["params"].tolist() == [SPACE.describe(cell)["params"] for cell in (C, B, C)]
    assert list(population(SPACE, [], rows(trace)).columns) == list(found.columns)


@pytest.mark.parametrize("known", [True, False])
def test_a_picture_with_ink_comes_out(tmp_path: Path, known: bool) -> None:
    trace = traced(distinct=True)
    rises = curve(trace, rows(trace))
    if not known:
        rises["accuracy"] = pd.NA
    path = tmp_path / "figures" / "search.png"
    draw_search(path, rises, 7, title="t", measured="accuracy (%)")
    picture = matplotlib.image.imread(path)
    assert picture.shape[0] > 500 and picture[..., :3].min() < 0.5
