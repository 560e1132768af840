"""Every YAML option is what its target takes: no more, no less, and with the same defaults."""

import inspect
from pathlib import Path
from typing import Any

import pytest
from hydra.utils import get_object
from omegaconf import OmegaConf

from tests.conftest import CONF, compose

OPTIONS = sorted(
    path
    for path in CONF.glob("*/*.yaml")
    if path.parent.name not in ("experiment", "job") and "_target_" in path.read_text()
)
SUPPLIED_BY_THE_RUN = {"space", "admit", "known"}


def names(paths: list[Path]) -> list[str]:
    return [f"{path.parent.name}={path.stem}" for path in paths]


@pytest.mark.parametrize("path", OPTIONS, ids=names(OPTIONS))
def test_yaml_equals_the_signature_of_its_target(path: Path) -> None:
    written = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    target = get_object(written["_target_"])
    parameters = inspect.signature(target).parameters
    keys = {key for key in written if not key.startswith("_")}
    assert keys == set(parameters) - SUPPLIED_BY_THE_RUN
    for key in keys:
        assert agrees(written[key], parameters[key].default), f"{key}: {written[key]!r}"


def agrees(written: Any, default: Any) -> bool:
    """A default may be absent, made by a factory, or stand behind an interpolation or a target."""
    if repr(default) == "<factory>":
        return written == {}
    interpolated = isinstance(written, str) and "${" in written
    made = isinstance(written, dict) and "_target_" in written
    return default is inspect.Parameter.empty or interpolated or made or written == default


@pytest.mark.parametrize("path", OPTIONS, ids=names(OPTIONS))
def test_every_option_composes(path: Path) -> None:
    config = compose(f"{path.parent.name}={path.stem}")
    assert config[path.parent.name]._target_ == OmegaConf.load(path)._target_


def test_the_default_benchmark_follows_the_space() -> None:
    assert compose().hydra.runtime.choices.benchmark == "nb201"


def test_a_seed_reaches_scores_and_search_unless_they_have_their_own() -> None:
    config = compose("seed=7", "searcher.seed=3")
    assert (config.proxy.seed, config.searcher.seed, config.analysis.seed) == (7, 3, 7)
