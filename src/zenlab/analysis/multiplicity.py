"""Several claims tested at once: each p-value adjusted for how many there are (Holm, 1979)."""

from collections.abc import Mapping


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return Holm's adjusted p-value of each claim, in the order given.

    To call the claims with an adjusted value of at most 5 % errs in any of them with a chance of
    at most 5 %, however they depend on each other (Holm, A simple sequentially rejective multiple
    test procedure, Scandinavian Journal of Statistics 1979). A claim without a p-value isn't part
    of the family: leave it out.

    Raises:
        ValueError: a p-value isn't a number between 0 and 1.
    """
    for name, value in p_values.items():
        if not 0 <= value <= 1:
            raise ValueError(f"the p-value of {name} is {value}; wanted a number between 0 and 1")
    adjusted: dict[str, float] = {}
    least, left = 0.0, len(p_values)
    for name in sorted(p_values, key=lambda name: p_values[name]):
        least = max(least, min(left * p_values[name], 1.0))
        adjusted[name] = least
        left -= 1
    return {name: adjusted[name] for name in p_values}
