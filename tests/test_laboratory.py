"""Claims from YAML to verdicts: what comes out, what is refused, and that others go on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.conftest import compose
from zenlab.hypotheses.claim import Source
from zenlab.hypotheses.population import Population
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


def source_of(*overrides: str) -> str:
    words = ", ".join(["space=nb201", *overrides])
    return f"{{_target_: zenlab.hypotheses.claim.Source, overrides: [{words}]}}"


def population(count: int = 200) -> Population:
    genotypes = [SPACE.parse(str(index)) for index in range(count)]
    described = pd.DataFrame([SPACE.describe(genotype) for genotype in genotypes])
    rng = np.random.default_rng(0)
    return Population(
        "made up",
        SPACE,
        tuple(genotypes),
        rng.normal(size=count),
        rng.normal(size=count),
        described,
        pd.DataFrame(),
        {},
        "accuracy (%)",
        "some",
        0.0,
    )


def test_conditions_are_read_as_they_are_written() -> None:
    some = population()
    skips = some.described["count_skip_connect"]
    nones = some.described["count_none"]
    found = some.mask("count_skip_connect >= 2 and count_none == 0")
    assert found.tolist() == ((skips >= 2) & (nones == 0)).tolist()
    assert some.mask("count_skip_connect < 1").sum() == (skips < 1).sum()


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("count_skips >= 1", "no descriptor 'count_skips'; it has count_none"),
        ("count_none about 3", "can't be read at 'count_none about 3'; wanted descriptor"),
        ("__import__('os') == 1", "can't be read"),
    ],
)
def test_conditions_that_mean_nothing_are_refused(condition: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        population().mask(condition)


def test_fewer_than_thirty_architectures_are_no_population() -> None:
    with pytest.raises(ValueError, match="29 architectures have both score and accuracy"):
        population(29)


def test_every_shipped_claim_can_be_made() -> None:
    from hydra.utils import instantiate

    from zenlab.hypotheses.claim import Claim, Claims

    everything = instantiate(compose_option("hypothesis", "all"), _convert_="all")
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
    source = source_of("benchmark=table", f"benchmark.path={table}")
    words = [
        "hypothesis=zen_beyond_size",
        "proxy=flops",
        f"hypothesis.sources={{own: {source}}}",
        "hypothesis.given=[params]",
        "analysis.claim_draws=100",
    ]
    summary = judge(*words)
    (verdict,) = summary["verdicts"]
    assert verdict["claim"] == "zen_beyond_size" and verdict["proxy"] == "flops"
    assert verdict["n"] == len(cells)
    assert verdict["verdict"] in ("refuted", "undecided")
    knowing = judge(*words[:3], "hypothesis.given=[count_none]", words[4], folder="two")
    assert knowing["verdicts"][0]["verdict"] == "supported"
    assert (tmp_path / "run" / "figures" / "zen_beyond_size.png").stat().st_size > 5_000
    assert pd.read_csv(tmp_path / "run" / "verdicts.csv")["verdict"].tolist() == [
        verdict["verdict"]
    ]


def test_a_claim_that_cant_be_tested_leaves_the_others_alone(judge: Run) -> None:
    summary = judge(
        "hypothesis=all",
        "hypothesis.members=[h3_channel_width,growth_drowns_signal]",
        "proxy=params",
        "analysis.claim_draws=50",
        "benchmark.source=http://127.0.0.1:9",
    )
    (failure,) = [f for f in summary["failures"] if f.startswith("growth_drowns_signal")]
    assert failure
    assert "error" not in summary


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("hypothesis.given=[weight]",), "no descriptor 'weight'"),
        (("hypothesis.smallest_effect=0",), "smallest_effect is 0; wanted a positive number"),
        (("proxy=suite", "proxy.members=[params]"), "tested with one proxy"),
    ],
)
def test_what_cant_be_tested_says_why(run_zenlab: Run, overrides: tuple[str], message: str) -> None:
    source = (
        "{_target_: zenlab.hypotheses.claim.Source, overrides: [space=nb201, benchmark=embedded]}"
    )
    words = ["hypothesis=zen_beyond_size", f"hypothesis.sources={{own: {source}}}"]
    with pytest.raises(Exception, match=message):
        run_zenlab(*words, "proxy=params", *overrides)


def test_a_source_without_a_table_is_an_error(run_zenlab: Run) -> None:
    source = source_of("benchmark=none")
    with pytest.raises(ValueError, match="own: benchmark=none: nothing to compare with"):
        run_zenlab(
            "hypothesis=zen_beyond_size", f"hypothesis.sources={{own: {source}}}", "proxy=params"
        )


def test_matched_pairs_need_every_accuracy(run_zenlab: Run) -> None:
    source = (
        "{_target_: zenlab.hypotheses.claim.Source, overrides: [space=nb201, benchmark=embedded]}"
    )
    with pytest.raises(ValueError, match="architectures have no accuracy; matched pairs need all"):
        run_zenlab(
            "hypothesis=h1_skip_connection", f"hypothesis.sources={{own: {source}}}", "proxy=params"
        )


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
