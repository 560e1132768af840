"""The story of leaderboards: the same proxies over several spaces with real tables."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from zenlab.analysis.quality import rank_quality
from zenlab.assembly import Parts, assemble
from zenlab.core import Score, SymbolicProxy, Table
from zenlab.members import Members, combine, find_members, open_panel
from zenlab.populating import compose_like
from zenlab.report.board_page import board_page
from zenlab.report.boards import draw_boards
from zenlab.report.files import write_scores, write_summary, write_text
from zenlab.report.page import write_page
from zenlab.report.terminal import Terminal
from zenlab.stage import Accuracies, Log, Watcher, streamed
from zenlab.tracking.live import Live


def leaderboards(config: DictConfig) -> None:
    """Score a sample of each board's space with all proxies; write a table, a heat map and a page.

    Every score is kept at once, so the same command goes on after a kill.

    Raises:
        ValueError: there is no board, or not one has accuracies; says why.
    """
    terminal = Terminal()
    if not config.get("boards"):
        raise ValueError(
            "boards is empty; name a space with a table, as experiment=leaderboard does"
        )
    folder = Path(HydraConfig.get().runtime.output_dir)
    rows: list[dict[str, Any]] = []
    failures: dict[str, str] = {}
    with streamed(config, folder) as stream:
        for board, overrides in config.boards.items():
            try:
                rows += _board(config, str(board), list(overrides), terminal, stream.log)
            except ValueError as error:
                failures[str(board)] = str(error)
                terminal.say(f"{board} is left out: {error}")
        if not rows:
            raise ValueError("; ".join(failures.values()))
        table = pd.DataFrame(rows)
        summary = {"boards": rows, "failures": failures, "seed": config.seed}
        write_scores(folder / "leaderboard.csv", table)
        write_summary(folder / "summary.json", summary)
        written = OmegaConf.to_yaml(config, resolve=True)
        write_text(folder / "config.yaml", written)
        page = board_page(summary, written, overrides=HydraConfig.get().overrides.task)
        write_page(folder / "report.html", page)
        figure = folder / "figures" / "leaderboard.png"
        draw_boards(figure, rows)
        stream.finish(summary, table, {"leaderboard": figure})
    terminal.show_boards(rows)
    terminal.say(f"written to {folder}: report.html, leaderboard.csv, summary.json, figures/")
    terminal.say_tracked(stream.url or stream.folder)


def _board(
    config: DictConfig, board: str, overrides: list[str], terminal: Terminal, log: Log
) -> list[dict[str, Any]]:
    """Return a row for each proxy on one board."""
    own = compose_like(config, overrides)
    accuracies = Accuracies(own, terminal)
    parts = assemble(own, accuracies.known)
    if accuracies.table is None:
        raise ValueError("; ".join(accuracies.remarks))
    terminal.say(f"{board}: {accuracies.table.label}, {parts.searcher.population}")
    members = find_members(own, parts)
    scores = _score(own, parts, members, board, terminal, log)
    rng = np.random.default_rng(config.analysis.seed)
    return [
        _row(board, name, found, members, accuracies.table, config.analysis.draws, rng)
        for name, found in scores.items()
        if name in members.shown
    ]


def _score(
    config: DictConfig,
    parts: Parts,
    members: Members,
    board: str,
    terminal: Terminal,
    log: Log,
) -> Mapping[str, Sequence[Score]]:
    scores: dict[str, list[Score]] = {name: [] for name in members.proxies}
    with (
        open_panel(config, parts, members) as panel,
        terminal.progress(board, show_best=False) as progress,
    ):
        watcher = Watcher(progress, log, Live(comparable=False))
        while asked := parts.searcher.ask():
            progress.expect(len(set(asked)) * len(members.proxies))
            found = panel.score(asked, watcher.on_score)
            for name, told in found.items():
                scores[name] += told
            parts.searcher.tell(next(iter(found.values())))
    return combine(members, scores)


def _row(
    board: str,
    name: str,
    scores: Sequence[Score],
    members: Members,
    table: Table,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Judge the scores of one proxy that have an accuracy."""
    known = [s for s in scores if s.error is None and s.genotype in table.values]
    noisy = name not in members.proxies or not isinstance(members.proxies[name], SymbolicProxy)
    found = rank_quality(
        np.array([score.value for score in known]),
        np.array([table.values[score.genotype] for score in known]),
        complete=False,
        noisy=noisy,
        draws=draws,
        rng=rng,
    )
    paid = [score.seconds for score in scores if score.seconds > 0]
    return {
        "board": board,
        "proxy": name,
        "measured": table.label,
        "n": len(known),
        "failed": sum(score.error is not None for score in scores),
        **_with_bounds("kendall", found["kendall"]),
        **_with_bounds("spearman", found["spearman"]),
        "top_10%_precision": found["top_precision"]["10%"]["value"],
        "seconds_per_network": float(np.median(paid)) if paid else None,
    }


def _with_bounds(name: str, found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
