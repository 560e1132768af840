"""One run: score architectures, join their measured accuracies, say how well the scores rank."""

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from zenlab.abilities import Budgeted, Enumerable, Learning, Refining
from zenlab.analysis.quality import populations
from zenlab.assembly import GROUPS, Parts, Scorers, assemble
from zenlab.comparison import compare
from zenlab.core import CombinedProxy, Score, SymbolicProxy, Table
from zenlab.found import costs_of, draw_found, objective_of, write_search
from zenlab.laboratory import judge_hypothesis
from zenlab.proxies.suite import Suite
from zenlab.report import results
from zenlab.report.files import write_scores, write_summary, write_text
from zenlab.report.page import write_page
from zenlab.report.run_page import run_page
from zenlab.report.scatter import draw_scatter
from zenlab.report.search import Trace, curve, sizes
from zenlab.report.terminal import Terminal
from zenlab.reranked import simulate_reranking
from zenlab.stage import Accuracies, Log, Watcher, describe, populations_of, streamed
from zenlab.tracking.live import Live
from zenlab.validated import open_validation


def run(config: DictConfig) -> float | None:
    """Score architectures of a space with a proxy and judge the scores by measured accuracies.

    Returns:
        Kendall's tau over all architectures, for Hydra's sweepers; without accuracies the best
        score.

    Raises:
        ValueError: something in `config` can't be used; says what.
        RuntimeError: not one architecture could be scored.
    """
    if config.get("hypothesis"):
        return judge_hypothesis(config)
    terminal = Terminal()
    accuracies = Accuracies(config, terminal)
    parts = assemble(config, accuracies.known)
    table, remarks = accuracies.table, accuracies.remarks
    for line in (f"zenlab: {parts}", *remarks):
        terminal.say(line)
    if isinstance(parts.proxy, Suite | CombinedProxy):
        return compare(config, parts, accuracies, terminal)
    validator = open_validation(config, parts)
    folder = Path(HydraConfig.get().runtime.output_dir)
    with streamed(config, folder, parts.searcher) as stream:
        trace, seconds = _score(config, parts, table, terminal, stream.log)
        scores = _settled(parts, trace)
        if isinstance(parts.searcher, Refining):
            remarks.append(parts.searcher.remark)
            terminal.say(parts.searcher.remark)
        rows = results.score_rows(parts.space, scores, parts.spellings(scores), table)
        write_scores(folder / "scores.csv", rows)
        _require_scores(scores)
        shown = dict.fromkeys(("params", "flops", "depth", objective_of(parts)))
        descriptors = describe(parts.space, scores, *shown)
        summary = _summarise(config, parts, scores, rows, descriptors, table)
        summary |= {"scoring_seconds": seconds, "remarks": remarks}
        figures = _draw(folder, rows, summary)
        rises = None
        if isinstance(parts.searcher, Learning):
            costs = costs_of(parts, scores, descriptors)
            summary["search"] = write_search(folder, parts, parts.searcher, trace, rows, costs)
            figures |= draw_found(folder, parts, trace, rows, costs, table.label if table else "")
            rises = curve(trace, rows)
        if table and accuracies.short:
            figures |= simulate_reranking(folder, summary, scores, table, accuracies.short)
        if validator:
            figures |= validator.validate(
                summary, scores, table, folder=folder, log=stream.log, terminal=terminal
            )
        _write(config, folder, parts, summary, rows, rises)
        stream.finish(summary, rows, figures, descriptors)
    terminal.show(summary, folder, stream.url or stream.folder)
    return results.headline(summary)


def _score(
    config: DictConfig, parts: Parts, table: Table | None, terminal: Terminal, log: Log
) -> tuple[Trace, float]:
    """Ask and tell until the searcher has enough; return the scores and the seconds it took."""
    start = time.perf_counter()
    trace = Trace(distinct=isinstance(parts.searcher, Learning))
    budget = parts.searcher.budget if isinstance(parts.searcher, Budgeted) else None
    with (
        Scorers(config, parts) as scorers,
        terminal.progress("scoring", total=budget) as progress,
    ):
        live = Live(table=table, searcher=parts.searcher, rejected=parts.gate.rejected)
        watcher = Watcher(progress, log, live)
        while asked := parts.searcher.ask():
            progress.expect(len(set(asked)))
            told = parts.gate.with_latency(scorers.score(asked, watcher.on_score))
            parts.searcher.tell(told)
            trace.add(told)
        watcher.report()
    return trace, time.perf_counter() - start


