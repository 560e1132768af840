"""The parts of a run, made from its config and introduced to each other."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from types import TracebackType
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from zenlab.abilities import Refining, Weighing
from zenlab.benchmarks.hw_nas_bench import HardwareBenchmark
from zenlab.checks import require_whole
from zenlab.constraints.limits import Gate, Latency, Limits
from zenlab.constraints.timer import Timer
from zenlab.core import (
    CombinedProxy,
    Genotype,
    OnScore,
    Proxy,
    Score,
    Searcher,
    Space,
    SymbolicProxy,
)
from zenlab.datasets.dataset import Dataset
from zenlab.hardware.devices import Hardware
from zenlab.proxies.suite import Suite
from zenlab.scoring.measure import Measurement
from zenlab.scoring.revision import revision_of
from zenlab.scoring.scorer import Scorer, SymbolicScorer, open_stored_scorer

GROUPS = ("space", "proxy", "searcher", "dataset")


@dataclass(frozen=True)
class Parts:
    """What a run is composed of, with the name of each option chosen."""

    names: Mapping[str, str]
    space: Space
    dataset: Dataset
    proxy: Proxy | Suite | CombinedProxy
    searcher: Searcher
    gate: Gate
    hardware: Hardware

    def __str__(self) -> str:
        """Say what is run, in one line."""
        words = ", ".join(f"{group} {self.names[group]}" for group in GROUPS[:-1])
        return f"{words}, dataset {self.dataset}, on {self.hardware}"

    @property
    def single(self) -> Proxy:
        """The proxy of a run that has one.

        Raises:
            RuntimeError: it has several, which `zenlab.comparison` scores.
        """
        if isinstance(self.proxy, Suite | CombinedProxy):
            raise RuntimeError("a suite or combination has no scores of its own")
        return self.proxy

    def spellings(self, scores: Sequence[Score]) -> list[str]:
        """Return each genotype as the searcher's file spells it, else as the space does."""
        given = getattr(self.searcher, "spellings", None)
        return list(given) if given else [score.genotype for score in scores]


Known = Callable[[Space, str], Sequence[Genotype] | None]
"""Returns the architectures of a space that have an accuracy on a dataset, None where all have."""


def assemble(config: DictConfig, known: Known | None = None) -> Parts:
    """Make the parts that `config` describes; `known` may narrow what the searcher draws from.

    Raises:
        ValueError: one of them can't be made; says which parameter is wrong.
    """
    if not OmegaConf.is_dict(config.analysis):
        raise ValueError(f"analysis is {config.analysis!r}; set analysis.draws or analysis.seed")
    require_whole("analysis.draws", config.analysis.draws, least=2)
    require_whole("analysis.seed", config.analysis.seed, least=0)
    space = instantiate(config.space, _convert_="all")
    dataset = instantiate(config.dataset, _convert_="all")
    proxy = instantiate(config.proxy, _convert_="all")
    require_labels(choices()["proxy"], proxy, dataset)
    classes = getattr(space, "num_classes", dataset.num_classes)
    if classes < dataset.num_classes:
        raise ValueError(
            f"space.num_classes is {classes}, but {dataset.name} has {dataset.num_classes} classes"
        )
    limits = instantiate(config.constraint, _convert_="all")
    gate = Gate(limits, space, _latency(config, limits, space, dataset))
    searcher = _searcher(config, space, gate, known(space, dataset.name) if known else None)
    _require_device(searcher, limits)
    return Parts(
        names=choices(),
        space=space,
        dataset=dataset,
        proxy=proxy,
        searcher=searcher,
        gate=gate,
        hardware=instantiate(config.hardware, _convert_="all"),
    )


def _searcher(
    config: DictConfig, space: Space, gate: Gate, known: Sequence[Genotype] | None
) -> Searcher:
    """Make the searcher; one that can draw from a list is given what the benchmark knows."""
    make = instantiate(config.searcher, _convert_="all")
    more = {"known": known} if "known" in signature(make).parameters else {}
    searcher: Searcher = make(space, admit=gate.admit, **more)
    return searcher


def _latency(config: DictConfig, limits: Limits, space: Space, dataset: Dataset) -> Latency | None:
    """Return what knows latencies on the device of the constraint; None where none is named."""
    if limits.device is None:
        return None
    if limits.device == "here":
        return Timer(space, channels=dataset.channels, image_size=dataset.image_size)
    table = HardwareBenchmark(config.home, limits.device, config.data).load(space, dataset.name)
    return table.values.get


