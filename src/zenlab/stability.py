"""The story of stability: how far a proxy agrees with itself under other seeds, batches and costs.

A ranking that another seed turns over can't be trusted, whatever its correlation with accuracy; no
proxy's paper says how much of it is left.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from zenlab.abilities import Refining
from zenlab.analysis.agreement import agreement
from zenlab.assembly import GROUPS, Parts, assemble
from zenlab.checks import require_whole
from zenlab.core import Genotype, NetworkProxy, Proxy, Score
from zenlab.members import Members, find_members, open_panel
from zenlab.report import results
from zenlab.report.files import write_scores, write_summary, write_text
from zenlab.report.terminal import Terminal
from zenlab.stage import Log, Watcher, streamed
from zenlab.tracking.live import Live

_COSTS = ("batch_size", "repeats")
_PLURAL = {"seed": "seeds", "batch": "batches"}


@dataclass(frozen=True)
class Variation:
    """A proxy in one setting: what is changed, to what, and which seeds of weights and batch."""

    proxy: str
    changed: str
    value: int
    seed: int
    batch_seed: int

    def __str__(self) -> str:
        """Name it as a column of `scores.csv`."""
        words = f"{self.proxy}, {self.changed} {self.value}"
        return words if self.changed == "seed" else f"{words}, seed {self.seed}"


def stability(config: DictConfig) -> None:
    """Score the same architectures again and again, and say how far the rankings agree.

    Between seeds: weights and batch anew. Between batches: the same weights, other batches. At a
    cost: each batch size and number of repeats, between seeds.

    Raises:
        ValueError: something in `config` can't be used; says what.
    """
    terminal = Terminal()
    parts = assemble(config)
    terminal.say(f"zenlab: stability of {parts}")
    require_whole("stability.seeds", config.stability.seeds, least=2)
    if isinstance(parts.searcher, Refining):
        raise ValueError(
            "stability draws again by itself; use searcher=random, exhaustive or listed"
        )
    members = find_members(config, parts)
    plan = [
        variation
        for name, proxy in members.proxies.items()
        if isinstance(proxy, NetworkProxy)
        for variation in _variations(name, proxy, config)
    ]
    if not plan:
        raise ValueError(
            f"stability is measured on random proxies; {', '.join(members.proxies)} give the same "
            f"scores whatever the seed"
        )
    random = {variation.proxy for variation in plan}
    for name in [*members.proxies, *members.combined]:
        if name not in random:
            what = "a combination" if name in members.combined else "computed by formula"
            terminal.say(f"{name} is {what}: left out")
    asked = list(dict.fromkeys(_ask(parts)))
    folder = Path(HydraConfig.get().runtime.output_dir)
    with streamed(config, folder) as stream:
        scores = _score(config, parts, members, plan, asked, terminal, stream.log)
        summary, table = _write(folder, config, parts, scores, terminal)
        stream.finish(summary, table, {})
    terminal.say_tracked(stream.url or stream.folder)


def _ask(parts: Parts) -> list[Genotype]:
    asked: list[Genotype] = []
    while batch := parts.searcher.ask():
        parts.searcher.tell([Score(genotype, 0.0) for genotype in batch])
        asked += batch
    return asked


def _variations(name: str, proxy: NetworkProxy, config: DictConfig) -> Iterator[Variation]:
    """Yield seeds, then batches, then each cost under as many seeds."""
    seeds = range(config.stability.seeds)
    for seed in seeds:
        yield Variation(name, "seed", seed, seed, seed)
    for batch in seeds[1:]:
        yield Variation(name, "batch", batch, 0, batch)
    for cost in _COSTS:
        if cost in vars(proxy):
            for value in config.stability[cost]:
                for seed in seeds:
                    yield Variation(name, cost, value, seed, seed)


def _score(
    config: DictConfig,
    parts: Parts,
    members: Members,
    plan: Sequence[Variation],
    asked: Sequence[Genotype],
    terminal: Terminal,
    log: Log,
) -> dict[Variation, list[Score]]:
    """Score with every variation as if each were a member of one suite."""
    varied = Members(
        {str(v): _changed(members.proxies[v.proxy], v) for v in plan},
        {str(v): members.written[v.proxy] for v in plan},
        {},
        [],
    )
    batch_seeds = {str(v): v.batch_seed for v in plan}
    with (
        open_panel(config, parts, varied, batch_seeds=batch_seeds) as panel,
        terminal.progress("scoring", show_best=False) as progress,
    ):
        watcher = Watcher(progress, log, Live(comparable=False))
        progress.expect(len(set(asked)) * len(plan))
        found = panel.score(asked, watcher.on_score)
        watcher.report()
    return {variation: found[str(variation)] for variation in plan}


def _changed(proxy: Proxy, variation: Variation) -> Proxy:
    changes: dict[str, Any] = {"seed": variation.seed}
    if variation.changed in _COSTS:
        changes[variation.changed] = variation.value
    return replace(proxy, **changes)  # type: ignore[type-var]


def _rows(config: DictConfig, scores: Mapping[Variation, Sequence[Score]]) -> list[dict[str, Any]]:
    """For each proxy one row for seeds, one for batches, and one for each cost."""
    rng = np.random.default_rng(config.analysis.seed)
    groups: dict[tuple[str, str], list[Variation]] = {}
    for v in scores:
        what = f"{v.changed}={v.value}" if v.changed in _COSTS else _PLURAL[v.changed]
        groups.setdefault((v.proxy, what), []).append(v)
        if v.changed == "seed" and v.seed == 0:  # the batches' first ranking, too
            groups.setdefault((v.proxy, _PLURAL["batch"]), []).append(v)
    rows = []
    for (name, what), variations in groups.items():
        rankings = [np.array([score.value for score in scores[v]]) for v in variations]
        made = agreement(rankings, draws=config.analysis.draws, rng=rng)
        everything = [score for v in variations for score in scores[v]]
        seconds = [score.seconds for score in everything if score.seconds > 0]
        rows.append(
            {
                "proxy": name,
                "between": what,
                **asdict(made),
                "failed": sum(score.error is not None for score in everything),
                "seconds_per_network": float(np.median(seconds)) if seconds else None,
            }
        )
    return rows


def _write(
    folder: Path,
    config: DictConfig,
    parts: Parts,
    scores: Mapping[Variation, Sequence[Score]],
    terminal: Terminal,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Write and show the result; return the summary and the table of scores."""
    rows = _rows(config, scores)
    genotypes = [score.genotype for score in next(iter(scores.values()))]
    columns = {str(v): [score.value for score in found] for v, found in scores.items()}
    table = pd.DataFrame({"genotype": genotypes, **columns})
    write_scores(folder / "scores.csv", table)
    write_scores(folder / "stability.csv", pd.DataFrame(rows))
    summary = {
        **{group: parts.names[group] for group in GROUPS},
        "input": str(parts.dataset),
        "population": parts.searcher.population,
        "architectures": len(genotypes),
        "stability": rows,
    }
    write_summary(folder / "summary.json", summary)
    write_text(folder / "config.yaml", OmegaConf.to_yaml(config, resolve=True))
    terminal.show_stability(rows, folder)
    for name in dict.fromkeys(v.proxy for v in scores):
        found = [score for v, made in scores.items() if v.proxy == name for score in made]
        for failure in results.failures(found):
            terminal.say(f"{name}: {failure}")
    return summary, table
