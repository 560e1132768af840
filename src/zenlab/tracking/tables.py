"""What W&B gets of a result as rows and names: scores, standings of proxies, verdicts.

No table has the name of a key of the summary, or it would take that key's place.
"""

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

_MOST_ROWS = 20_000
"""NAS-Bench-201 whole; with more W&B's files would be larger than all else together."""

_log = logging.getLogger(__name__)


def score_rows(scores: pd.DataFrame, descriptors: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows of `scores.csv`, at most 20,000, with `descriptors` (same rows) beside them.

    A column that both have is taken from the scores.
    """
    if descriptors is None:
        return _chosen(scores)
    further = descriptors.columns.difference(scores.columns, sort=False)
    beside = descriptors[further].set_axis(scores.index)
    return _chosen(pd.concat([scores, beside], axis=1))


def tables_of(summary: Mapping[str, Any], scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return `standings`, a row for each proxy that was judged, and `claims`, for each verdict.

    What has no rows is left out. All standings have the same columns, so W&B can put those of many
    runs below each other.
    """
    tables = {
        "standings": [_standing(summary, *judged) for judged in _judged(summary, scores)],
        "claims": summary.get("verdicts") or [],
    }
    return {name: pd.DataFrame(list(rows)) for name, rows in tables.items() if rows}


def verdicts_of(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return the verdicts of a summary by name: `verdict/<claim>`, its effect and its interval.

    Where a claim is made of several proxies the names go on with the proxy.
    """
    verdicts = summary.get("verdicts") or []
    claims = [verdict["claim"] for verdict in verdicts]
    found: dict[str, Any] = {}
    for verdict in verdicts:
        name = f"verdict/{verdict['claim']}"
        if claims.count(verdict["claim"]) > 1:
            name += f"/{verdict.get('proxy')}"
        found[name] = verdict["verdict"]
        found |= {f"{name}/{key}": verdict.get(key) for key in ("effect", "low", "high")}
    return found


def _judged(
    summary: Mapping[str, Any], scores: pd.DataFrame
) -> list[tuple[str, Mapping[str, Any], float | None]]:
    """Return name, rank quality over all architectures and seconds per network of each proxy."""
    if "correlation" in summary:
        seconds = scores["seconds"][scores["seconds"] > 0].median()
        cost = None if np.isnan(seconds) else float(seconds)
        return [(summary["proxy"], summary["correlation"]["all"], cost)]
    return [
        (name, member["correlation"]["all"], member["seconds_per_network"])
        for name, member in summary.get("members", {}).items()
        if "correlation" in member
    ]


def _standing(
    summary: Mapping[str, Any], proxy: str, quality: Mapping[str, Any], seconds: float | None
) -> dict[str, Any]:
    tau = quality["kendall"]
    return {
        **{name: summary.get(name) for name in ("space", "dataset")},
        "proxy": proxy,
        "n": quality["n"],
        "kendall": tau["value"],
        "kendall_low": tau["low"],
        "kendall_high": tau["high"],
        "spearman": quality["spearman"]["value"],
        "top_10_percent": quality["top_precision"]["10%"]["value"],
        "seconds_per_network": seconds,
    }


def _chosen(rows: pd.DataFrame) -> pd.DataFrame:
    """Return all rows, in their order; of very many the best and an even sample of the others.

    Where several proxies scored there is no best: an even sample of all.
    """
    if len(rows) <= _MOST_ROWS:
        return rows
    chosen = np.zeros(len(rows), dtype=bool)
    if "score" in rows:
        best_first = np.argsort(-rows["score"].to_numpy(dtype=float), kind="stable")  # nan last
        chosen[best_first[: _MOST_ROWS // 2]] = True
    others = np.flatnonzero(~chosen)
    chosen[others[np.linspace(0, len(others) - 1, _MOST_ROWS - chosen.sum()).astype(int)]] = True
    _log.info("W&B gets %d of %d rows; scores.csv has all", chosen.sum(), len(rows))
    return rows[chosen]
