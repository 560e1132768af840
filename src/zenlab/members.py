"""The proxies of a suite or of a combination: found by their option names, opened as one scorer."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf, open_dict

from zenlab.assembly import Parts, require_labels, score_identity
from zenlab.core import (
    Batch,
    CombinedProxy,
    Genotype,
    OnScore,
    Proxy,
    Score,
    SymbolicProxy,
)
from zenlab.proxies.suite import Suite
from zenlab.scoring.measure import Measurement
from zenlab.scoring.scorer import StoredScorer, SymbolicScorer, open_stored_scorer


@dataclass(frozen=True)
class Members:
    """What is scored, in order: proxies that measure, with their YAML, and combinations of them.

    `shown` are the names that were asked for; the others are there for combinations only.
    """

    proxies: Mapping[str, Proxy]
    written: Mapping[str, dict[str, Any]]
    combined: Mapping[str, CombinedProxy]
    shown: Sequence[str]


def find_members(config: DictConfig, parts: Parts) -> Members:
    """Make the members of the run's suite or combination; a single proxy is a suite of one.

    Raises:
        ValueError: a name is no option of conf/proxy, or stands for another suite; settings are
            for a proxy that isn't there; a proxy needs labels and there are none.
    """
    proxy = parts.proxy
    proxies: dict[str, Proxy] = {}
    written: dict[str, dict[str, Any]] = {}
    combined: dict[str, CombinedProxy] = {}
    settings: Mapping[str, Mapping[str, Any]] = {}
    if isinstance(proxy, Suite):
        shown, settings = list(proxy.members), proxy.settings
        waiting = list(shown)
    elif isinstance(proxy, CombinedProxy):
        shown, waiting = [parts.names["proxy"]], list(proxy.members)
        combined[shown[0]] = proxy
    else:
        shown, waiting = [parts.names["proxy"]], []
        proxies[shown[0]] = proxy
        written[shown[0]] = OmegaConf.to_container(config.proxy, resolve=True)  # type: ignore[assignment]
    while waiting:
        name = waiting.pop(0)
        if name in proxies or name in combined:
            continue
        node = _option(config, name, settings.get(name, {}))
        try:
            made = instantiate(node, _convert_="all")
        except InstantiationException as error:
            raise ValueError(f"{name} (proxy.settings.{name}): {error.__cause__}") from error
        if isinstance(made, Suite):
            raise ValueError(f"proxy.members names {name}, which is a suite; name its members")
        if isinstance(made, CombinedProxy):
            combined[name] = made
            waiting += made.members
        else:
            require_labels(name, made, parts.dataset)
            proxies[name], written[name] = made, OmegaConf.to_container(node, resolve=True)  # type: ignore[assignment]
    _refuse_idle_settings(set(settings) - set(proxies) - set(combined))
    for name in combined:
        _refuse_circles(name, combined, ())
    return Members(proxies, written, combined, shown)


def _refuse_idle_settings(names: set[str]) -> None:
    """Refuse settings of no member; an experiment's file may have them for those it would take."""
    written = " ".join(HydraConfig.get().overrides.task)
    for name in sorted(names):
        _file(name)
        if f"proxy.settings.{name}" in written:
            raise ValueError(f"proxy.settings has {name}, which is not among the members")


def _refuse_circles(
    name: str, combined: Mapping[str, CombinedProxy], above: tuple[str, ...]
) -> None:
    if name in above:
        raise ValueError(f"proxy {name} is made of itself: {' of '.join([*above, name])}")
    for part in combined[name].members if name in combined else ():
        _refuse_circles(part, combined, (*above, name))


def _option(config: DictConfig, name: str, settings: Mapping[str, Any]) -> DictConfig:
    """Return the YAML of an option as if it were this run's proxy, with some parameters changed."""
    here = config.copy()
    OmegaConf.set_struct(here, False)
    here.proxy = OmegaConf.load(_file(name))
    OmegaConf.set_struct(here, True)
    for key, value in settings.items():
        if key not in here.proxy:
            known = ", ".join(str(k) for k in here.proxy if not str(k).startswith("_"))
            raise ValueError(f"proxy.settings.{name} has {key}; {name} has {known}")
        with open_dict(here):
            here.proxy[key] = value
    chosen: DictConfig = here.proxy
    return chosen


