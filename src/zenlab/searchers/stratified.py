"""Stratified search: a sample in which every kind of architecture has its share."""

from collections.abc import Iterator, Mapping

import numpy as np

from zenlab.abilities import Enumerable
from zenlab.checks import require_whole
from zenlab.core import Admit, Genotype, Space, admit_all
from zenlab.searchers.turns import AskedOnce


class StratifiedSearcher(AskedOnce):
    """Asks once, for one live member of `budget` canonical classes, None of all of them.

    Strata are the values of all descriptors that begin with `by`: operation counts, unless told
    otherwise. Each is drawn from in proportion to its number of classes, in such an order that the
    first so many are a stratified sample, too: a longer search begins as a shorter one does.

    Raises:
        ValueError: the space can't be walked through, has no such descriptor, or has fewer classes.
    """

    uniform = False

    def __init__(
        self,
        space: Space,
        *,
        admit: Admit = admit_all,
        budget: int | None = 1000,
        by: str = "count_",
        seed: int = 0,
    ) -> None:
        if budget is not None:
            require_whole("searcher.budget", budget)
        require_whole("searcher.seed", seed, least=0)
        if not isinstance(space, Enumerable):
            raise ValueError(
                f"searcher=stratified: {type(space).__name__} is too large to be walked through; "
                f"use searcher=random"
            )
        rng = np.random.default_rng(seed)
        chosen = list(_in_proportion(_strata(space, admit, by, rng), rng))
        if budget is not None and budget > len(chosen):
            raise ValueError(
                f"searcher.budget is {budget}, but there are {len(chosen)} live canonical classes"
            )
        super().__init__(chosen[:budget])
        self.population = f"canonical classes that are live, in strata of {by}*"
        if admit is not admit_all:
            self.population += ", within the constraint"


def _strata(
    space: Enumerable, admit: Admit, by: str, rng: np.random.Generator
) -> dict[tuple[float, ...], list[Genotype]]:
    """Return one random member of each class, by its stratum, in random order."""
    genotypes = list(space)
    classes: set[str] = set()
    strata: dict[tuple[float, ...], list[Genotype]] = {}
    for place in rng.permutation(len(genotypes)):
        genotype = genotypes[place]
        described = space.describe(genotype)
        if described["dead"] or not admit(genotype) or space.canonical(genotype) in classes:
            continue
        classes.add(space.canonical(genotype))
        strata.setdefault(_stratum(described, by), []).append(genotype)
    return strata


def _stratum(described: Mapping[str, float], by: str) -> tuple[float, ...]:
    values = tuple(value for name, value in sorted(described.items()) if name.startswith(by))
    if not values:
        raise ValueError(
            f"searcher.by is {by!r}, but no descriptor of the space begins so; there are "
            f"{', '.join(described)}"
        )
    return values


def _in_proportion(
    strata: dict[tuple[float, ...], list[Genotype]], rng: np.random.Generator
) -> Iterator[Genotype]:
    """Mix the strata so evenly that any beginning has its share of each."""
    placed: list[tuple[float, Genotype]] = []
    for _, members in sorted(strata.items()):
        places = (np.arange(len(members)) + rng.random()) / len(members)
        placed += zip(places.tolist(), members, strict=True)
    return (genotype for _, genotype in sorted(placed))
