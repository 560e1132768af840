"""Claims of which nothing is true are called supported in at most 5 % of 2,000 simulations.

The smallest effect that matters is next to nothing here, so that only the interval protects.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from zenlab.hypotheses.beyond_size import PartialClaim
from zenlab.hypotheses.claim import Claim, Source
from zenlab.hypotheses.drowned import DrownedClaim
from zenlab.hypotheses.freedom import FreedomClaim
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.regions import RegionsClaim
from zenlab.hypotheses.spaces import SpacesClaim
from zenlab.hypotheses.verdict import Verdict
from zenlab.laboratory import adjusted
from zenlab.spaces.nb201 import NB201

Make = Callable[[np.random.Generator, str], Population]
SPACE = NB201()
NETWORKS, DRAWS, SEED = 200, 100, 20261125
MOST = 0.05
ONE, TWO = {"here": Source([])}, {"here": Source([]), "there": Source([])}
TINY = 1e-9

CLAIMS: dict[str, Claim] = {
    "partial": PartialClaim("More.", ONE, ["params"], TINY),
    "spaces": SpacesClaim("Better.", TWO, {"both": ["here", "there"]}, {}, TINY),
    "freedom": FreedomClaim("Free.", ONE, {"here": ["depth"]}, ["params"], {}, TINY),
    "drowned": DrownedClaim("Drowned.", ONE, "growth", ["params"], {}, TINY),
    "regions": RegionsClaim("Differ.", ONE, ["depth"], 1, 25, TINY),
}


def population(rng: np.random.Generator, name: str) -> Population:
    """Scores and accuracies that follow size and, apart from that, know nothing of each other."""
    depth = rng.integers(1, 6, size=NETWORKS).astype(float)
    params = rng.normal(size=NETWORKS)
    growth, signal, noise = rng.normal(size=(3, NETWORKS))
    terms = pd.DataFrame({"growth": growth, "signal": signal + params})
    cells = tuple(f"{name} {place}" for place in range(NETWORKS))
    accuracies = params + noise
    return Population(
        name,
        SPACE,
        cells,
        terms.sum(axis=1).to_numpy(),
        accuracies,
        pd.DataFrame({"depth": depth, "params": params, "dead": 0.0}),
        terms,
        dict(zip(cells, accuracies.tolist(), strict=True)),
        "accuracy",
        "made up",
        0.0,
        np.arange(NETWORKS),
    )


def unrelated(rng: np.random.Generator, name: str) -> Population:
    """Accuracies that know nothing of anything."""
    return replace(population(rng, name), accuracies=rng.normal(size=NETWORKS))


def simulate(claim: Claim, simulations: int, made: Make = population) -> list[Verdict]:
    rngs = np.random.default_rng(SEED).spawn(simulations)
    return [
        claim.test(
            f"{place}",
            "proxy",
            {where: made(rng, where) for where in claim.sources},
            draws=DRAWS,
            rng=rng,
        )
        for place, rng in enumerate(rngs)
    ]


def allowed(simulations: int) -> float:
    """At most 5 %, plus two standard errors of what is counted."""
    return MOST + 2 * float(np.sqrt(MOST * (1 - MOST) / simulations))


def called_supported(verdicts: list[Verdict]) -> float:
    return float(np.mean([verdict.word == "supported" for verdict in verdicts]))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["partial", "spaces", "freedom", "regions"])
def test_a_null_claim_is_rarely_called_supported(name: str) -> None:
    assert called_supported(simulate(CLAIMS[name], 2_000)) <= allowed(2_000)


@pytest.mark.parametrize("name", ["partial", "spaces", "freedom", "regions"])
def test_a_null_claim_is_not_often_called_supported(name: str) -> None:
    """The same with so few simulations that only gross mistakes show."""
    assert called_supported(simulate(CLAIMS[name], 60)) <= allowed(60)


@pytest.mark.slow
def test_one_of_twenty_null_claims_together_is_rarely_called_supported() -> None:
    """Size has no part in it: what Spearman's partial correlation leaves of it (0.01) adds up."""
    verdicts = simulate(CLAIMS["partial"], 4_000, made=unrelated)
    families = [adjusted(verdicts[first : first + 20]) for first in range(0, 4_000, 20)]
    errs = [any(one.word == "supported" for one in family) for family in families]
    assert np.mean(errs) <= allowed(len(families))


def test_a_term_that_does_no_harm_is_told_to_do_none() -> None:
    """A term that knows as much as the others is no noise: without it the score ranks worse."""
    rng = np.random.default_rng(SEED)
    found = population(rng, "here")
    terms = found.terms.assign(growth=found.accuracies)
    here = replace(found, terms=terms, scores=terms.sum(axis=1).to_numpy())
    verdict = CLAIMS["drowned"].test("one", "proxy", {"here": here}, draws=DRAWS, rng=rng)
    assert verdict.word == "refuted"