def _require_scores(scores: Sequence[Score]) -> None:
    reasons = results.failures(scores)
    if reasons and not any(math.isfinite(score.value) for score in scores):
        raise RuntimeError(f"not one live architecture could be scored: {'; '.join(reasons)}")


def _write(
    config: DictConfig,
    folder: Path,
    parts: Parts,
    summary: Mapping[str, Any],
    rows: pd.DataFrame,
    rises: pd.DataFrame | None,
) -> None:
    """Write summary, config and page; `rises` is the curve of a search."""
    written = OmegaConf.to_yaml(config, resolve=True)
    write_summary(folder / "summary.json", summary)
    write_text(folder / "config.yaml", written)
    overrides = HydraConfig.get().overrides.task
    page = run_page(summary, rows, written, parts.space, overrides=overrides, rises=rises)
    write_page(folder / "report.html", page)


def _settled(parts: Parts, trace: Trace) -> list[Score]:
    """Return one score for each row: as it came, or settled from many draws."""
    if isinstance(parts.searcher, Refining):
        return parts.gate.with_latency(parts.searcher.settled())
    return trace.scores


def _summarise(
    config: DictConfig,
    parts: Parts,
    scores: Sequence[Score],
    rows: pd.DataFrame,
    descriptors: pd.DataFrame,
    table: Table | None,
) -> dict[str, Any]:
    best = results.best_rows(rows)
    (params,), (flops,) = sizes(parts.space, [parts.space.parse(best[0]["genotype"])]).values()
    summary: dict[str, Any] = {
        **{group: parts.names[group] for group in GROUPS},
        "dataset": parts.dataset.name,
        "input": str(parts.dataset),
        "population": parts.searcher.population,
        "hardware": str(parts.hardware),
        "seed": config.seed,
        **results.count(scores, descriptors["dead"]),
        "failures": results.failures(scores),
        "rejected": dict(parts.gate.rejected),
        "best": {**best[0], "params": params, "flops": flops},
        "top": best,
    }
    if table is not None:
        summary["benchmark"] = {"name": table.name, "label": table.label}
        different = len({score.genotype for score in scores})
        whole = isinstance(parts.space, Enumerable) and (
            different == len(scores) == len(parts.space)
        )
        summary |= _judge(config, parts, rows, descriptors, whole=whole)
    return summary


def _judge(
    config: DictConfig, parts: Parts, rows: pd.DataFrame, descriptors: pd.DataFrame, *, whole: bool
) -> dict[str, Any]:
    """Rank correlations and their company, over rows with a score and an accuracy.

    `whole` says that the rows are the whole space, each architecture once.
    """
    scored = rows["error"].isna().to_numpy()
    joined = scored & rows["accuracy"].notna().to_numpy()
    stderr = rows["stderr"].to_numpy(dtype=float, na_value=np.nan)[joined]
    quality = populations(
        rows["score"].to_numpy()[joined],
        rows["accuracy"].to_numpy(dtype=float, na_value=np.nan)[joined],
        {name: mask[joined] for name, mask in populations_of(descriptors).items()},
        stderr=stderr,
        complete=whole and bool(joined.all()),
        noisy=not isinstance(parts.proxy, SymbolicProxy),
        draws=config.analysis.draws,
        rng=np.random.default_rng(config.analysis.seed),
    )
    return {
        "joined": int(joined.sum()),
        "missing": int((scored & ~joined).sum()),
        "correlation": quality,
        "interval": results.interval_in_words(quality["all"], parts.searcher),
    }


def _draw(folder: Path, rows: pd.DataFrame, summary: Mapping[str, Any]) -> dict[str, Path]:
    """Draw scores against accuracies, if there are any; return the figures by name."""
    if "correlation" not in summary:
        return {}
    drawn = rows[rows["error"].isna() & rows["accuracy"].notna()]
    figure = folder / "figures" / "scatter.png"
    draw_scatter(
        figure,
        drawn["score"].to_numpy(),
        drawn["accuracy"].to_numpy(dtype=float),
        score_label=f"{summary['proxy']} score",
        measured_label=summary["benchmark"]["label"],
        title=results.title(summary),
    )
    return {"scatter": figure}