def _file(name: str) -> Path:
    folders = [
        Path(source.path) / "proxy"
        for source in HydraConfig.get().runtime.config_sources
        if source.schema == "file"
    ]
    for folder in folders:
        if (folder / f"{name}.yaml").is_file():
            return folder / f"{name}.yaml"
    options = sorted({path.stem for folder in folders for path in folder.glob("*.yaml")})
    raise ValueError(f"there is no proxy {name}; the options are {', '.join(options)}")


class PanelScorer:
    """Scores architectures with all members that measure, symbolic ones first."""

    def __init__(
        self, members: Members, symbolic: Mapping[str, SymbolicScorer], stored: StoredScorer
    ) -> None:
        self._members = members
        self._symbolic = symbolic
        self._stored = stored

    def score(self, genotypes: Sequence[Genotype], on_score: OnScore) -> dict[str, list[Score]]:
        """Return, for each member that measures, one score for each of `genotypes`."""
        scores = {
            name: scorer.score(genotypes, on_score) for name, scorer in self._symbolic.items()
        }
        scores |= self._stored.score_all(genotypes, on_score)
        return {name: scores[name] for name in self._members.proxies}


@contextmanager
def open_panel(
    config: DictConfig,
    parts: Parts,
    members: Members,
    *,
    batch_seeds: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[PanelScorer]:
    """Open what scores architectures with all members.

    `batch_seeds` gives members batches of another seed than their own.
    """
    measurements: dict[str, Measurement] = {}
    identities = {}
    symbolic = {}
    batches: dict[tuple[int, int], Batch] = {}
    for name, proxy in members.proxies.items():
        if isinstance(proxy, SymbolicProxy):
            symbolic[name] = SymbolicScorer(parts.space, proxy)
            continue
        key = proxy.batch_size, batch_seeds.get(name, proxy.seed)
        if key not in batches:
            try:
                batches[key] = parts.dataset.batch(proxy.batch_size, seed=key[1])
            except ValueError as error:
                raise ValueError(f"{name} (proxy.settings.{name}): {error}") from error
        measurements[name] = Measurement(parts.space, proxy, batches[key])
        identities[name] = score_identity(config, parts, proxy, members.written[name])
        if key[1] != proxy.seed:
            identities[name]["batch_seed"] = key[1]
    store = Path(config.home).expanduser() / "scores.sqlite"
    with open_stored_scorer(measurements, parts.hardware.devices, store, identities) as stored:
        yield PanelScorer(members, symbolic, stored)


def combine(members: Members, scores: Mapping[str, Sequence[Score]]) -> dict[str, list[Score]]:
    """Return all scores with those of the combinations, in the order asked for.

    An architecture that one part of a combination failed on is left out of its pool, with the
    reason. A combination costs what its parts do.
    """
    everything = {name: list(scores[name]) for name in scores}

    def made(name: str) -> list[Score]:
        if name not in everything:
            rule = members.combined[name]
            everything[name] = _combined(rule, {part: made(part) for part in rule.members})
        return everything[name]

    for name in members.combined:
        made(name)
    return {name: everything[name] for name in [*members.shown, *everything]}


def _combined(rule: CombinedProxy, parts: Mapping[str, Sequence[Score]]) -> list[Score]:
    values = {name: np.array([score.value for score in scores]) for name, scores in parts.items()}
    whole = ~np.isnan(np.array(list(values.values()))).any(0)
    combined = np.full(len(whole), np.nan)
    if whole.any():
        combined[whole] = rule.combine({name: found[whole] for name, found in values.items()})
    made = []
    for place, column in enumerate(zip(*parts.values(), strict=True)):
        errors = [f"{n}: {s.error}" for n, s in zip(parts, column, strict=True) if s.error]
        made.append(
            Score(
                column[0].genotype,
                float(combined[place]),
                seconds=sum(score.seconds for score in column),
                error="; ".join(errors) or None,
            )
        )
    return made
