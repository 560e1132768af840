"""What a string of NAS-Bench-Macro means (Su et al., CVPR 2021): eight digits, one for each layer.

0 is the identity, 1 an inverted bottleneck of expansion 3 and kernel 3, 2 one of expansion 6 and
kernel 5. The first layer of each stage doubles the width and halves the sides.
"""

from typing import NamedTuple

from zenlab.core import Genotype

DIGITS = "012"
STAGES = (2, 3, 3)
"""Layers of each stage."""
LENGTH = sum(STAGES)
REDUCING = (0, 2, 5)
"""Places of the first layers of stages."""
STEM_WIDTH = 32
HEAD_WIDTH = 1280
_KINDS = {"0": (0, 1), "1": (3, 3), "2": (6, 5)}  # expansion and kernel


class Layer(NamedTuple):
    """One layer; `expansion` 0 is the 1x1 convolution that stands for an identity with stride."""

    expansion: int
    kernel: int
    width_in: int
    width_out: int
    stride: int

    @property
    def hidden(self) -> int:
        """The width between the two 1x1 convolutions of an inverted bottleneck."""
        return self.expansion * self.width_in


def parse(text: str) -> Genotype:
    """Return eight digits; blanks around them don't matter.

    Raises:
        ValueError: `text` is something else; says where.
    """
    digits = text.strip()
    for place, digit in enumerate(digits[:LENGTH]):
        if digit not in DIGITS:
            raise ValueError(
                f"not a NAS-Bench-Macro network: digit {place + 1} of {text!r} is {digit!r}; "
                f"wanted 0 (identity), 1 (expansion 3, kernel 3) or 2 (expansion 6, kernel 5)"
            )
    if len(digits) != LENGTH:
        raise ValueError(
            f"not a NAS-Bench-Macro network: {text!r} has {len(digits)} digits; wanted {LENGTH}, "
            f"one for each layer, as in '12012012'"
        )
    return Genotype(digits)


def without_order(genotype: Genotype) -> Genotype:
    """Move the identities of each stage behind its other layers, which is the same network.

    The first layer of a stage stays where it is: it has a stride.
    """
    moved = ""
    for stage in stages(genotype):
        rest = stage[1:].replace("0", "")
        moved += stage[0] + rest.ljust(len(stage) - 1, "0")
    return Genotype(moved)


def stages(genotype: Genotype) -> tuple[str, str, str]:
    """Return the digits of each stage."""
    return genotype[:2], genotype[2:5], genotype[5:]


def layer(place: int, digit: str) -> Layer | None:
    """Return the layer at a place (0 to 7); None where there is nothing, not even an operation."""
    reduces = place in REDUCING
    if digit == "0" and not reduces:
        return None
    stage = sum(place >= first for first in REDUCING) - 1
    width = STEM_WIDTH * 2 ** (stage + 1)
    return Layer(*_KINDS[digit], width // 2 if reduces else width, width, 2 if reduces else 1)


def layers(genotype: Genotype) -> list[Layer]:
    """Return the layers that exist, from the first to the last."""
    placed = (layer(place, digit) for place, digit in enumerate(genotype))
    return [made for made in placed if made is not None]
