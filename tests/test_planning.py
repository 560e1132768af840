"""Plans: more networks decide more often, and the number asked for reaches the power."""

import json
from pathlib import Path

import numpy as np
import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import open_dict

from tests.conftest import compose
from tests.test_laboratory import own_claim
from tests.tracking.conftest import read_back
from zenlab.hypotheses.part import Part
from zenlab.planning import decided_share, plan_claim

PARTS = [Part("one", 0.2, 0.0, 0.4, 100, 0.1)]


def test_more_networks_decide_more_often() -> None:
    rng = np.random.default_rng(0)
    shares = [decided_share(PARTS, n, simulations=400, rng=rng) for n in (50, 100, 400, 1600)]
    assert shares == sorted(shares)
    assert shares[-1] > 0.95


def test_the_share_is_that_of_a_normal_effect() -> None:
    """Supported needs effect - reach > 0 and effect >= 0.1; with 100 networks reach is 0.2."""
    share = decided_share(PARTS, 100, simulations=4000, rng=np.random.default_rng(1))
    assert share == pytest.approx(0.5, abs=0.03)


def test_a_plan_is_a_run_on_a_pilot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = own_claim(tmp_path, "benchmark=embedded", given=["count_none"])
    config = compose(
        *words,
        "job=plan",
        "proxy=params",
        "plan.pilot=60",
        "analysis.claim_draws=50",
        "tracking=wandb",
    )
    output = tmp_path / "plan"
    output.mkdir()
    with open_dict(config):
        config.hydra.runtime.output_dir = str(output)
        HydraConfig.instance().set_config(config)
        del config["hydra"]
    needed = instantiate(config.job)(config)
    summary = json.loads((output / "summary.json").read_text())
    assert summary["needed"] == needed
    assert summary["parts"][0]["n"] == 60
    powers = [row["power"] for row in summary["tried"]]
    assert needed is None or powers[-1] >= 0.8
    assert "pilot:" in capsys.readouterr().out
    steps = [step for step in read_back(output).history if "plan/power" in step]
    assert [step["plan/networks"] for step in steps] == [r["networks"] for r in summary["tried"]]
    assert [step["plan/power"] for step in steps] == pytest.approx(powers)


def test_pairs_of_a_known_space_need_no_plan() -> None:
    config = compose("job=plan", "hypothesis=h1_skip_connection")
    with open_dict(config):
        HydraConfig.instance().set_config(config)
        del config["hydra"]
    with pytest.raises(ValueError, match="there is nothing to plan"):
        plan_claim(config)


def test_a_plan_needs_a_claim(tmp_path: Path) -> None:
    config = compose("job=plan")
    with open_dict(config):
        HydraConfig.instance().set_config(config)
        del config["hydra"]
    with pytest.raises(ValueError, match="job=plan needs a claim: set hypothesis="):
        plan_claim(config)
