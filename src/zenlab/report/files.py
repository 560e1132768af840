"""The files of a run, written whole or not at all."""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def write_scores(path: Path, scores: pd.DataFrame) -> None:
    """Write `scores.csv`: floats in full precision, minus infinity as `-inf`, nothing as empty."""
    _replace(path, scores.to_csv(index=False, lineterminator="\n"))


def write_summary(path: Path, summary: Mapping[str, Any]) -> None:
    """Write `summary.json` as strict JSON: minus infinity is the string "-inf".

    Raises:
        ValueError: the summary holds nan or infinity, which have no place in it.
    """
    _replace(
        path, json.dumps(_strict(summary), indent=2, allow_nan=False, ensure_ascii=False) + "\n"
    )


def write_text(path: Path, text: str) -> None:
    """Write any text."""
    _replace(path, text)


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)


def _strict(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _strict(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(inner) for inner in value]
    return "-inf" if isinstance(value, float) and value == -math.inf else value
