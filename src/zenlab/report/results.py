"""What came out of a run, as rows (one per architecture asked) and as a summary."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from zenlab.abilities import Indexed
from zenlab.core import Score, Searcher, Space, Table

_TOP = 10


def score_rows(
    space: Space, scores: Sequence[Score], spellings: Sequence[str], table: Table | None
) -> pd.DataFrame:
    """Return the columns of `scores.csv`, the terms of the scores last.

    `index` is empty in a space without official numbers.
    """
    measured = table.values if table else {}
    index = space.index if isinstance(space, Indexed) else lambda genotype: None
    terms = dict.fromkeys(name for score in scores for name in score.terms)
    return pd.DataFrame(
        {
            "genotype": list(spellings),
            "index": pd.array([index(score.genotype) for score in scores], dtype="Int64"),
            "score": [score.value for score in scores],
            "stderr": pd.array([score.stderr for score in scores], dtype="Float64"),
            "seconds": [score.seconds for score in scores],
            "error": [score.error for score in scores],
            "accuracy": pd.array([measured.get(s.genotype) for s in scores], dtype="Float64"),
            **{name: [score.terms.get(name) for score in scores] for name in terms},
        }
    )


def member_rows(
    space: Space,
    scores: Mapping[str, Sequence[Score]],
    spellings: Sequence[str],
    table: Table | None,
) -> pd.DataFrame:
    """Return the columns of `scores.csv` where several proxies scored: value, stderr, error each.

    Seconds are what a proxy alone would have paid for the network.
    """
    first = next(iter(scores.values()))
    measured = table.values if table else {}
    columns: dict[str, Any] = {
        "genotype": list(spellings),
        "index": pd.array(
            [space.index(s.genotype) if isinstance(space, Indexed) else None for s in first],
            dtype="Int64",
        ),
        "accuracy": pd.array([measured.get(s.genotype) for s in first], dtype="Float64"),
    }
    for name, found in scores.items():
        columns[name] = [score.value for score in found]
        columns[f"{name}_stderr"] = pd.array([score.stderr for score in found], dtype="Float64")
        columns[f"{name}_seconds"] = [score.seconds for score in found]
        columns[f"{name}_error"] = [score.error for score in found]
    return pd.DataFrame(columns)


def count(scores: Sequence[Score], dead: Iterable[float]) -> dict[str, int]:
    """Count the rows of a run by where they came from and how they ended."""
    screened = sum(score.terms.get("draws") == 0 for score in scores)
    made = sum(not score.reused and not score.shared for score in scores)
    return {
        "asked": len(scores),
        "scored": made - screened,
        "screened": screened,
        "shared": sum(score.shared for score in scores),
        "reused": sum(score.reused for score in scores),
        "dead": int(sum(dead)),
        "failed": sum(score.error is not None for score in scores),
    }


def best_rows(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the ten highest scores, ties in the order asked, ready for JSON."""
    top = rows[rows["error"].isna()].sort_values("score", ascending=False, kind="stable")
    columns = top.head(_TOP)[["genotype", "index", "score", "accuracy"]].astype(object)
    return [
        {str(name): None if value is pd.NA else value for name, value in row.items()}
        for row in columns.to_dict("records")
    ]


def failures(scores: Sequence[Score]) -> list[str]:
    """Say why scores failed: each reason once, with its count and an example."""
    reasons: dict[str, list[Score]] = {}
    for score in scores:
        if score.error is not None:
            reasons.setdefault(score.error, []).append(score)
    return [
        f"{len(failed)} failed, such as {failed[0].genotype}: {reason}"
        for reason, failed in reasons.items()
    ]


def interval_in_words(quality: Mapping[str, Any], searcher: Searcher) -> str:
    """Say in one line what the brackets of the table are intervals of."""
    if quality["interval_of"] == "space" and not searcher.uniform:
        return (
            f"brackets: 95 % bootstrap interval, as if {searcher.population} were a uniform sample"
        )
    if quality["interval_of"] == "space":
        return f"brackets: 95 % bootstrap interval for the population: {searcher.population}"
    if quality["interval_of"] == "seeds":
        return "brackets: 95 % interval over repeated seeds; the whole population was scored"
    return f"no interval: {quality['reason']}"


def title(summary: Mapping[str, Any]) -> str:
    """Return the title of the run's picture: Kendall's tau with its interval, and over how many."""
    tau = summary["correlation"]["all"]["kendall"]
    words = "undefined" if tau["value"] is None else f"{tau['value']:.3f}"
    if tau["low"] is not None:
        words += f" [{tau['low']:.3f}, {tau['high']:.3f}]"
    return (
        f"{summary['proxy']} on {summary['space']}: Kendall tau-b {words}, "
        f"{summary['joined']:,} architectures"
    )


def headline(summary: Mapping[str, Any]) -> float | None:
    """Return the number for Hydra's sweepers: Kendall's tau, without accuracies the best score."""
    if "correlation" in summary:
        tau: float | None = summary["correlation"]["all"]["kendall"]["value"]
        return tau
    return float(summary["best"]["score"])
