"""What a run reports: exact where it can be, with honest intervals, never nan, always a reason."""

import itertools
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.quality import populations, rank_quality
from zenlab.analysis.ranked import Floats

CORRELATIONS = ("kendall", "spearman", "pearson", "weighted_kendall")


def made_up(size: int = 200, dead: int = 6) -> tuple[Floats, Floats]:
    rng = np.random.default_rng([size, dead])
    scores = rng.normal(size=size)
    accuracies = 90 + scores + rng.normal(size=size)
    scores[:dead], accuracies[:dead] = -math.inf, 10
    return scores, accuracies


def judge(scores: Floats, accuracies: Floats, **changes: Any) -> dict[str, Any]:
    """Judge with few draws; what comes out must be strict JSON."""
    options = {"complete": False, "noisy": True, "draws": 50, **changes}
    quality = rank_quality(scores, accuracies, rng=np.random.default_rng(0), **options)
    assert json.loads(json.dumps(quality, allow_nan=False)) == quality
    return quality


def leaves(quality: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every dictionary in the quality that holds numbers."""
    yield quality
    for value in quality.values():
        if isinstance(value, dict):
            yield from leaves(value)


def test_a_sample_has_bootstrap_intervals_over_the_space() -> None:
    quality = judge(*made_up())
    assert quality["interval_of"] == "space" and "reason" not in quality
    for name in CORRELATIONS:
        entry = quality[name]
        assert entry["low"] < entry["value"] < entry["high"]
    assert quality["weighted_kendall"]["interval_of"] == "samples of 200"


def test_values_are_those_of_scipy() -> None:
    scores, accuracies = made_up(200, 6)
    quality, ranks = judge(scores, accuracies), stats.rankdata(scores)
    for name, expected in (
        ("kendall", stats.kendalltau(ranks, accuracies).statistic),
        ("spearman", stats.spearmanr(ranks, accuracies).statistic),
        ("pearson", stats.pearsonr(scores[6:], accuracies[6:]).statistic),
        ("weighted_kendall", stats.weightedtau(ranks, accuracies).statistic),
    ):
        assert quality[name]["value"] == pytest.approx(expected, abs=1e-12)


def test_minus_infinities_are_counted_and_left_out_of_pearson_only() -> None:
    quality = judge(*made_up(50, 6))
    assert (quality["n"], quality["minus_infinite"], quality["pearson"]["n"]) == (50, 6, 44)


def test_the_order_of_the_rows_makes_no_difference() -> None:
    rng = np.random.default_rng(1)
    scores, accuracies = np.round(made_up(120), 0)
    stderr = np.where(np.isfinite(scores), rng.random(120), np.nan)
    order = rng.permutation(120)
    for complete in (False, True):
        given_order = judge(scores, accuracies, stderr=stderr, complete=complete)
        assert given_order == judge(
            scores[order], accuracies[order], stderr=stderr[order], complete=complete
        )


def test_an_exhaustive_run_of_a_proxy_without_randomness_is_exact() -> None:
    quality = judge(*made_up(), complete=True, noisy=False)
    assert quality["interval_of"] is None and quality["reason"].startswith("exact")
    for name in CORRELATIONS:
        assert quality[name]["low"] == quality[name]["value"] == quality[name]["high"]


def test_an_exhaustive_run_with_one_draw_has_no_interval_and_says_what_to_do() -> None:
    for stderr in (None, np.full(200, np.nan)):
        quality = judge(*made_up(), complete=True, stderr=stderr)
        assert quality["interval_of"] is None
        assert "proxy.repeats" in quality["reason"]
        for name in CORRELATIONS:
            entry = quality[name]
            assert entry["value"] is not None and entry["low"] is entry["high"] is None
            assert entry["reason"] == quality["reason"]


def test_an_exhaustive_run_with_standard_errors_has_intervals_over_seeds() -> None:
    scores, accuracies = made_up()
    stderr = np.where(np.isfinite(scores), 0.3, np.nan)  # no draws were made of the dead
    quality = judge(scores, accuracies, complete=True, stderr=stderr)
    assert quality["interval_of"] == "seeds"
    for name in CORRELATIONS:
        entry = quality[name]
        assert entry["low"] < entry["value"] < entry["high"]


def test_scores_without_noise_have_intervals_over_seeds_of_no_width() -> None:
    quality = judge(*made_up(), complete=True, stderr=np.zeros(200))
    assert quality["kendall"]["low"] == pytest.approx(quality["kendall"]["value"], abs=1e-12)
    assert quality["kendall"]["high"] == pytest.approx(quality["kendall"]["value"], abs=1e-12)


def test_weighted_tau_is_only_a_value_above_2000_rows() -> None:
    assert judge(*made_up(2000), draws=2)["weighted_kendall"]["low"] is not None
    entry = judge(*made_up(2001), draws=2)["weighted_kendall"]
    assert entry["value"] is not None and entry["low"] is None
    assert "2,000 rows" in entry["reason"]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 6, 9, 10, 11, 21, 22])
def test_whatever_is_null_has_a_reason(size: int) -> None:
    for scores, accuracies, stderr, noisy, complete in itertools.product(
        (np.arange(size) // 2, np.ones(size), np.full(size, -math.inf)),
        (np.arange(size) // 2, np.ones(size)),
        (None, np.full(size, 0.1)),
        (False, True),
        (False, True),
    ):
        options = {"stderr": stderr, "noisy": noisy, "complete": complete, "draws": 5}
        for leaf in leaves(judge(scores, accuracies, **options)):
            assert (None in leaf.values()) <= ("reason" in leaf)


@pytest.mark.parametrize(
    ("scores", "accuracies", "reason"),
    [
        ([1, 2], [3, 4], "only 2 scores; at least 3 are needed"),
        ([1, 1, 1], [3, 4, 5], "all scores are tied"),
        ([-math.inf] * 3, [3, 4, 5], "all scores are tied"),
        ([1, 2, 3], [4, 4, 4], "all accuracies are tied"),
    ],
)
def test_undefined_correlations_say_why(
    scores: list[float], accuracies: list[float], reason: str
) -> None:
    quality = judge(np.array(scores), np.array(accuracies))
    for name in ("kendall", "spearman", "weighted_kendall"):
        assert quality[name]["value"] is None
        assert quality[name]["reason"] == reason
    assert quality["interval_of"] is None and quality["reason"] == reason


def test_pearson_alone_can_be_undefined() -> None:
    quality = judge(np.array([-math.inf, -math.inf, 1.0, 2.0]), np.arange(4.0))
    assert quality["kendall"]["value"] == pytest.approx(5 / math.sqrt(30))
    assert quality["pearson"]["value"] is None
    assert quality["pearson"]["reason"] == "only 2 finite scores; at least 3 are needed"


def test_a_bootstrap_that_never_varies_is_no_certainty() -> None:
    quality = judge(np.arange(30.0), np.arange(30.0))
    assert quality["kendall"]["value"] == 1
    assert quality["kendall"]["low"] is None and "bootstrap" in quality["kendall"]["reason"]


def test_outcomes_stand_beside_chance_and_halves() -> None:
    quality = judge(*made_up(200, 6))
    places = quality["top_precision"]["5%"]
    assert places["chance"] == pytest.approx(0.05)
    assert places["halves"]["n"] == 100
    for outcome in (places, quality["ndcg"], *quality["regret"].values()):
        halves = outcome["halves"]
        assert halves["low"] <= halves["expected"] <= halves["high"]
    assert quality["regret"]["top_1"]["value"] < quality["regret"]["top_1"]["chance"]
    best = quality["best_of"]["top_10"]
    assert best["value"] + quality["regret"]["top_10"]["value"] == pytest.approx(
        made_up(200, 6)[1].max()
    )


def test_every_population_is_judged_and_all_is_always_there() -> None:
    scores, accuracies = made_up(60, 6)
    live = np.isfinite(scores)
    options: dict[str, Any] = {"complete": False, "noisy": True, "draws": 20}
    found = populations(scores, accuracies, {"live": live}, rng=np.random.default_rng(0), **options)
    assert {name: quality["n"] for name, quality in found.items()} == {"all": 60, "live": 54}
    alone = populations(scores, accuracies, {}, rng=np.random.default_rng(0), **options)
    assert alone == {"all": found["all"]}
    nobody = {"live": np.zeros(60, dtype=bool)}
    empty = populations(scores, accuracies, nobody, rng=np.random.default_rng(0), **options)
    assert empty["live"]["kendall"]["reason"] == "only 0 scores; at least 3 are needed"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scores": np.array([1, 2, math.nan])}, "nan or plus infinity"),
        ({"scores": np.array([1, 2, math.inf])}, "nan or plus infinity"),
        ({"accuracies": np.array([1, 2, math.nan])}, "accuracies hold nan"),
        ({"accuracies": np.array([1, 2])}, "don't fit together"),
        ({"stderr": np.array([1, 2])}, "don't fit together"),
        ({"stderr": np.array([1, 2, -1])}, "negative"),
        ({"draws": 1}, "analysis.draws is 1"),
    ],
)
def test_what_cannot_be_judged_is_refused(changes: dict[str, Any], message: str) -> None:
    arguments = {"scores": np.arange(3.0), "accuracies": np.arange(3.0), **changes}
    with pytest.raises(ValueError, match=message):
        judge(**arguments)
