"""Pairs of architectures that differ by one edit and in nothing else.

An architecture is a choice for each of several factors: the operation on each edge, the width of
each stage, residual links on or off. Its context, for one factor, is what it chose for the others.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zenlab.abilities import Factored
from zenlab.core import Genotype

Choices = Mapping[str, NDArray[Any]]
"""The option that each architecture (n,) chose, by factor."""

_MOST = 1_000_000  # architectures; more take minutes to walk through


@dataclass(frozen=True)
class Edit:
    """Another option for one factor."""

    factor: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.factor}: {self.before} -> {self.after}"


@dataclass(frozen=True)
class Pairs:
    """The rows `before` and `after` an edit, (p,) each.

    `edit` is the place of each pair's edit in `edits`. Pairs of equal `context` have the same
    factor and agree in all others; contexts are numbered from 0 without gaps.
    """

    edits: tuple[Edit, ...]
    before: NDArray[np.intp]
    after: NDArray[np.intp]
    edit: NDArray[np.intp]
    context: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.before)


def choices_of(space: Factored, genotypes: Sequence[Genotype]) -> dict[str, NDArray[Any]]:
    """Return what each architecture chose, by walking through the whole space once.

    Raises:
        ValueError: the space is too large for that, or a genotype isn't in it.
    """
    factors = space.factors()
    count = prod(len(options) for options in factors.values())
    if count > _MOST:
        raise ValueError(
            f"the space has {count:,} architectures, too many to walk through; give the choices "
            f"themselves, such as columns of its descriptors"
        )
    known = {
        space.compose(dict(zip(factors, chosen, strict=True))): chosen
        for chosen in product(*factors.values())
    }
    for genotype in genotypes:
        if genotype not in known:
            raise ValueError(f"{genotype!r} is no architecture of the space, spelt as it spells it")
    table = np.array([known[genotype] for genotype in genotypes]).reshape(-1, len(factors))
    return dict(zip(factors, table.T, strict=True))


def edits_to(factors: Mapping[str, Sequence[Any]], after: Any) -> list[Edit]:
    """Return every edit that brings an option, on any factor that has it.

    Raises:
        ValueError: none has it.
    """
    edits = [
        Edit(name, before, after)
        for name, options in factors.items()
        if after in options
        for before in options
        if before != after
    ]
    if not edits:
        raise ValueError(f"no factor of {', '.join(factors)} has an option {after!r}")
    return edits


def steps(factors: Mapping[str, Sequence[Any]]) -> list[Edit]:
    """Return the edits from each option to the next, such as from one width to the next wider."""
    return [
        Edit(name, before, after)
        for name, options in factors.items()
        for before, after in pairwise(options)
    ]


def find_pairs(choices: Mapping[str, ArrayLike], edits: Iterable[Edit]) -> Pairs:
    """Find all pairs of rows that differ by one of the edits, edit by edit.

    Args:
        choices: by factor, what each architecture (n,) chose: text or numbers. All factors are
            needed, also those without an edit: a pair agrees in them.
        edits: at least one, none twice.

    Raises:
        ValueError: an edit names a factor or an option that there isn't, or comes twice; an
            architecture comes twice; no pair differs by an edit.
    """
    columns = _columns(choices)
    _require_distinct(columns)
    edits = tuple(edits)
    _require_edits(edits, columns)
    factors = dict.fromkeys(edit.factor for edit in edits)
    contexts = {name: _numbers(columns, but=name) for name in factors}
    found = [_pairs_of(columns[edit.factor], contexts[edit.factor], edit) for edit in edits]
    edit = np.repeat(np.arange(len(edits)), [before.size for before, _ in found])
    if not len(edit):
        raise ValueError(f"no two architectures differ by just {' or '.join(map(str, edits))}")
    before, after = (np.concatenate(rows) for rows in zip(*found, strict=True))
    names = list(contexts)
    factor = np.array([names.index(one.factor) for one in edits])[edit]
    own = np.stack([contexts[name] for name in names])[factor, before]
    numbers = np.unique(factor * len(columns[names[0]]) + own, return_inverse=True)[1]
    return Pairs(edits, before, after, edit, numbers)


def count_elsewhere(choices: Mapping[str, ArrayLike], pairs: Pairs, option: Any) -> NDArray[Any]:
    """Count for each pair (p,) the factors other than its own that have chosen an option."""
    columns = _columns(choices)
    total = np.sum([column == option for column in columns.values()], axis=0)
    own = np.array([columns[edit.factor] == option for edit in pairs.edits])  # (edits, n)
    counts: NDArray[Any] = total[pairs.before] - own[pairs.edit, pairs.before]
    return counts


def _columns(choices: Mapping[str, ArrayLike]) -> dict[str, NDArray[Any]]:
    columns = {name: np.asarray(column) for name, column in choices.items()}
    shapes = {column.shape for column in columns.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1 or (0,) in shapes:
        came = ", ".join(f"{name} {column.shape}" for name, column in columns.items()) or "none"
        raise ValueError(f"choices are {came}; wanted arrays (n,) of one length, at least one")
    return columns


def _require_distinct(columns: Choices) -> None:
    numbers = _numbers(columns)
    places, counts = np.unique(numbers, return_counts=True)
    if (counts > 1).any():
        rows = np.flatnonzero(numbers == places[counts > 1][0])
        raise ValueError(
            f"rows {rows[0]} and {rows[1]} made the same choices; wanted each architecture once, "
            f"and every factor in which they differ"
        )


def _require_edits(edits: Sequence[Edit], columns: Choices) -> None:
    if not edits or len(set(edits)) < len(edits):
        raise ValueError(f"edits are {', '.join(map(str, edits)) or 'none'}; wanted each once")
    options = {name: list(np.unique(column)) for name, column in columns.items()}
    for edit in edits:
        if edit.factor not in columns:
            raise ValueError(f"no factor {edit.factor}; there are {', '.join(columns)}")
        for option in (edit.before, edit.after):
            if option not in options[edit.factor]:
                there = ", ".join(map(str, options[edit.factor]))
                raise ValueError(f"{edit.factor} is never {option!r}; it is one of {there}")
        if edit.before == edit.after:
            raise ValueError(f"{edit} changes nothing")


def _numbers(columns: Choices, *, but: str | None = None) -> NDArray[np.intp]:
    """Number the distinct rows (n,) of all columns but one."""
    numbers = np.zeros(len(next(iter(columns.values()))), np.intp)
    for name, column in columns.items():
        if name != but:
            options, own = np.unique(column, return_inverse=True)
            numbers = np.unique(numbers * len(options) + own, return_inverse=True)[1]
    return numbers


def _pairs_of(
    column: NDArray[Any], contexts: NDArray[np.intp], edit: Edit
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    before, after = (np.flatnonzero(column == option) for option in (edit.before, edit.after))
    _, left, right = np.intersect1d(
        contexts[before], contexts[after], assume_unique=True, return_indices=True
    )
    return before[left], after[right]
