"""Zen-scores and sizes of structure strings equal those of the authors' own program."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from zenlab.core import Genotype
from zenlab.proxies.zen import draw_zen_scores
from zenlab.proxies.zen_pass import draw_zen_scores_of_graph
from zenlab.spaces.plainnet import PlainNet
from zenlab.spaces.plainnet.sizes import official_size

FILE = Path(os.environ.get("ZENLAB_GOLDEN", Path(__file__).parent / "golden")) / "zen_plainnet.json"
RESULTS = json.loads(FILE.read_text())["results"] if FILE.is_file() else []
DEEP = 20
"""Batch norms above which two right programs drift apart: rounding grows with depth."""

pytestmark = pytest.mark.skipif(not RESULTS, reason=f"no golden file {FILE}")


def name(result: dict[str, Any]) -> str:
    return f"{result['name']}-{result['repeat']}-{result['seed']}"


def space_of(result: dict[str, Any], *, residual: bool) -> PlainNet:
    return PlainNet(
        blocks="mobile" if "IDW" in result["struct"] else "residual",
        initial=result["struct"],
        max_width=None,
        residual=residual,
        image_size=result["res"],
        num_classes=result["num_classes"],
    )


def assert_close(found: list[float], result: dict[str, Any]) -> None:
    wanted = [float(value) for value in result["per_repeat"]]
    if result["n_bn"] <= DEEP:
        assert found == pytest.approx(wanted, rel=1e-3)
    else:
        assert found == pytest.approx(wanted, abs=0.1)


def generators(result: dict[str, Any]) -> Iterator[torch.Generator]:
    rng = torch.Generator().manual_seed(result["seed"])
    return (rng for _ in range(result["repeat"]))


@pytest.mark.parametrize("result", RESULTS, ids=name)
def test_the_fast_pass_meets_every_draw_of_the_official_program(result: dict[str, Any]) -> None:
    space = space_of(result, residual=not result["no_reslink"])
    draws = draw_zen_scores_of_graph(
        space.graph(Genotype(result["struct"])),
        result["batch"],
        torch.device("cpu"),
        generators(result),
        gamma=result["gamma"],
        statistics="carried",
    )
    found = [draw.item() for draw in draws]
    assert_close(found, result)
    assert sum(found) / len(found) == pytest.approx(result["avg_nas_score"], rel=1e-3)


SHORT = [result for result in RESULTS if result["repeat"] == 1 or result["name"] == "tiny"]


@pytest.mark.parametrize("result", SHORT, ids=name)
def test_the_network_of_modules_meets_it_too(result: dict[str, Any]) -> None:
    space = space_of(result, residual=not result["no_reslink"])
    draws = draw_zen_scores(
        space.build(Genotype(result["struct"])),
        torch.empty(result["batch"], 3, result["res"], result["res"]),
        generators(result),
        gamma=result["gamma"],
        statistics="carried",
    )
    assert_close(list(draws), result)


@pytest.mark.parametrize("result", RESULTS, ids=name)
def test_sizes_are_those_of_the_official_counters(result: dict[str, Any]) -> None:
    linked, bare = (space_of(result, residual=residual) for residual in (True, False))
    genotype = Genotype(result["struct"])
    assert linked.official(genotype) == bare.official(genotype)
    assert linked.official(genotype) == {
        "params": result["official_model_size_reslink"],
        "flops": result["official_flops_reslink"],
        "layers": result["num_layers"],
    }
    counted = official_size(
        linked._structure(genotype), result["res"], result["num_classes"], residual=False
    )
    assert counted == (
        result["official_model_size_no_reslink"],
        result["official_flops_no_reslink"],
    )
    of_file = bare if result["no_reslink"] else linked
    assert of_file.describe(genotype)["params"] == result["params_numel"]
    assert of_file.describe(genotype)["macs"] == result["macs_conv_linear"]
    assert of_file.describe(genotype)["norms"] == result["n_bn"]
    assert linked.describe(genotype)["params"] == result["params_numel_reslink"]
