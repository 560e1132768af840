"""Claims find what was put into made-up populations, and don't find what wasn't."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.regions import Region, Split
from zenlab.hypotheses.beyond_size import PartialClaim
from zenlab.hypotheses.claim import Claims, Source
from zenlab.hypotheses.drowned import DrownedClaim
from zenlab.hypotheses.edits import EditClaim
from zenlab.hypotheses.freedom import FreedomClaim
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.regions import RegionsClaim
from zenlab.hypotheses.spaces import SpacesClaim
from zenlab.hypotheses.verdict import Verdict
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
SOURCES = {"here": Source(["space=nb201"])}
COUNT = 600

Make = Callable[[np.random.Generator, pd.DataFrame], tuple[np.ndarray, np.ndarray]]


def population(
    make: Make,
    *,
    described: pd.DataFrame | None = None,
    terms: pd.DataFrame | None = None,
    step: int = 26,
) -> Population:
    """Six hundred cells, or every `step`th one, with made-up scores and accuracies."""
    rng = np.random.default_rng(7)
    cells = [SPACE.parse(str(index)) for index in range(0, 15_600, step)]
    if described is None:
        described = pd.DataFrame([SPACE.describe(cell) for cell in cells])
    scores, accuracies = make(rng, described)
    empty = pd.DataFrame(index=range(len(cells)))
    measured = dict(zip(cells, accuracies.tolist(), strict=True))
    return Population(
        "here",
        SPACE,
        tuple(cells),
        scores,
        accuracies,
        described,
        empty if terms is None else terms,
        measured,
        "accuracy (%)",
        "made up",
        0.0,
        np.arange(len(cells)),
    )


def judge(claim: object, **populations: Population) -> Verdict:
    found: Verdict = claim.test(  # type: ignore[attr-defined]
        "claim", "proxy", populations, draws=100, rng=np.random.default_rng(0)
    )
    return found


def noise(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=COUNT)


def test_what_only_follows_size_knows_nothing_beyond_it() -> None:
    claim = PartialClaim("It knows more.", SOURCES, ["params"], 0.1)
    size = population(lambda rng, d: (d["params"].to_numpy(float), d["params"] + 2e5 * noise(rng)))
    assert judge(claim, here=size).word in ("refuted", "undecided")

    def knowing(rng: np.random.Generator, d: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        accuracies = noise(rng)
        return accuracies + 0.5 * noise(rng), accuracies

    assert judge(claim, here=population(knowing)).word == "supported"


def test_a_proxy_that_is_better_in_one_space_is_found_to_be() -> None:
    def ranked(error: float) -> Population:
        def make(rng: np.random.Generator, d: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
            accuracies = noise(rng)
            return accuracies + error * noise(rng), accuracies

        return population(make)

    sources = {"good": Source([]), "bad": Source([])}
    better = SpacesClaim("Better.", sources, {"good against bad": ["good", "bad"]}, {}, 0.05)
    verdict = judge(better, good=ranked(0.3), bad=ranked(3.0))
    assert verdict.word == "supported" and verdict.leading.effect > 0.3
    worse = SpacesClaim("Better.", sources, {"bad against good": ["bad", "good"]}, {}, 0.05)
    assert judge(worse, good=ranked(0.3), bad=ranked(3.0)).word == "refuted"


def test_the_same_networks_scored_in_two_ways_are_compared_as_pairs() -> None:
    def scored(shift: float) -> Population:
        def make(rng: np.random.Generator, d: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
            accuracies, errors = noise(rng), noise(rng)
            return accuracies + errors + shift * noise(rng), accuracies

        return population(make)

    def width(other: Population) -> float:
        verdict = judge(claim, one=scored(0.0), other=other)
        (part,) = verdict.parts
        assert part.low is not None and part.high is not None
        return part.high - part.low

    sources = {"one": Source([]), "other": Source([])}
    claim = SpacesClaim("Better.", sources, {"pair": ["one", "other"]}, {}, 0.05)
    alike = scored(0.1)
    strangers = replace(alike, genotypes=alike.genotypes[::-1])
    assert width(alike) < 0.4 * width(strangers)
    assert width(scored(0.0)) == 0


def test_a_comparison_of_what_isnt_there_is_refused() -> None:
    with pytest.raises(ValueError, match=r"comparisons\.x is .*; wanted two of here"):
        SpacesClaim("Better.", SOURCES, {"x": ["here", "there"]}, {}, 0.05)


def test_rank_quality_that_is_owed_to_a_free_descriptor_is_found() -> None:
    rng = np.random.default_rng(3)
    width = rng.integers(1, 5, size=COUNT).astype(float)
    described = pd.DataFrame({"width": width, "params": width**2, "dead": 0.0})
    claim = FreedomClaim("Free.", SOURCES, {"here": ["width"]}, ["params"], {}, 0.05)
    owed = population(
        lambda rng, d: (width + 0.1 * noise(rng), width + 0.1 * noise(rng)), described=described
    )
    assert judge(claim, here=owed).word == "supported"

    def equal(rng: np.random.Generator, d: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        accuracies = noise(rng)
        return accuracies + 0.3 * noise(rng), accuracies

    assert judge(claim, here=population(equal, described=described)).word == "refuted"


def test_a_term_that_drowns_the_others_is_found() -> None:
    rng = np.random.default_rng(4)
    signal, growth = rng.normal(size=(2, COUNT)) * np.array([[1.0], [5.0]])
    terms = pd.DataFrame({"growth": growth, "signal": signal})
    claim = DrownedClaim("Drowned.", SOURCES, "growth", ["params"], {"here": "count_none"}, 0.05)
    drowned = population(lambda rng, d: (signal + growth, signal + 0.3 * noise(rng)), terms=terms)
    verdict = judge(claim, here=drowned)
    assert verdict.word == "supported"
    rows = verdict.evidence["populations"]["here"]["terms"]
    assert rows["growth"]["share_of_variance"] > 0.9
    assert rows["signal"]["spearman"]["value"] > 0.9 > 0.3 > rows["score"]["spearman"]["value"]
    assert verdict.notes[0].startswith("here: growth is 9")


def test_scores_without_the_term_are_refused() -> None:
    claim = DrownedClaim("Drowned.", SOURCES, "growth", ["params"], {}, 0.05)
    with pytest.raises(ValueError, match=r"no term 'growth' \(terms: none\); use proxy=zen_closed"):
        judge(claim, here=population(lambda rng, d: (noise(rng), noise(rng))))


def test_regions_in_which_a_proxy_ranks_differently_are_found() -> None:
    def make(rng: np.random.Generator, d: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        accuracies = noise(rng)
        knows = d["count_skip_connect"].to_numpy() == 0
        return np.where(knows, accuracies + 0.2 * noise(rng), noise(rng)), accuracies

    claim = RegionsClaim("Regions differ.", SOURCES, ["count_"], 2, 60, 0.1)
    verdict = judge(claim, here=population(make))
    assert verdict.word == "supported"
    assert "count_skip_connect <= 0" in verdict.notes[0]
    nowhere = judge(claim, here=population(lambda rng, d: (noise(rng), noise(rng))))
    assert nowhere.word == "undecided"
    assert "the growing half shows no split" in nowhere.sentence


def test_a_few_hundred_networks_are_enough_for_regions_that_differ_much() -> None:
    def make(rng: np.random.Generator, d: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        accuracies = rng.normal(size=len(d))
        knows = d["count_skip_connect"].to_numpy() == 0
        other = np.where(knows, accuracies, -accuracies)
        return other + 0.2 * rng.normal(size=len(d)), accuracies

    claim = RegionsClaim("Regions differ.", SOURCES, ["count_"], 2, 100, 0.1)
    assert judge(claim, here=population(make, step=39)).word == "supported"


@pytest.mark.parametrize(("grown", "word"), [((0.1, 0.5), "supported"), ((0.5, 0.1), "refuted")])
def test_regions_that_the_other_half_contradicts_are_refuted(
    monkeypatch: pytest.MonkeyPatch, grown: tuple[float, float], word: str
) -> None:
    tau = Bounded(0.2, 0.1, 0.3)
    low, high = (Region((), 300, value, 300, tau, None) for value in grown)
    split = Split("depth", 2.5, low, high, Bounded(0.4, 0.3, 0.5), confirmed=True)
    root = Region((), 300, 0.3, 300, tau, split)
    monkeypatch.setattr("zenlab.hypotheses.regions.map_applicability", lambda *a, **k: root)
    claim = RegionsClaim("Regions differ.", SOURCES, ["count_"], 1, 60, 0.1)
    assert judge(claim, here=population(lambda rng, d: (noise(rng), noise(rng)))).word == word


def test_other_names_of_the_same_network_make_nothing_surer() -> None:
    def make(rng: np.random.Generator, d: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        accuracies = noise(rng)
        return accuracies + 2 * noise(rng), accuracies

    def width(of: Population) -> float:
        (part,) = judge(claim, here=of).parts
        assert part.low is not None and part.high is not None
        return part.high - part.low

    claim = PartialClaim("It knows more.", SOURCES, ["params"], 0.1)
    once = population(make)
    twice = replace(
        once,
        genotypes=once.genotypes * 2,
        scores=np.tile(once.scores, 2),
        accuracies=np.tile(once.accuracies, 2),
        described=pd.concat([once.described] * 2, ignore_index=True),
        groups=np.tile(once.groups, 2),
    )
    assert width(twice) == pytest.approx(width(once), rel=0.2)
    apart = replace(twice, groups=np.arange(len(twice)))
    assert width(apart) < 0.9 * width(twice)


def test_what_was_chosen_in_sets_is_resampled_in_sets_and_compared_within_them() -> None:
    rng = np.random.default_rng(3)
    cell = np.repeat(np.arange(COUNT // 4), 4)
    width = np.tile([1.0, 2, 3, 4], COUNT // 4)
    own = rng.normal(size=COUNT // 4)[cell]
    described = pd.DataFrame({"edge_1": cell, "width": width, "params": width, "dead": 0.0})
    here = population(lambda rng, d: (width + own, width - own), described=described)
    paired = {"here": ["edge_"]}
    claim = FreedomClaim("Free.", SOURCES, {"here": ["width"]}, ["params"], paired, 0.05)
    verdict = judge(claim, here=here)
    assert verdict.evidence["populations"]["here"]["kendall_paired"]["value"] == 1
    assert verdict.notes == ["here: tau among networks that differ in nothing else 1.00"]
    (part,) = verdict.parts
    (alone,) = judge(replace(claim, paired={}), here=here).parts
    assert part.effect == alone.effect and (part.low, part.high) != (alone.low, alone.high)
    with pytest.raises(ValueError, match="no descriptor that begins with edges_; it has edge_1"):
        judge(replace(claim, paired={"here": ["edges_"]}), here=here)


def test_a_misspelt_source_is_refused() -> None:
    two = {"one": Source([]), "other": Source([])}
    pair = {"x": ["one", "other"]}
    with pytest.raises(ValueError, match=r"within names onee; wanted one, other"):
        SpacesClaim("Better.", two, pair, {"onee": ["depth"]}, 0.05)
    with pytest.raises(
        ValueError, match=r"within\.one is 'depth'; wanted a list, such as \[depth\]"
    ):
        SpacesClaim("Better.", two, pair, {"one": "depth"}, 0.05)
    with pytest.raises(ValueError, match=r"comparisons is empty"):
        SpacesClaim("Better.", two, {}, {}, 0.05)
    with pytest.raises(ValueError, match=r"strata names there; wanted here"):
        DrownedClaim("Drowned.", SOURCES, "growth", [], {"there": "depth"}, 0.05)
    with pytest.raises(ValueError, match="sources is empty"):
        PartialClaim("More.", {}, ["params"], 0.05)


def complete(gain: dict[str, float]) -> Population:
    """The whole of NAS-Bench-201, where each operation adds so many points."""
    cells = tuple(SPACE)
    described = pd.DataFrame([SPACE.describe(cell) for cell in cells])
    accuracies = sum(described[f"count_{name}"] * points for name, points in gain.items())
    accuracies = accuracies.to_numpy(float) + np.random.default_rng(5).normal(size=len(cells)) * 0.1
    return Population(
        "here",
        SPACE,
        cells,
        described["params"].to_numpy(float),
        accuracies,
        described,
        pd.DataFrame(index=range(len(cells))),
        dict(zip(cells, accuracies.tolist(), strict=True)),
        "accuracy (%)",
        "all",
        0.0,
        np.arange(len(cells)),
    )


def test_an_operation_that_helps_in_the_place_of_some_only_is_conditional() -> None:
    claim = EditClaim(
        "Skips are indispensable.",
        SOURCES,
        "skip_connect",
        "count_skip_connect >= 1",
        None,
        100,
        0.5,
    )
    both = complete({"skip_connect": 2.0, "nor_conv_3x3": 4.0})
    verdict = judge(claim, here=both)
    effects = {part.name: part.effect for part in verdict.parts}
    assert effects["replacing none"] == pytest.approx(2, abs=0.05)
    assert effects["replacing nor_conv_3x3"] == pytest.approx(-2, abs=0.05)
    assert verdict.word == "conditional"
    few = judge(claim, here=both.part(np.arange(len(both)) % 50 == 0, "here"))
    assert few.parts == verdict.parts and not few.evidence["proxy_seen"]
    assert few.evidence["contrast"]["all"] == verdict.evidence["contrast"]["all"]
    assert "what a skip_connect does to it isn't told" in few.notes[-1]
    always = judge(claim, here=complete({"skip_connect": 2.0}))
    assert always.word == "supported"
    never = judge(claim, here=complete({"skip_connect": -2.0}))
    assert never.word == "refuted"


def test_several_claims_are_named_once_each() -> None:
    with pytest.raises(ValueError, match="wanted the names of some claims, each once"):
        Claims(["one", "one"])
    with pytest.raises(ValueError, match="wanted the names of some claims"):
        Claims([])
