"""Checks of parameters: an error names one as the user does, what came and what was wanted."""

import math


def require_whole(name: str, value: object, *, least: int = 1) -> None:
    """See that a parameter is a whole number of at least `least`.

    Raises:
        ValueError: it isn't.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"{name} is {value!r}; wanted a whole number of at least {least}")
    if value < least:
        raise ValueError(f"{name} is {value}; wanted at least {least}")


def require_positive(name: str, value: object) -> None:
    """See that a parameter is a finite number above 0.

    Raises:
        ValueError: it isn't.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value) and value > 0):  # type: ignore[arg-type, operator]
        raise ValueError(f"{name} is {value!r}; wanted a positive number")


def require_one_of(name: str, value: object, options: tuple[object, ...]) -> None:
    """See that a parameter is one of some words.

    Raises:
        ValueError: it isn't.
    """
    if value not in options:
        raise ValueError(f"{name} is {value!r}; wanted one of {', '.join(map(str, options))}")