def _require_device(searcher: Searcher, limits: Limits) -> None:
    """See that a searcher that weighs latency has a device to measure it on."""
    weighs_latency = isinstance(searcher, Weighing) and searcher.objective == "latency_ms"
    if weighs_latency and limits.device is None:
        raise ValueError(
            "searcher.objective is latency_ms, but on which device? set constraint.device to here, "
            "or to a device of a table"
        )


def require_labels(name: str, proxy: object, dataset: Dataset) -> None:
    """See that a proxy that reads labels gets some, be they synthetic.

    Raises:
        ValueError: it is shown real images that have none.
    """
    needs = getattr(proxy, "needs_labels", False)
    if needs and dataset.input == "images" and not dataset.labelled:
        raise ValueError(
            f"proxy {name} reads labels, and {dataset.name} has none; set dataset.labels, or "
            f"dataset.input=noise for synthetic ones"
        )


def choices() -> dict[str, str]:
    """Return the option chosen in each config group of this run."""
    return {str(group): str(name) for group, name in HydraConfig.get().runtime.choices.items()}


class Scorers:
    """Scores what the searcher of a run asks; opens a scorer when it is needed, and keeps it open.

    Use it as a context manager.
    """

    def __init__(self, config: DictConfig, parts: Parts) -> None:
        self._config = config
        self._parts = parts
        searcher = parts.searcher
        self._refining = searcher if isinstance(searcher, Refining) else None
        self._draws: range | None = None
        self._scorer: Scorer | None = None
        self._opened = ExitStack()

    def __enter__(self) -> "Scorers":
        """Open nothing yet."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close what is open."""
        self._opened.close()

    def score(self, genotypes: Sequence[Genotype], on_score: OnScore) -> list[Score]:
        """Return one score for each of `genotypes`, of those draws that the searcher wants now.

        Raises:
            ValueError: the searcher wants draws of a proxy that doesn't number them.
        """
        draws = self._refining.draws if self._refining else None
        if self._scorer is None or draws != self._draws:
            self._opened.close()
            proxy = self._parts.single if draws is None else _for_draws(self._parts.single, draws)
            scorer = open_scorer(self._config, self._parts, proxy)
            self._scorer, self._draws = self._opened.enter_context(scorer), draws
        return self._scorer.score(genotypes, on_score)


def _for_draws(proxy: Proxy, draws: range) -> Proxy:
    fields = set(vars(proxy))
    if not {"first_draw", "repeats", "tolerance"} <= fields:
        raise ValueError(
            "this searcher wants more and more draws of a random proxy; use it with proxy=zen"
        )
    if getattr(proxy, "statistics", None) == "carried":
        raise ValueError(
            "this searcher wants independent draws, and proxy.statistics=carried makes draws that "
            "depend on each other; use proxy.statistics=fresh"
        )
    changes = {"first_draw": draws.start, "repeats": len(draws), "tolerance": None}
    return replace(proxy, **changes)  # type: ignore[type-var]


@contextmanager
def open_scorer(config: DictConfig, parts: Parts, proxy: Proxy) -> Iterator[Scorer]:
    """Open what scores architectures with a proxy in the place of the run's own."""
    if isinstance(proxy, SymbolicProxy):
        yield SymbolicScorer(parts.space, proxy)
        return
    batch = parts.dataset.batch(proxy.batch_size, seed=proxy.seed)
    measurement = Measurement(parts.space, proxy, batch)
    store = Path(config.home).expanduser() / "scores.sqlite"
    written: Any = OmegaConf.to_container(config.proxy, resolve=True)
    identity = score_identity(config, parts, proxy, written)
    with open_stored_scorer(
        {"score": measurement}, parts.hardware.devices, store, {"score": identity}
    ) as scorer:
        yield scorer


def score_identity(
    config: DictConfig, parts: Parts, proxy: Proxy, written: Mapping[str, Any]
) -> dict[str, Any]:
    """Return everything that decides a score besides the genotype, ready for JSON.

    `written` is the YAML of the proxy.
    """
    code = (type(parts.space), type(proxy), type(parts.dataset), Measurement)
    sources = getattr(parts.space, "sources", ())  # somebody's network: their code decides, too
    return {
        "space": OmegaConf.to_container(config.space, resolve=True),
        "proxy": _as_it_is(written, proxy),
        "input": parts.dataset.seen(),
        "dtype": "float32",
        "device": parts.hardware.kind,
        "revision": revision_of({*(part.__module__ for part in code), *sources}),
    }


def _as_it_is(written: Mapping[str, Any], proxy: Proxy) -> dict[str, Any]:
    """The YAML of a proxy, with what has been changed since it was made of it."""
    return {key: getattr(proxy, key, value) for key, value in written.items()}
