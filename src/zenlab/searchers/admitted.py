"""Draws within a constraint: what is rejected is drawn anew, but not for ever."""

from collections.abc import Callable

from zenlab.core import Admit, Genotype

_PATIENCE = 100_000


def draw_admitted(draw: Callable[[], Genotype], admit: Admit) -> Genotype:
    """Return the first architecture drawn that is admitted.

    Raises:
        ValueError: 100,000 in a row were rejected.
    """
    for _ in range(_PATIENCE):
        genotype = draw()
        if admit(genotype):
            return genotype
    raise ValueError(
        f"the constraint rejected {_PATIENCE:,} architectures in a row; loosen the limits of "
        f"constraint, or choose another space"
    )
