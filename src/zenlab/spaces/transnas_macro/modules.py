"""What a string of TransNAS-Bench-101's macro space means (Duan et al., CVPR 2021).

A network is 4 to 6 modules, one digit each: 1 changes nothing, 2 doubles the channels, 3 halves the
sides, 4 does both. Each module is two residual blocks; the first one does what the digit says.
"""

import itertools
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from zenlab.core import Genotype

DIGITS = "1234"
LENGTHS = (4, 5, 6)
DOUBLINGS = range(1, 4)
"""How many modules may double the channels."""
STRIDES = range(1, 5)
"""How many modules may halve the sides."""
STEM_WIDTH = 64


class ResidualBlock(NamedTuple):
    """Two 3x3 convolutions and a shortcut, which is a projection where the shape changes."""

    width_in: int
    width_out: int
    stride: int

    @property
    def projects(self) -> bool:
        """Whether the shortcut is a 1x1 convolution."""
        return self.stride > 1 or self.width_in != self.width_out


def parse(text: str) -> Genotype:
    """Return the digits of a network spelt `1234` or, as the benchmark does, `64-1234-basic`.

    Raises:
        ValueError: `text` spells no network of the space; says why.
    """
    stripped = text.strip()
    full = re.fullmatch(r"64-(.*)-basic", stripped)
    digits = full[1] if full else stripped
    for place, digit in enumerate(digits):
        if digit not in DIGITS:
            raise _refusal(text, f"module {place + 1} is {digit!r}, wanted 1, 2, 3 or 4")
    if len(digits) not in LENGTHS:
        raise _refusal(text, f"it has {len(digits)} modules, wanted 4 to 6")
    if doublings(digits) not in DOUBLINGS:
        raise _refusal(text, f"{doublings(digits)} of its digits are 2 or 4, wanted 1 to 3")
    if strides(digits) not in STRIDES:
        raise _refusal(text, f"{strides(digits)} of its digits are 3 or 4, wanted 1 to 4")
    return Genotype(digits)


def doublings(digits: str) -> int:
    """Return how many modules double the channels."""
    return digits.count("2") + digits.count("4")


def strides(digits: str) -> int:
    """Return how many modules halve the sides."""
    return digits.count("3") + digits.count("4")


@lru_cache(maxsize=1)
def all_networks() -> tuple[Genotype, ...]:
    """Return the 3,256 networks, short ones first, then in the order of their digits."""
    spelt = (
        "".join(digits) for length in LENGTHS for digits in itertools.product(DIGITS, repeat=length)
    )
    return tuple(Genotype(digits) for digits in spelt if _belongs(digits))


def neighbours(genotype: Genotype) -> list[Genotype]:
    """Return the networks one step away, sorted.

    A step changes one module, takes one away, inserts one, or swaps two.
    """
    return sorted({Genotype(near) for near in _edits(genotype) if _belongs(near)} - {genotype})


def blocks(genotype: Genotype) -> list[ResidualBlock]:
    """Return the residual blocks, two for each module."""
    made = []
    width = STEM_WIDTH
    for digit in genotype:
        wider = 2 * width if digit in "24" else width
        made.append(ResidualBlock(width, wider, 2 if digit in "34" else 1))
        made.append(ResidualBlock(wider, wider, 1))
        width = wider
    return made


def _belongs(digits: str) -> bool:
    return len(digits) in LENGTHS and doublings(digits) in DOUBLINGS and strides(digits) in STRIDES


def _edits(digits: str) -> Iterator[str]:
    places = range(len(digits))
    for place in places:
        yield digits[:place] + digits[place + 1 :]
        for digit in DIGITS:
            yield digits[:place] + digit + digits[place + 1 :]
    for place in range(len(digits) + 1):
        for digit in DIGITS:
            yield digits[:place] + digit + digits[place:]
    for i, j in itertools.combinations(places, 2):
        yield digits[:i] + digits[j] + digits[i + 1 : j] + digits[i] + digits[j + 1 :]


def _refusal(text: str, reason: str) -> ValueError:
    return ValueError(
        f"not a network of TransNAS-Bench-101 macro: {text!r}: {reason}; a network is 4 to 6 "
        f"modules as in '1234', of which 1 to 3 double channels (2, 4), 1 to 4 halve sides (3, 4)"
    )
