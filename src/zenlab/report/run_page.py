"""The page of a run: what was asked, what came out, how sure that is, and how to do it again."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from zenlab.core import Space
from zenlab.report.page import Page
from zenlab.report.sections.closing import closing_sections, remarks_section
from zenlab.report.sections.scores import best_section, quality_section, scatter_section
from zenlab.report.sections.search import search_section
from zenlab.report.sections.validation import reranking_section, validation_section
from zenlab.report.sections.verdicts import verdicts_section
from zenlab.report.sections.words import interval, number, rounded


def run_page(
    summary: Mapping[str, Any],
    rows: pd.DataFrame,
    config_yaml: str,
    space: Space,
    *,
    overrides: Sequence[str] = (),
    rises: pd.DataFrame | None = None,
) -> Page:
    """Return the page of a run of one proxy.

    Args:
        summary: what `summary.json` holds; `correlation`, `validation`, `reranking`, `verdicts` and
            `search` may be missing.
        rows: the columns of `scores.csv`.
        config_yaml: the whole config, for the reader.
        space: where the architectures come from; draws them.
        overrides: what was written on the command line.
        rises: the columns of `search.csv`, where a search has learned.
    """
    label = summary["benchmark"]["label"] if "benchmark" in summary else None
    trained = {c["genotype"]: c for c in summary.get("validation", {}).get("candidates", [])}
    return Page(
        title=f"{summary['proxy']} on {summary['space']}",
        question=_question(summary),
        answer=_answer(summary),
        facts=_facts(summary),
        sections=[
            scatter_section(rows, space, proxy=summary["proxy"], accuracy=label),
            quality_section(summary.get("correlation", {}), summary.get("interval", "")),
            verdicts_section(summary.get("verdicts", [])),
            best_section(summary["top"], space, trained),
            search_section(summary.get("search", {}), rises, label or "accuracy"),
            validation_section(summary.get("validation", {})),
            reranking_section(summary.get("reranking", {})),
            remarks_section(summary),
            *closing_sections(config_yaml, overrides),
        ],
    )


def _question(summary: Mapping[str, Any]) -> str:
    proxy, space = summary["proxy"], summary["space"]
    if "correlation" in summary:
        return f"Does {proxy} rank the networks of {space} as training does?"
    return f"Which networks of {space} does {proxy} score highest?"


def _answer(summary: Mapping[str, Any]) -> str:
    best = summary["best"]
    if "correlation" not in summary:
        return (
            f"Of {summary['asked']:,} architectures the best scores {number(best['score'])}, with "
            f"{best['params']:,.0f} params and {best['flops']:,.0f} FLOPs: {best['genotype']}"
        )
    quality = summary["correlation"]["all"]
    tau = quality["kendall"]
    if tau["value"] is None:
        return f"Undecided: Kendall's tau is undefined, for {tau.get('reason', 'no reason given')}."
    words = " ".join(filter(None, [rounded(tau["value"]), interval(tau)]))
    return (
        f"{_verdict(tau)}: Kendall's tau is {words} over {quality['n']:,} architectures"
        f"{_pick(quality, best)}."
    )


def _verdict(tau: Mapping[str, Any]) -> str:
    """Return what tau says of the ranking, as far as its interval is on one side of 0."""
    low, high = (tau["value"] if tau.get(end) is None else tau[end] for end in ("low", "high"))
    if low > 0:
        return "Better than chance"
    return "Worse than chance" if high < 0 else "Not to be told from chance"


def _pick(quality: Mapping[str, Any], best: Mapping[str, Any]) -> str:
    regret = quality["regret"]["top_1"]["value"]
    if best.get("accuracy") is None or regret is None:
        return ""
    reached = best["accuracy"]
    highest = quality["best_of"]["top_1"]["value"] + regret
    return f", and its best scorer has {reached:.2f} where the best measured has {highest:.2f}"


def _facts(summary: Mapping[str, Any]) -> dict[str, str]:
    facts = {
        "space": summary["space"],
        "proxy": summary["proxy"],
        "searcher": summary["searcher"],
        "input": summary["input"],
        "accuracies": summary.get("benchmark", {}).get("name", "none"),
        "architectures": f"{summary['asked']:,} of {summary['population']}",
        "dead": f"{summary['dead']:,}",
        "failed": f"{summary['failed']:,}",
        "taken from the store": f"{summary['reused']:,}",
        "seconds of scoring": f"{summary['scoring_seconds']:,.1f}",
        "hardware": summary["hardware"],
        "seed": str(summary["seed"]),
    }
    return {name: value for name, value in facts.items() if value}
