"""Proxies made of the scores of others: rank sums and votes over a pool of architectures.

They are computed from scores that are there, never by scoring again. Minus infinity is the tied
minimum. All values depend on the pool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Floats = NDArray[np.float64]

_ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class RankLogSum:
    """The sum of ln(rank / m) over the members, 1 being the worst of m (Lee and Ham, CVPR 2024).

    One bad rank costs more than several good ones give: no member may be poor.
    """

    members: Sequence[str]

    def combine(self, scores: Mapping[str, Floats]) -> Floats:
        """See `zenlab.core.CombinedProxy`."""
        return _total([np.log(_ranks(values) / len(values)) for values in scores.values()])


@dataclass(frozen=True)
class RankSum:
    """The sum of ranks over the members, 1 being the worst (TE-NAS, Chen et al., ICLR 2021)."""

    members: Sequence[str]

    def combine(self, scores: Mapping[str, Floats]) -> Floats:
        """See `zenlab.core.CombinedProxy`."""
        return _total([_ranks(values) for values in scores.values()])


@dataclass(frozen=True)
class Vote:
    """How many others an architecture beats by majority, a draw counting half.

    Members vote on every pair, and a member that scores both alike abstains (Copeland's rule;
    majority votes of proxies: Abdelfattah et al., ICLR 2021).
    """

    members: Sequence[str]

    def combine(self, scores: Mapping[str, Floats]) -> Floats:
        """See `zenlab.core.CombinedProxy`."""
        ranks = np.array([_ranks(values) for values in scores.values()])  # (members, m)
        wins = [
            _wins(ranks[:, start : start + _ROWS_AT_ONCE], ranks)
            for start in range(0, ranks.shape[1], _ROWS_AT_ONCE)
        ]
        return np.concatenate([np.zeros(0), *wins])


def _total(parts: Sequence[Floats]) -> Floats:
    total: Floats = np.sum(parts, axis=0)
    return total


def _ranks(values: Floats) -> Floats:
    ranks: Floats = stats.rankdata(values)
    return ranks


def _wins(some: Floats, everyone: Floats) -> Floats:
    """Pairs won by each of `some`, (members, k), against `everyone`, (members, m); itself aside."""
    balance = np.zeros((some.shape[1], everyone.shape[1]))
    for mine, theirs in zip(some, everyone, strict=True):
        balance += np.sign(mine[:, None] - theirs[None, :])
    wins: Floats = (np.sign(balance).sum(1) + everyone.shape[1] - 1) / 2
    return wins
