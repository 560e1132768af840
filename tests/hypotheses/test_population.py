"""Populations: what a condition means, and how few are too few."""

import numpy as np
import pandas as pd
import pytest

from zenlab.hypotheses.population import Population, meets
from zenlab.spaces.nb201 import NB201

SPACE = NB201()


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
        np.arange(count),
    )


def test_conditions_are_read_as_they_are_written() -> None:
    some = population()
    skips = some.described["count_skip_connect"]
    nones = some.described["count_none"]
    found = meets("count_skip_connect >= 2 and count_none == 0", some.described, "here")
    assert found.tolist() == ((skips >= 2) & (nones == 0)).tolist()
    assert meets("count_skip_connect < 1", some.described, "here").sum() == (skips < 1).sum()
    assert not meets(
        "count_skip_connect < 1e-3 and count_skip_connect > .5", some.described, ""
    ).any()


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
        meets(condition, population().described, "here")


def test_fewer_than_thirty_architectures_are_no_population() -> None:
    with pytest.raises(ValueError, match="29 architectures have both score and accuracy"):
        population(29)
