"""What picking the highest scores brings: on all rows, by chance, and on random halves of them.

docs/statistics.md says why these have no interval, and what the spread over halves stands for.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from zenlab.analysis.ranked import Floats, Ranked, rank
from zenlab.analysis.selection import best_accuracy, ndcg, regret, top_precision
from zenlab.analysis.variants import Statistic, defined, evaluate, halve, middle

_ROWS = 3


def outcomes(rows: Ranked, *, draws: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return the outcomes as a nested dictionary; by chance means with all scores tied."""
    half = len(rows) // 2
    by_chance = rank(np.zeros(len(rows)), rows.accuracies)
    enough = half >= _ROWS
    drawn = evaluate(_statistics(half), halve(rows, draws, rng)) if enough else {}
    nested: dict[str, Any] = {}
    for name, statistic in _statistics(len(rows)).items():
        group, _, places = name.partition(".")
        entry = _on_all(name, rows, by_chance, statistic)
        entry["halves"] = _on_halves(name, half, drawn.get(name, np.array([])))
        nested |= {group: nested.get(group, {}) | {places: entry}} if places else {group: entry}
    return nested


def _statistics(size: int) -> dict[str, Statistic]:
    """The outcomes for so many rows, from which a percentage is rounded up."""
    five, ten = (-(-size * percent // 100) for percent in (5, 10))
    return {
        "top_precision.10": partial(top_precision, count=10),
        "top_precision.5%": partial(top_precision, count=five),
        "top_precision.10%": partial(top_precision, count=ten),
        "ndcg": ndcg,
        "best_of.top_1": partial(best_accuracy, count=1),
        "best_of.top_10": partial(best_accuracy, count=10),
        "regret.top_1": partial(regret, count=1),
        "regret.top_10": partial(regret, count=10),
    }


def _on_all(name: str, rows: Ranked, by_chance: Ranked, statistic: Statistic) -> dict[str, Any]:
    value = statistic(rows) if len(rows) >= _ROWS else math.nan
    if math.isnan(value):
        return {"value": None, "chance": None, "reason": _why_undefined(name, len(rows))}
    return {"value": value, "chance": statistic(by_chance)}


def _on_halves(name: str, size: int, drawn: Floats) -> dict[str, Any]:
    values = defined(drawn)
    if not len(values):
        nothing = {"expected": None, "low": None, "high": None}
        return {"n": size, **nothing, "reason": _why_undefined(name, size)}
    low, high = middle(values)
    return {"n": size, "expected": float(values.mean()), "low": low, "high": high}


def _why_undefined(name: str, size: int) -> str:
    if size < _ROWS:
        return f"only {size} rows; at least {_ROWS} are needed"
    if name == "ndcg":
        return "all accuracies are tied"
    return f"only {size} rows; more than the 10 picked are needed"
