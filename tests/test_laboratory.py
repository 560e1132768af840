"""Claims from YAML to verdicts: what comes out, what is refused, and that others go on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from omegaconf import OmegaConf

from tests.conftest import compose
from zenlab.hypotheses.claim import Source
from zenlab.populating import compose_option
from zenlab.spaces.nb201 import NB201

Run = Callable[..., Any]
SPACE = NB201()


@pytest.fixture
def judge(run_zenlab: Run, tmp_path: Path) -> Run:
    """Run a hypothesis; return its summary."""

    def run(*overrides: str, folder: str = "run") -> dict[str, Any]:
        try:
            run_zenlab(*overrides, folder=folder)
        except FileNotFoundError as missing:  # a hypothesis leaves no scores.csv
            assert "scores.csv" in str(missing)
        found: dict[str, Any] = json.loads((tmp_path / folder / "summary.json").read_text())
        return found

    return run


def own_claim(folder: Path, *overrides: str, **more: Any) -> list[str]:
    """Write a claim about cells of NAS-Bench-201 into a folder of options; return how to use it."""
    claim = {
        "_target_": "zenlab.hypotheses.beyond_size.PartialClaim",
        "statement": "It knows more.",
        "sources": {
            "own": {
                "_target_": "zenlab.hypotheses.claim.Source",
                "overrides": ["space=nb201", *overrides],
            }
        },
        "given": ["params"],
        "smallest_effect": 0.1,
        **more,
    }
    path = folder / "options" / "hypothesis" / "own.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    OmegaConf.save(OmegaConf.create(claim), path)
    return [f"hydra.searchpath=[file://{folder / 'options'}]", "hypothesis=own"]


def test_every_shipped_claim_can_be_made() -> None:
    from hydra.utils import instantiate

    from zenlab.hypotheses.claim import Claim, Claims

    everything = instantiate(compose_option("hypothesis", "poster"), _convert_="all")
    assert isinstance(everything, Claims)
    for name in everything.members:
        claim = instantiate(compose_option("hypothesis", name), _convert_="all")
        assert isinstance(claim, Claim)
        assert all(isinstance(source, Source) for source in claim.sources.values())


def test_a_claim_about_a_space_of_ones_own_table(judge: Run, tmp_path: Path) -> None:
    """Accuracy that follows one descriptor: params know nothing beyond it, the descriptor does."""
    cells = [cell for cell in SPACE if SPACE.index(cell) % 40 == 0]
    rng = np.random.default_rng(1)
    values = [SPACE.describe(cell)["count_nor_conv_3x3"] + rng.normal() * 0.3 for cell in cells]
    table = tmp_path / "table.csv"
    pd.DataFrame({"genotype": cells, "value": values}).to_csv(table, index=False)
    settings = ["proxy=flops", "analysis.claim_draws=100"]
    words = own_claim(tmp_path, "benchmark=table", f"benchmark.path={table}")
    summary = judge(*words, *settings)
    (verdict,) = summary["verdicts"]
    assert verdict["claim"] == "own" and verdict["proxy"] == "flops"
    assert verdict["n"] == len(cells)
    assert verdict["verdict"] in ("refuted", "undecided")
    words = own_claim(tmp_path, "benchmark=table", f"benchmark.path={table}", given=["count_none"])
    knowing = judge(*words, *settings, folder="two")
    assert knowing["verdicts"][0]["verdict"] == "supported"
    assert (tmp_path / "run" / "figures" / "own.png").stat().st_size > 5_000
    assert pd.read_csv(tmp_path / "run" / "verdicts.csv")["verdict"].tolist() == [
        verdict["verdict"]
    ]


def test_a_claim_that_cant_be_tested_leaves_the_others_alone(judge: Run, real_tables: Path) -> None:
    summary = judge(
        "hypothesis=poster",
        "hypothesis.members=[skip_on_edge_03,nothing,growth_drowns_signal]",
        "proxy=params",
        f"data={real_tables}",
        "analysis.claim_draws=20",
    )
    assert [verdict["claim"] for verdict in summary["verdicts"]] == ["skip_on_edge_03"]
    assert summary["failures"]["nothing"] == "there is no hypothesis=nothing"
    growth = summary["failures"]["growth_drowns_signal"]
    assert growth.startswith("the scores of params have no term 'growth'")


@pytest.mark.parametrize(
    ("more", "overrides", "message"),
    [
        ({"given": ["weight"]}, (), "no descriptor 'weight'"),
        ({"smallest_effect": 0}, (), "smallest_effect is 0; wanted a positive number"),
        ({}, ("proxy=suite", "proxy.members=[params]"), "tested with one proxy"),
    ],
)
def test_what_cant_be_tested_says_why(
    run_zenlab: Run, tmp_path: Path, more: dict[str, Any], overrides: tuple[str], message: str
) -> None:
    words = own_claim(tmp_path, "benchmark=embedded", **more)
    with pytest.raises(Exception, match=message):
        run_zenlab(*words, "proxy=params", *overrides)


def test_a_source_without_a_table_is_an_error(run_zenlab: Run, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="own: benchmark=none: nothing to compare with"):
        run_zenlab(*own_claim(tmp_path, "benchmark=none"), "proxy=params")


def test_matched_pairs_need_every_accuracy(run_zenlab: Run, tmp_path: Path) -> None:
    words = own_claim(
        tmp_path,
        "benchmark=embedded",
        _target_="zenlab.hypotheses.edits.EditClaim",
        option="skip_connect",
        condition="count_skip_connect >= 1",
        factors=None,
        top=10,
    )
    path = tmp_path / "options" / "hypothesis" / "own.yaml"
    claim = OmegaConf.load(path)
    del claim["given"]
    OmegaConf.save(claim, path)
    with pytest.raises(ValueError, match="architectures have no accuracy; matched pairs need all"):
        run_zenlab(*words, "proxy=params")


def test_the_posters_numbers(judge: Run, real_tables: Path) -> None:
    summary = judge(
        "hypothesis=skip_on_edge_03",
        "proxy=params",
        f"data={real_tables}",
        "analysis.claim_draws=50",
    )
    evidence = summary["evidence"]["skip_on_edge_03"]
    contrast = evidence["contrast"]["all"]
    everything = contrast["present"]["n"] * contrast["present"]["mean"]
    everything += contrast["absent"]["n"] * contrast["absent"]["mean"]
    assert everything / 15_625 == pytest.approx(75.984, abs=5e-4)
    assert contrast["present"]["mean"] == pytest.approx(78.405, abs=5e-4)
    assert summary["verdicts"][0]["verdict"] == "conditional"


def test_h1_after_200_epochs(judge: Run, real_tables: Path) -> None:
    summary = judge(
        "hypothesis=h1_skip_connection",
        "hypothesis.factors=[edge_03]",
        "proxy=params",
        f"data={real_tables}",
        "analysis.claim_draws=50",
    )
    replaced = summary["evidence"]["h1_skip_connection"]["matched"]["by_context"]["replaced"]
    means = {name: effect["accuracy"]["mean"]["value"] for name, effect in replaced.items()}
    assert means["none"] == pytest.approx(9.1, abs=0.05)
    assert replaced["none"]["accuracy"]["median"]["value"] == pytest.approx(1.4, abs=0.05)
    assert means["avg_pool_3x3"] == pytest.approx(3.05, abs=0.05)
    assert means["nor_conv_3x3"] == pytest.approx(-3.4, abs=0.05)


def test_the_default_job_is_a_run() -> None:
    assert compose().job._target_ == "zenlab.run.run"
