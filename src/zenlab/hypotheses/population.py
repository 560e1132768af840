"""Architectures with their scores, accuracies and descriptors: what claims are tested on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from zenlab.analysis.ranked import Floats
from zenlab.core import Genotype, Space

FEWEST = 30
"""Architectures below which nothing is claimed."""

_COMPARISONS = {
    ">=": np.greater_equal,
    "<=": np.less_equal,
    "==": np.equal,
    ">": np.greater,
    "<": np.less,
}
_CONDITION = re.compile(
    r"\s*(\w+)\s*(>=|<=|==|>|<)\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*"
)


@dataclass(frozen=True)
class Population:
    """Scored architectures of one space that have an accuracy, one row each.

    `described` has the numeric descriptors of the space, `terms` those of the scores. `measured`
    are all accuracies that are known, also of architectures that weren't scored; `label` says what
    they are. `drawn` says where the rows come from, `seconds` what a score cost on average. Rows of
    equal number in `groups` (n,) are the same network under other names, and resampled together.
    """

    name: str
    space: Space
    genotypes: tuple[Genotype, ...]
    scores: Floats
    accuracies: Floats
    described: pd.DataFrame
    terms: pd.DataFrame
    measured: Mapping[Genotype, float]
    label: str
    drawn: str
    seconds: float
    groups: NDArray[np.intp]

    def __post_init__(self) -> None:
        """See that there is enough to say something.

        Raises:
            ValueError: there are fewer than 30 architectures.
        """
        if len(self.genotypes) < FEWEST:
            raise ValueError(
                f"{self.name}: {len(self.genotypes)} architectures have both score and accuracy; "
                f"wanted at least {FEWEST}"
            )

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.genotypes)

    def columns(self, *names: str) -> dict[str, Floats]:
        """Return descriptors by name, (n,) each.

        Raises:
            ValueError: the space has no such descriptor; lists those that it has.
        """
        return {name: _column(self.described, name, self.name) for name in names}

    def part(self, rows: NDArray[np.bool_], name: str) -> "Population":
        """Return some rows as a population of their own.

        Raises:
            ValueError: they are too few.
        """
        chosen = np.flatnonzero(rows)
        return Population(
            name,
            self.space,
            tuple(self.genotypes[place] for place in chosen),
            self.scores[rows],
            self.accuracies[rows],
            self.described[rows].reset_index(drop=True),
            self.terms[rows].reset_index(drop=True),
            self.measured,
            self.label,
            self.drawn,
            self.seconds,
            self.groups[rows],
        )


def meets(condition: str, described: pd.DataFrame, where: str) -> NDArray[np.bool_]:
    """Say of each row whether it meets a condition such as `depth > 3 and count_none == 0`.

    Raises:
        ValueError: it can't be read, or names no descriptor of the space, `where`.
    """
    met = np.ones(len(described), dtype=bool)
    for clause in condition.split(" and "):
        found = _CONDITION.fullmatch(clause)
        if not found:
            raise ValueError(
                f"the condition {condition!r} can't be read at {clause!r}; wanted descriptor, "
                f"comparison and number, such as count_skip_connect >= 1, joined by and"
            )
        name, comparison, number = found.groups()
        met &= _COMPARISONS[comparison](_column(described, name, where), float(number))
    return met


def _column(described: pd.DataFrame, name: str, where: str) -> Floats:
    if name not in described:
        raise ValueError(
            f"{where} has no descriptor {name!r}; it has {', '.join(map(str, described.columns))}"
        )
    column: Floats = described[name].to_numpy(dtype=float)
    return column
