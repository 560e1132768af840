"""The story of several proxies: the same architectures, scored by all, put side by side."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from zenlab.abilities import Enumerable, Refining
from zenlab.analysis.quality import populations
from zenlab.assembly import GROUPS, Parts
from zenlab.core import Score, SymbolicProxy, Table
from zenlab.members import Members, combine, find_members, open_panel
from zenlab.report import results
from zenlab.report.comparison_page import comparison_page
from zenlab.report.files import write_scores, write_summary, write_text
from zenlab.report.leaderboard import draw_leaderboard, leaderboard
from zenlab.report.page import write_page
from zenlab.report.terminal import Terminal
from zenlab.stage import Accuracies, Log, Watcher, populations_of, streamed
from zenlab.tracking.live import Live
from zenlab.validated import open_validation


def compare(
    config: DictConfig, parts: Parts, accuracies: Accuracies, terminal: Terminal
) -> float | None:
    """Score architectures with the members of a suite or combination, and judge each of them.

    Returns:
        Kendall's tau of the first one over all architectures; None without accuracies.

    Raises:
        ValueError: something in `config` can't be used; says what.
    """
    if isinstance(parts.searcher, Refining):
        raise ValueError("this searcher draws one random proxy again and again; use proxy=zen")
    members = find_members(config, parts)
    validator = open_validation(config, parts)
    table, remarks = accuracies.table, accuracies.remarks
    folder = Path(HydraConfig.get().runtime.output_dir)
    with streamed(config, folder, parts.searcher) as stream:
        scores, seconds = _score(config, parts, members, terminal, stream.log)
        if remark := getattr(parts.searcher, "remark", None):
            remarks.append(remark)
            terminal.say(remark)
        rows = results.member_rows(parts.space, scores, parts.spellings(_first(scores)), table)
        write_scores(folder / "scores.csv", rows)
        summary = _summarise(config, parts, members, scores, table)
        summary |= {"scoring_seconds": seconds, "remarks": remarks}
        figures: dict[str, Path] = {}
        if validator:
            figures = validator.validate(
                summary, _first(scores), table, folder=folder, log=stream.log, terminal=terminal
            )
        stream.finish(summary, rows, figures | _write(folder, config, parts, summary, rows))
    terminal.show_leaderboard(summary, folder, stream.url or stream.folder)
    first = next(iter(summary["members"].values()))
    tau: float | None = first["correlation"]["all"]["kendall"]["value"] if table else None
    return tau


def _score(
    config: DictConfig, parts: Parts, members: Members, terminal: Terminal, log: Log
) -> tuple[dict[str, list[Score]], float]:
    """Ask, score with everyone, and tell the scores of the first with those of all as terms."""
    start = time.perf_counter()
    scores: dict[str, list[Score]] = {name: [] for name in members.proxies}
    with (
        open_panel(config, parts, members) as panel,
        terminal.progress("scoring", show_best=False) as progress,
    ):
        watcher = Watcher(progress, log, Live(rejected=parts.gate.rejected, comparable=False))
        while asked := parts.searcher.ask():
            progress.expect(len(set(asked)) * len(members.proxies))
            for name, told in panel.score(asked, watcher.on_score).items():
                scores[name] += told
            everything = combine(members, scores)
            latest = {name: found[-len(asked) :] for name, found in everything.items()}
            parts.searcher.tell(_with_members(latest))
        watcher.report()
    return combine(members, scores), time.perf_counter() - start


def _with_members(scores: Mapping[str, Sequence[Score]]) -> list[Score]:
    """Return the scores of the first member; terms are `<member>` and `<member>_<term>` of all.

    A member that failed has nan.
    """
    told = []
    for column in zip(*scores.values(), strict=True):
        terms = dict(column[0].terms)
        for name, score in zip(scores, column, strict=True):
            terms[name] = score.value
            terms |= {f"{name}_{term}": value for term, value in score.terms.items()}
        told.append(replace(column[0], terms=terms))
    return told


def _first(scores: Mapping[str, list[Score]]) -> list[Score]:
    return next(iter(scores.values()))


def _summarise(
    config: DictConfig,
    parts: Parts,
    members: Members,
    scores: Mapping[str, Sequence[Score]],
    table: Table | None,
) -> dict[str, Any]:
    genotypes = [score.genotype for score in next(iter(scores.values()))]
    descriptors = pd.DataFrame([parts.space.describe(genotype) for genotype in genotypes])
    different = len(set(genotypes))
    whole = isinstance(parts.space, Enumerable) and different == len(genotypes) == len(parts.space)
    made = [score for name in members.proxies for score in scores[name]]
    summary: dict[str, Any] = {
        **{group: parts.names[group] for group in GROUPS},
        "dataset": parts.dataset.name,
        "input": str(parts.dataset),
        "population": parts.searcher.population,
        "hardware": str(parts.hardware),
        "seed": config.seed,
        "architectures": len(genotypes),
        **results.count(made, []),
        "dead": int(descriptors["dead"].sum()),
        "rejected": dict(parts.gate.rejected),
        "members": {},
    }
    generators = np.random.default_rng(config.analysis.seed).spawn(len(scores))
    for (name, found), rng in zip(scores.items(), generators, strict=True):
        summary["members"][name] = _of_member(name, members, found)
        if table is not None:
            noisy = _is_noisy(name, members)
            summary["members"][name]["correlation"] = _judge(
                found, table, descriptors, whole=whole, noisy=noisy, config=config, rng=rng
            )
    if table is not None:
        summary["benchmark"] = {"name": table.name, "label": table.label}
        summary["leaderboard"] = leaderboard(summary["members"])
        judged = [member["correlation"]["all"] for member in summary["members"].values()]
        words = [results.interval_in_words(quality, parts.searcher) for quality in judged]
        summary["interval"] = "; ".join(dict.fromkeys(words))
    return summary


def _is_noisy(name: str, members: Members) -> bool:
    """Whether another seed gives other scores; of a combination, whether it does for a part."""
    if name in members.combined:
        return any(_is_noisy(part, members) for part in members.combined[name].members)
    return not isinstance(members.proxies[name], SymbolicProxy)


def _of_member(name: str, members: Members, scores: Sequence[Score]) -> dict[str, Any]:
    """What a member costs and where it failed."""
    live = [score.seconds for score in scores if score.seconds > 0]
    return {
        "kind": "combined" if name in members.combined else "measured",
        "seconds_per_network": float(np.median(live)) if live else None,
        "failed": sum(score.error is not None for score in scores),
        "failures": results.failures(scores),
    }


def _judge(
    scores: Sequence[Score],
    table: Table,
    descriptors: pd.DataFrame,
    *,
    whole: bool,
    noisy: bool,
    config: DictConfig,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Rank correlations and their company, over rows with a score and an accuracy."""
    accuracies = np.array([table.values.get(s.genotype, np.nan) for s in scores])
    joined = np.array([score.error is None for score in scores]) & ~np.isnan(accuracies)
    stderr = np.array([np.nan if s.stderr is None else s.stderr for s in scores])
    return populations(
        np.array([score.value for score in scores])[joined],
        accuracies[joined],
        {name: mask[joined] for name, mask in populations_of(descriptors).items()},
        stderr=stderr[joined],
        complete=whole and bool(joined.all()),
        noisy=noisy,
        draws=config.analysis.draws,
        rng=rng,
    )


def _write(
    folder: Path,
    config: DictConfig,
    parts: Parts,
    summary: Mapping[str, Any],
    rows: pd.DataFrame,
) -> dict[str, Path]:
    """Write the run's folder; return its figures by name."""
    written = OmegaConf.to_yaml(config, resolve=True)
    write_summary(folder / "summary.json", summary)
    write_text(folder / "config.yaml", written)
    overrides = HydraConfig.get().overrides.task
    page = comparison_page(summary, rows, written, parts.space, overrides=overrides)
    write_page(folder / "report.html", page)
    if "leaderboard" not in summary:
        return {}
    figure = folder / "figures" / "leaderboard.png"
    title = f"{summary['space']}: proxies against {summary['benchmark']['label']}"
    draw_leaderboard(figure, summary["leaderboard"], title=title)
    return {"leaderboard": figure}
