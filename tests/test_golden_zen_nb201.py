"""Zen-scores of NAS-Bench-201 networks equal those of the program that the authors published."""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from zenlab.proxies.zen import Statistics, draw_zen_scores
from zenlab.spaces.nb201 import NB201

FOLDER = Path(os.environ.get("ZENLAB_GOLDEN", Path(__file__).parent / "golden"))
FILE = FOLDER / "zen_nb201.json"
MEANS = FOLDER / "zen_nb201_means.json"


def golden(path: Path, key: str) -> list[Any]:
    return json.loads(path.read_text())[key] if path.is_file() else []


def needs(path: Path) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not path.is_file(), reason=f"no golden file {path.name} in {FOLDER}")


def draws(result: dict[str, Any], statistics: Statistics, count: int) -> list[float]:
    space = NB201(
        C=result["C"], N=result["N"], num_classes=result["num_classes"], image_size=result["res"]
    )
    network = space.build(space.parse(result["arch"]))
    images = torch.empty(result["batch"], 3, result["res"], result["res"])
    rng = torch.Generator().manual_seed(result["seed"])
    return list(
        draw_zen_scores(
            network, images, repeated(rng, count), gamma=result["gamma"], statistics=statistics
        )
    )


def repeated(rng: torch.Generator, count: int) -> Iterator[torch.Generator]:
    return (rng for _ in range(count))


def name(result: dict[str, Any]) -> str:
    return f"{result['name']}-{result['batch']}x{result['repeat']}"


@needs(FILE)
@pytest.mark.parametrize("result", golden(FILE, "results"), ids=name)
def test_carried_statistics_meet_every_draw_of_the_official_program(result: dict[str, Any]) -> None:
    found = draws(result, "carried", result["repeat"])
    assert found == pytest.approx([float(value) for value in result["per_draw"]], rel=1e-4)


@needs(FILE)
@pytest.mark.parametrize("result", golden(FILE, "results"), ids=name)
def test_fresh_statistics_meet_the_first_draw_of_the_official_program(
    result: dict[str, Any],
) -> None:
    assert draws(result, "fresh", 1) == pytest.approx([float(result["per_draw"][0])], rel=1e-4)


@needs(MEANS)
def test_one_draw_lies_around_the_mean_of_the_official_draws() -> None:
    """In units of the official spread half of the deviations lie within about 0.8, few beyond 3."""
    deviations = []
    for cell in golden(MEANS, "cells"):
        if math.isfinite(float(cell["mean"])):
            setting = {"C": 16, "N": 5, "num_classes": 10, "res": 32, "batch": 64, "gamma": 0.01}
            (found,) = draws({**setting, **cell, "seed": 1}, "fresh", 1)
            deviations.append(abs(found - cell["mean"]) / cell["sd"])
    assert 0.2 < np.median(deviations) < 1.5
    assert np.mean(np.array(deviations) > 4) < 0.15
