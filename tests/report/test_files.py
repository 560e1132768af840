"""Files are written whole, in strict formats."""

import json
import math
from pathlib import Path

import pandas as pd
import pytest

from zenlab.report.files import write_scores, write_summary


def test_summary_is_strict_json_with_minus_infinity_as_a_string(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "summary.json"
    write_summary(path, {"a": {"b": [1.5, -math.inf]}, "c": None, "d": "τ"})
    assert json.loads(path.read_text(encoding="utf-8")) == {
        "a": {"b": [1.5, "-inf"]},
        "c": None,
        "d": "τ",
    }


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_summary_with_numbers_that_mean_nothing_is_refused(tmp_path: Path, value: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_summary(tmp_path / "summary.json", {"a": value})
    assert not list(tmp_path.iterdir())


def test_scores_keep_every_digit_and_write_minus_infinity_plainly(tmp_path: Path) -> None:
    rows = pd.DataFrame({"score": [0.1 + 0.2, -math.inf], "error": [None, "why"]})
    write_scores(tmp_path / "scores.csv", rows)
    text = (tmp_path / "scores.csv").read_text()
    assert text == "score,error\n0.30000000000000004,\n-inf,why\n"
