"""Combined proxies are made of ranks, and nothing but ranks."""

import itertools
import math

import numpy as np
import pytest

from zenlab.proxies.combined import RankLogSum, RankSum, Vote
from zenlab.proxies.suite import Suite

SCORES = {
    "a": np.array([1.0, 2.0, 3.0, -math.inf]),
    "b": np.array([10.0, 10.0, 5.0, -math.inf]),
}


def test_a_rank_log_sum_by_hand() -> None:
    found = RankLogSum(["a", "b"]).combine(SCORES)
    logs = np.log
    expected = [
        logs(2 / 4) + logs(3.5 / 4), logs(3 / 4) + logs(3.5 / 4), logs(4 / 4) + logs(2 / 4),
        logs(1 / 4) + logs(1 / 4),
    ]  # fmt: skip
    assert found == pytest.approx(expected)


def test_a_rank_sum_by_hand() -> None:
    assert RankSum(["a", "b"]).combine(SCORES).tolist() == [5.5, 6.5, 6.0, 2.0]


def test_a_vote_counts_the_pairs_won_by_majority() -> None:
    """A brute-force twin over all pairs, with three voters and many ties."""
    rng = np.random.default_rng(0)
    scores = {name: rng.integers(0, 5, 300).astype(float) for name in "abc"}
    wins = np.zeros(300)
    for i, j in itertools.permutations(range(300), 2):
        balance = sum(np.sign(values[i] - values[j]) for values in scores.values())
        wins[i] += 1.0 if balance > 0 else 0.5 if balance == 0 else 0.0
    assert Vote(["a", "b", "c"]).combine(scores) == pytest.approx(wins)


def test_an_empty_pool_has_no_votes() -> None:
    assert Vote(["a"]).combine({"a": np.array([])}).tolist() == []


@pytest.mark.parametrize("rule", [RankLogSum, RankSum, Vote])
def test_only_the_order_of_scores_matters(rule: type) -> None:
    rng = np.random.default_rng(1)
    scores = {name: rng.normal(size=50) for name in "ab"}
    stretched = {name: np.exp(3 * values) for name, values in scores.items()}
    combined = rule(["a", "b"])
    assert combined.combine(stretched) == pytest.approx(combined.combine(scores))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([], r"proxy.members is \[\]; wanted a list of proxies"),
        ("zen", "proxy.members is 'zen'; wanted a list"),
        (["zen", "zen"], "names one twice: zen, zen"),
    ],
)
def test_a_suite_needs_different_members(members: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Suite(members)
