"""Stability: rankings under other seeds, batches and costs; the second time from the store."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import open_dict
from scipy import stats

from tests.conftest import compose
from zenlab.stability import stability

SMALL = (
    *("experiment=stability", "space.C=4", "space.N=1", "dataset.image_size=8"),
    *("searcher.budget=15", "stability.seeds=3", "stability.batch_size=[4,8]"),
    "stability.repeats=[1,2]",
    "tracking=none",
)


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., pd.DataFrame]:
    def run_with(*overrides: str, folder: str = "run") -> pd.DataFrame:
        config = compose(*SMALL, *overrides)
        (tmp_path / folder).mkdir()
        with open_dict(config):
            config.hydra.runtime.output_dir = str(tmp_path / folder)
            HydraConfig.instance().set_config(config)
            del config["hydra"]
        stability(config)
        return pd.read_csv(tmp_path / folder / "stability.csv")

    return run_with


def test_every_random_proxy_has_a_row_for_seeds_batches_and_costs(
    run: Callable[..., pd.DataFrame], tmp_path: Path
) -> None:
    found = run("proxy.members=[zen,naswot,params]")
    assert found["between"][found.proxy == "zen"].tolist() == [
        *("seeds", "batches", "batch_size=4", "batch_size=8", "repeats=1", "repeats=2")
    ]
    assert found["between"][found.proxy == "naswot"].tolist() == [
        *("seeds", "batches", "batch_size=4", "batch_size=8")
    ]
    assert "params" not in set(found.proxy)
    scores = pd.read_csv(tmp_path / "run" / "scores.csv")
    pairs = [(0, 1), (0, 2), (1, 2)]
    expected = [
        stats.spearmanr(scores[f"naswot, seed {a}"], scores[f"naswot, seed {b}"]).statistic
        for a, b in pairs
    ]
    row = found[(found.proxy == "naswot") & (found.between == "seeds")].iloc[0]
    assert row.value == pytest.approx(sum(expected) / 3, abs=1e-6)
    assert row.pairs == 3 and row.low <= row.value <= row.high


def test_other_batches_keep_the_weights(run: Callable[..., pd.DataFrame], tmp_path: Path) -> None:
    """synflow sees no batch: other batches change nothing, but other seeds do."""
    found = run("proxy.members=[synflow]").set_index("between")["value"]
    assert found["batches"] == pytest.approx(1.0)
    assert found["seeds"] < 1.0


def test_the_second_time_everything_is_in_the_store(
    run: Callable[..., pd.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    first = run("proxy.members=[naswot]")
    again = run("proxy.members=[naswot]", folder="again")
    pd.testing.assert_frame_equal(first, again)
    bars = [line for line in capsys.readouterr().out.splitlines() if "scoring" in line]
    assert " 0/s" in bars[-1] and " 0/s" not in bars[0]


def test_a_single_proxy_may_be_asked_and_a_race_may_not(run: Callable[..., pd.DataFrame]) -> None:
    found = run("proxy=naswot")
    assert set(found.proxy) == {"naswot"} and set(found.failed) == {0}
    with pytest.raises(ValueError, match="stability draws again by itself"):
        run("proxy=zen", "searcher=race", "~searcher.budget", folder="race")


def test_what_is_left_out_is_said(
    run: Callable[..., pd.DataFrame], capsys: pytest.CaptureFixture[str]
) -> None:
    run("proxy.members=[az_nas,l2_norm]", "stability.batch_size=[8]")
    out = capsys.readouterr().out
    assert "az_nas is a combination: left out" in out
    assert "flops is computed by formula: left out" in out


def test_proxies_without_randomness_are_refused(run: Callable[..., pd.DataFrame]) -> None:
    with pytest.raises(ValueError, match="measured on random proxies; params, flops give the same"):
        run("proxy.members=[params,flops]")
