"""What came out of a run, in sentences; the keys are those of its `summary.json`."""

from collections.abc import Mapping
from typing import Any


def counts(summary: Mapping[str, Any]) -> str:
    """Say how many were scored, and how the others came by their scores."""
    others = ""
    if summary["shared"]:
        others += f"{summary['shared']:,} share a score with an equal one, "
    if summary["screened"]:
        others += f"{summary['screened']:,} by the screen alone, "
    return (
        f"scored {summary['scored']:,} in {summary['scoring_seconds']:.1f} s, {others}took "
        f"{summary['reused']:,} from the store; {summary['dead']:,} dead, "
        f"{summary['failed']:,} failed"
    )


def closing_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return what is said of a run below its table."""
    return [
        *([summary["interval"]] if "interval" in summary else []),
        counts(summary),
        *([rejected(summary["rejected"])] if summary["rejected"] else []),
        *([_reranked(summary["reranking"])] if "reranking" in summary else []),
        *([_found(summary["search"], summary["asked"])] if "search" in summary else []),
        _best(summary["best"]),
        *summary["failures"],
    ]


def picked(validation: Mapping[str, Any]) -> list[str]:
    """Say what validation picks, what that gained over the proxy's own pick, and what it cost."""
    pick, first, regret = (validation[key] for key in ("pick", "proxy_pick", "regret"))
    if pick is None:
        return ["no candidate could be trained"]
    lines = [f"* picked by {validation['picked_by']}: {pick['genotype']}"]
    if first["test_accuracy"] is not None:
        gain = pick["test_accuracy"] - first["test_accuracy"]
        lines.append(
            f"test accuracy {pick['test_accuracy']:.2f} %, {gain:+.2f} against the proxy's own "
            f"pick, for {validation['training_seconds']:.1f} s of training"
        )
    if regret is not None:
        lines.append(
            f"regret in {regret['of']}: {regret['proxy']:.2f} by proxy alone, "
            f"{regret['validation']:.2f} after validation (best of all scored: "
            f"{regret['best']:.2f})"
        )
    return lines


def rejected(reasons: Mapping[str, int]) -> str:
    """Say how many candidates broke which limit."""
    words = ", ".join(f"{count:,} by {reason}" for reason, count in reasons.items())
    return f"the constraint rejected {words}"


def _reranked(simulated: Mapping[str, Any]) -> str:
    """Say what training a few of the best would bring."""
    rows = {row["candidates"]: row for row in simulated["rows"]}
    first, ten = rows[1], rows[10]
    return (
        f"simulated validation: regret {first['regret']:.2f} by score alone, {ten['regret']:.2f} "
        f"[{ten['low']:.2f}, {ten['high']:.2f}] after training the best 10 for "
        f"{simulated['epochs']} epochs each, {ten['random_regret']:.2f} with 10 at random"
    )


def _found(search: Mapping[str, Any], different: int) -> str:
    return (
        f"search: {search['evaluations']:,} evaluations of {different:,} architectures, the best "
        f"found by evaluation {search['best_at']:,}; {len(search['front'])} on the front of score "
        f"against {search['objective']}"
    )


def _best(best: Mapping[str, Any]) -> str:
    measured = "" if best["accuracy"] is None else f", measured {best['accuracy']:.2f}"
    size = f"{best['params']:,.0f} params, {best['flops']:,.0f} FLOPs"
    return f"best score {best['score']:.6g}{measured}, {size}: {best['genotype']}"
