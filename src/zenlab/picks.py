"""Two ways to pick one of the best candidates: by score, and by what short training said."""

from collections.abc import Mapping, Sequence
from typing import Any

from zenlab.core import Score, Table


def compare_picks(
    candidates: Sequence[Mapping[str, Any]], scores: Sequence[Score], table: Table | None
) -> dict[str, Any]:
    """Compare the first by score with the best by validation; None where all trainings failed."""
    finished = [candidate for candidate in candidates if candidate["seeds"]]
    failures = [f"candidate {c['rank']}: {c['error']}" for c in candidates if c["error"]]
    if not finished:
        return {"pick": None, "proxy_pick": None, "failures": failures, "regret": None}
    pick = max(finished, key=_merit)
    return {
        "pick": dict(pick),
        "proxy_pick": dict(candidates[0]),
        "failures": failures,
        "regret": _regret(candidates[0], pick, scores, table),
    }


def _merit(candidate: Mapping[str, Any]) -> tuple[float, float]:
    """Held-out accuracy, then held-out loss; the test accuracy where nothing was held out."""
    if candidate["held_out_accuracy"] is None:
        return candidate["test_accuracy"], -candidate["test_loss"]
    return candidate["held_out_accuracy"], -candidate["held_out_loss"]


def _regret(
    first: Mapping[str, Any],
    pick: Mapping[str, Any],
    scores: Sequence[Score],
    table: Table | None,
) -> dict[str, Any] | None:
    """How far both picks are below the best of all that were scored, as the table measured it."""
    known = (
        [table.values[s.genotype] for s in scores if s.genotype in table.values] if table else []
    )
    if table is None or first["measured"] is None or pick["measured"] is None:
        return None
    best = max(known)
    return {
        "of": table.label,
        "best": best,
        "proxy": best - first["measured"],
        "validation": best - pick["measured"],
    }
