"""Populations for a claim: each an ordinary run of the job's proxy on a space of the claim's."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import MissingConfigException
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import DictConfig, open_dict

from zenlab.abilities import Partitioned
from zenlab.assembly import Parts, Scorers, assemble, choices
from zenlab.core import CombinedProxy, Genotype, Score, Space, SymbolicProxy, Table
from zenlab.hypotheses.claim import Source
from zenlab.hypotheses.population import FEWEST, Population
from zenlab.options import config_folder
from zenlab.proxies.suite import Suite
from zenlab.report.terminal import Terminal
from zenlab.stage import Accuracies, Log, Watcher
from zenlab.tracking.live import Live

_OWN = ("space", "dataset", "benchmark", "searcher", "constraint", "validation")
"""Groups that a source decides itself; all else is the job's."""


def populate(
    config: DictConfig,
    name: str,
    source: Source,
    terminal: Terminal,
    log: Log,
    *,
    sampled: bool = False,
) -> Population:
    """Score the networks of a source with the job's proxy and join their accuracies.

    `sampled` takes the sample of the source also for a proxy by formula.

    Raises:
        ValueError: the source can't be composed, has no accuracies, or too few of them.
    """
    own = compose_source(config, source, sampled=sampled)
    accuracies = Accuracies(own, terminal)
    parts = assemble(own, accuracies.known)
    if isinstance(parts.proxy, Suite | CombinedProxy):
        raise ValueError("a hypothesis is tested with one proxy; use a sweep: -m proxy=zen,naswot")
    if accuracies.table is None:
        raise ValueError(f"{name}: {'; '.join(accuracies.remarks)}")
    terminal.say(f"{name}: {parts.searcher.population} of {_names(source)}")
    for remark in accuracies.remarks:
        terminal.say(remark)
    scores: list[Score] = []
    with Scorers(own, parts) as scorers, terminal.progress(name) as progress:
        watcher = Watcher(progress, log, Live(table=accuracies.table, searcher=parts.searcher))
        while asked := parts.searcher.ask():
            progress.expect(len(set(asked)))
            told = scorers.score(asked, watcher.on_score)
            parts.searcher.tell(told)
            scores += told
    return _joined(name, parts, scores, accuracies.table)


def compose_source(config: DictConfig, source: Source, *, sampled: bool = False) -> DictConfig:
    """Return the config of a run on a source, with the proxy and all settings of the job's.

    Raises:
        ValueError: an override isn't one.
    """
    searcher = ["searcher=exhaustive", f"searcher.where={source.where or 'null'}"]
    if source.sample is not None and (sampled or not _is_symbolic(config)):
        searcher = ["searcher=random", f"searcher.budget={source.sample}", searcher[1]]
    return _composed(config, [*searcher, *source.overrides], own=_OWN)


def compose_like(config: DictConfig, overrides: Sequence[str]) -> DictConfig:
    """Return the job's config on another space, dataset and benchmark; the searcher stays."""
    return _composed(config, overrides, own=tuple(set(_OWN) - {"searcher", "constraint"}))


def _composed(config: DictConfig, overrides: Sequence[str], own: Sequence[str]) -> DictConfig:
    """Compose overrides anew and keep of the job's config what isn't among the groups `own`."""
    with _hydra():
        composed = compose("config", [f"proxy={choices()['proxy']}", *overrides])
    with open_dict(composed):
        for key, node in config.copy().items_ex(resolve=False):
            if key not in (*own, "hypothesis", "job"):
                composed[key] = node
    return composed


def compose_option(group: str, name: str) -> DictConfig:
    """Return an option of a group as Hydra composes it.

    Raises:
        ValueError: there is no such option.
    """
    try:
        with _hydra():
            composed = compose("config", [f"{group}={name}"])
    except MissingConfigException as error:
        raise ValueError(f"there is no {group}={name}") from error
    option: DictConfig = composed[group]
    return option


def _is_symbolic(config: DictConfig) -> bool:
    return isinstance(instantiate(config.proxy, _convert_="all"), SymbolicProxy)


@contextmanager
def _hydra() -> Iterator[None]:
    """Compose with the search path of this run, or with zenlab's own options outside of one."""
    if GlobalHydra.instance().is_initialized():
        yield
        return
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        yield


def _names(source: Source) -> str:
    return " ".join(source.overrides)


def _joined(name: str, parts: Parts, scores: list[Score], table: Table) -> Population:
    """Keep each architecture once that has a score and an accuracy.

    Raises:
        ValueError: too few have both; says why scores failed.
    """
    known = {
        score.genotype: score
        for score in scores
        if score.error is None and score.genotype in table.values
    }
    space = parts.space
    failed = {score.genotype: str(score.error) for score in scores if score.error is not None}
    drawn = f"{len(known):,} of {parts.searcher.population}"
    if failed:
        drawn += f"; {len(failed):,} scores failed, such as: {next(iter(failed.values()))}"
    if len(known) < FEWEST and failed:
        raise ValueError(f"{name}: {drawn}; wanted at least {FEWEST} scores with an accuracy")
    terms = pd.DataFrame([dict(score.terms) for score in known.values()])
    described = pd.DataFrame([space.describe(genotype) for genotype in known])
    return Population(
        name,
        space,
        tuple(known),
        np.array([score.value for score in known.values()], dtype=float),
        np.array([table.values[genotype] for genotype in known], dtype=float),
        described,
        terms,
        table.values,
        table.label,
        drawn,
        float(np.mean([score.seconds for score in known.values()])) if known else 0.0,
        _groups(space, tuple(known)),
    )


def _groups(space: Space, genotypes: Sequence[Genotype]) -> NDArray[np.intp]:
    """Number the networks (n,): one number for all spellings of the same one."""
    name_of = space.representative if isinstance(space, Partitioned) else space.canonical
    return np.unique([name_of(genotype) for genotype in genotypes], return_inverse=True)[1]
