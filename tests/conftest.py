"""What all tests share: a clean home for scores, the real tables, runs in this process."""

import json
import os

# Golden values of gradients were measured with AVX2 kernels; wider ones differ by 1e-3 (float32).
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX2")

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
import pandas as pd
import pytest
import torch
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, open_dict

_VARIABLES = (
    "NB201_PATH",
    "ZENLAB_DATA",
    "WANDB_MODE",
    "WANDB_API_KEY",
    "WANDB_PROJECT",
    "WANDB_ENTITY",
    "WANDB_BASE_URL",
)
_REAL_TABLES = os.environ.get("ZENLAB_DATA")  # before a test's environment is cleaned
CONF = Path(__file__).parents[1] / "conf"


torch.set_num_threads(1)  # several test processes share the cores


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the keys, tables or scores of whoever runs it, nor other tests' randomness."""
    torch.manual_seed(0)
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZENLAB_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def real_tables() -> Path:
    """The folder of the real tables."""
    folder = _REAL_TABLES
    if not folder:
        pytest.skip("the real tables are needed: set ZENLAB_DATA to their folder")
    return Path(folder).resolve()


def compose(*overrides: str) -> DictConfig:
    """Compose a config as the command line would."""
    with hydra.initialize_config_dir(str(CONF), version_base="1.3"):
        return hydra.compose("config", list(overrides), return_hydra_config=True)


class Outcome:
    """A finished run: what it returned and the files that it left."""

    def __init__(self, returned: Any, folder: Path) -> None:
        self.returned = returned
        self.folder = folder
        self.summary = json.loads((folder / "summary.json").read_text(), parse_constant=_refuse)
        self.scores = pd.read_csv(folder / "scores.csv")


@pytest.fixture
def run_zenlab(tmp_path: Path) -> Callable[..., Outcome]:
    """Run zenlab in this process, with tracking off unless asked for."""
    from zenlab.run import run

    def run_with(*overrides: str, folder: str = "run") -> Outcome:
        output = tmp_path / folder
        output.mkdir(exist_ok=True)
        tracking = [] if any(o.startswith("tracking") for o in overrides) else ["tracking=none"]
        config = compose(*tracking, *overrides)
        with open_dict(config):
            config.hydra.runtime.output_dir = str(output)
            HydraConfig.instance().set_config(config)
            del config["hydra"]
        return Outcome(run(config), output)

    return run_with


def _refuse(constant: str) -> None:
    raise AssertionError(f"summary.json is not strict JSON: it holds {constant}")
