"""Rows and summaries say what happened to every architecture that was asked for."""

import math

import pandas as pd

from zenlab.core import Score, Table
from zenlab.report.results import best_rows, count, failures, score_rows
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
CELLS = [SPACE.parse(str(index)) for index in (6111, 0, 10)]
SCORES = [
    Score(CELLS[0], 2.0, 0.5, 1.25, reused=True),
    Score(CELLS[1], math.nan, error="too large"),
    Score(CELLS[2], -math.inf),
]
TABLE = Table("t", "accuracy (%)", {CELLS[0]: 94.0, CELLS[2]: 10.0})


def rows() -> pd.DataFrame:
    return score_rows(SPACE, SCORES, ["6111", *CELLS[1:]], TABLE)


def test_rows_keep_order_and_spelling_and_leave_the_unknown_empty() -> None:
    text = rows().to_csv(index=False).splitlines()
    assert text[0] == "genotype,index,score,stderr,seconds,error,accuracy"
    assert text[1] == "6111,6111,2.0,0.5,1.25,,94.0"
    assert text[2] == f"{CELLS[1]},0,,,0.0,too large,"
    assert text[3] == f"{CELLS[2]},10,-inf,,0.0,,10.0"


def test_the_index_is_empty_in_a_space_without_official_numbers() -> None:
    assert score_rows(object(), SCORES, CELLS, None)["index"].isna().all()


def test_counts_add_up_to_what_was_asked() -> None:
    assert count(SCORES, [0.0, 0.0, 1.0]) == {
        "asked": 3,
        "scored": 2,
        "shared": 0,
        "screened": 0,
        "reused": 1,
        "dead": 1,
        "failed": 1,
    }


def test_the_best_come_first_and_failures_are_no_candidates() -> None:
    assert best_rows(rows()) == [
        {"genotype": "6111", "index": 6111, "score": 2.0, "accuracy": 94.0},
        {"genotype": CELLS[2], "index": 10, "score": -math.inf, "accuracy": 10.0},
    ]


def test_each_reason_of_failure_is_told_once_with_an_example() -> None:
    assert failures([SCORES[1], SCORES[1], SCORES[0]]) == [
        f"2 failed, such as {CELLS[1]}: too large"
    ]
