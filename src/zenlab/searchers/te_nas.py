"""TE-NAS: prune a supernet by two scores (Chen et al., ICLR 2021; arXiv 2102.11535).

In each round every operation is struck alone, and its removal is ranked by how two quantities
change: the condition number of the NTK, which should fall, and the number of linear regions, which
should stay. Each edge loses the operation whose ranks have the lowest sum.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np

from zenlab.abilities import Prunable
from zenlab.checks import require_one_of, require_whole
from zenlab.core import Admit, Genotype, Score, Space, admit_all
from zenlab.searchers.turns import require_asked

Scale = Literal["linear", "log", "minus_log"]
_DECIMALS_OF_A_MEAN = 9
"""By which equal means of rounded changes are known as equal."""


class Removal(NamedTuple):
    """An operation that is struck alone from one edge."""

    edge: int
    operation: str


class TeNasSearcher:
    """Strikes one operation on every edge, round by round, until each has one left.

    `proxies` names two members of the suite, of which the first decides ties. `scales` says, for
    each, how its value relates to the quantity whose relative change counts: `linear`, it is the
    quantity; `log`, its logarithm; `minus_log`, minus the logarithm of a quantity that should be
    low. The change of each draw (`<member>_draw_0` ... among the terms told) is rounded to
    `decimals`, then they are averaged. Of equal sums of ranks the first member decides.

    Raises:
        ValueError: the space is no supernet, a parameter is out of range, or there is a constraint.
    """

    population = "the supernets that a pruning went through"
    uniform = False

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        proxies: Sequence[str],
        scales: Sequence[Scale],
        decimals: int = 3,
    ) -> None:
        if not isinstance(space, Prunable):
            raise ValueError(
                f"searcher=te_nas strikes operations from a supernet, and {type(space).__name__} "
                f"has one operation on each edge; use space=nb201_supernet"
            )
        if admit is not admit_all:
            raise ValueError("searcher=te_nas can't keep to a constraint; use searcher=random")
        for name, given in (("proxies", proxies), ("scales", scales)):
            if isinstance(given, str) or len(given) != 2:
                raise ValueError(f"searcher.{name} is {given!r}; wanted a list of two")
        for scale in scales:
            require_one_of("searcher.scales", scale, get_args(Scale))
        require_whole("searcher.decimals", decimals, least=0)
        self._space = space
        self._scales: dict[str, Scale] = dict(zip(proxies, scales, strict=True))
        if len(self._scales) < 2:
            raise ValueError(f"searcher.proxies names {proxies[0]} twice; wanted two members")
        self._decimals = decimals
        self._cell = space.whole()
        self._removals: list[Removal] = []
        self._ended = self._asked = False
        self.rounds = 0
        self.measured = 0

    @property
    def remark(self) -> str:
        """What is left, after how many removals."""
        return (
            f"te_nas: {self.measured} removals in {self.rounds} rounds; left is {self._cell}"
            f"{'' if self._ended else ' (not finished)'}"
        )

    def ask(self) -> list[Genotype]:
        """Return the present cell and all single removals from it; at last the cell alone."""
        if self._ended:
            return []
        choices = self._space.choices(self._cell)
        self._removals = [
            Removal(edge, operation)
            for edge, left in enumerate(choices)
            if len(left) > 1
            for operation in left
        ]
        self._ended = not self._removals
        self._asked = True
        return [self._cell, *(self._without([removal]) for removal in self._removals)]

    def tell(self, scores: Sequence[Score]) -> None:
        """Rank the removals and strike one operation on every edge that has several.

        Raises:
            ValueError: a score doesn't carry the members that `proxies` names.
            RuntimeError: nothing was asked, or a member failed on one of the networks.
        """
        require_asked(self._asked)
        self._asked = False
        if not self._removals:
            return
        cell, *pruned = scores
        first, second = (
            dense_ranks([self._gain(name, cell, score) for score in pruned])
            for name in self._scales
        )
        # A stable sort, so that what still ties goes to the operation listed first.
        places = sorted(range(len(pruned)), key=lambda i: (first[i] + second[i], first[i]))
        struck: dict[int, Removal] = {}
        for removal in (self._removals[place] for place in places):
            struck.setdefault(removal.edge, removal)
        self._cell = self._without(list(struck.values()))
        self.rounds += 1
        self.measured += len(pruned)

    def _without(self, removals: Sequence[Removal]) -> Genotype:
        choices = [list(left) for left in self._space.choices(self._cell)]
        for removal in removals:
            choices[removal.edge].remove(removal.operation)
        return self._space.with_choices(choices)

    def _gain(self, name: str, cell: Score, pruned: Score) -> float:
        """Return the mean relative change for the better, over draws that both networks share."""
        changes = [
            round(relative_gain(before, after, self._scales[name]), self._decimals)
            for before, after in zip(_draws(name, cell), _draws(name, pruned), strict=True)
        ]
        return round(math.fsum(changes) / len(changes), _DECIMALS_OF_A_MEAN)


def relative_gain(before: float, after: float, scale: Scale) -> float:
    """Return how far a removal betters a quantity, as a share of what it was before.

    (k0 - k1) / k0 for `minus_log`, where the value is -ln k; (r1 - r0) / r0 for the others. With a
    value of minus infinity, a kernel without an inverse, on both sides the gain is 0.
    """
    if before == after:
        return 0.0
    if scale == "minus_log":
        return -_growth(before - after)
    if scale == "log":
        return _growth(after - before)
    return (after - before) / abs(before) if before else math.copysign(math.inf, after)


def _growth(logarithm: float) -> float:
    """Return e^logarithm - 1, infinite where a float can't hold it."""
    with np.errstate(over="ignore"):
        return float(np.expm1(logarithm))


def dense_ranks(gains: Sequence[float]) -> list[int]:
    """Return the rank of each, 0 for the highest; equal ones share one, the next has the next."""
    place = {gain: rank for rank, gain in enumerate(sorted(set(gains), reverse=True))}
    return [place[gain] for gain in gains]


def _draws(name: str, score: Score) -> list[float]:
    """Return the draws of a member, or its value where it made one only."""
    terms: Mapping[str, float] = score.terms
    if name not in terms:
        raise ValueError(
            f"searcher.proxies names {name}, which scored nothing; wanted two members of a suite, "
            f"such as proxy=suite proxy.members=[ntk,linear_regions]"
        )
    if math.isnan(terms[name]):
        raise RuntimeError(
            f"te_nas ranks all removals, but {name} failed on {score.genotype}"
            f"{f': {score.error}' if score.error else ''}"
        )
    draws = [value for term, value in terms.items() if term.startswith(f"{name}_draw_")]
    return draws or [terms[name]]
