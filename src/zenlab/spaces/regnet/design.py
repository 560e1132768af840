"""How a RegNet is spelt, and the stages that it has (Radosavovic et al., CVPR 2020)."""

import math
import re
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from zenlab.core import Genotype
from zenlab.spaces.regnet.models import PUBLISHED

_STEP = 8
"""Widths are multiples of it."""
MAX_DEPTH = 64


class Design(NamedTuple):
    """The parameters of a RegNet.

    `w0`, `wa` and `wm` are the width of the first block, how much wider each next one would be, and
    the factor between stages to which these widths are rounded. `bottleneck` is the width inside a
    block over that of the block, the inverse of the paper's ratio.
    """

    depth: int
    w0: int
    wa: float
    wm: float
    group_width: int
    bottleneck: float = 1.0
    squeezed: bool = False


class Stage(NamedTuple):
    """Equal blocks: how many, their width, the width inside them and that of its groups."""

    depth: int
    width: int
    inner: int
    group_width: int


def spell(design: Design) -> Genotype:
    """Write a design, such as `d=13,w0=24,wa=36.44,wm=2.49,g=8,b=1,se=0`."""
    return Genotype(
        f"d={design.depth},w0={design.w0},wa={_decimals(design.wa, 2)},"
        f"wm={_decimals(design.wm, 3)},g={design.group_width},"
        f"b={_decimals(design.bottleneck, 2)},se={int(design.squeezed)}"
    )


def parse(text: str) -> Design:
    """Read a design, or the name of a published model, such as RegNetX-200MF or X-200MF.

    Blanks, capitals and the order of the parameters don't matter; b=1 and se=0 may be left out.

    Raises:
        ValueError: `text` is neither; says which parameter is wrong.
    """
    tidy = re.sub(r"\s+", "", text).lower()
    name = tidy.removeprefix("regnet").upper()
    if name in PUBLISHED:
        return Design(*PUBLISHED[name], squeezed=name.startswith("Y"))
    found = {"b": "1", "se": "0"}
    named: set[str] = set()
    for part in tidy.split(","):
        name, _, value = part.partition("=")
        if name not in _FIELDS or name in named:
            fault = "comes twice" if name in named else f"is none of {', '.join(_FIELDS)}"
            raise ValueError(_message(text, f"{name!r} {fault}"))
        named.add(name)
        found[name] = value
    if missing := [name for name in _FIELDS if name not in found]:
        raise ValueError(_message(text, f"{', '.join(missing)} missing"))
    d, w0, wa, wm, g, b, se = (_read(name, found[name], text) for name in _FIELDS)
    return Design(int(d), int(w0), wa, wm, int(g), b, bool(se))


def block_widths(design: Design) -> tuple[list[int], int]:
    """Return the width of each block and the number of stages that would be without gaps.

    Equations 2 to 4 of the paper. Groups may change the widths afterwards.
    """
    w0, wa, wm = design.w0, design.wa, design.wm
    scale = math.log(wm)
    powers = [round(math.log((w0 + wa * j) / w0) / scale) for j in range(design.depth)]
    return [_STEP * round(w0 * wm**power / _STEP) for power in powers], powers[-1] + 1


def stages(design: Design) -> tuple[Stage, ...]:
    """Return the stages, with widths that their groups divide."""
    depths = Counter(block_widths(design)[0])  # in the order of the blocks, narrow ones first
    return tuple(_fitted(design, depth, width) for width, depth in depths.items())


def _fitted(design: Design, depth: int, width: int) -> Stage:
    """Fit a stage to its groups as the authors' program does."""
    ratio = design.bottleneck
    inner = int(max(1, width * ratio))
    group_width = min(design.group_width, inner)
    step = math.lcm(group_width, int(ratio)) if ratio > 1 else group_width
    inner = max(step, step * round(inner / step))
    width = int(inner / ratio)
    return Stage(depth, width, int(width * ratio), group_width)


_Field = tuple[str, Callable[[float], bool], str]
_FIELDS: dict[str, _Field] = {
    "d": (
        r"\d{1,6}",
        lambda value: 1 <= value <= MAX_DEPTH,
        f"a whole number from 1 to {MAX_DEPTH}",
    ),
    "w0": (r"\d{1,6}", lambda value: value > 0 and value % _STEP == 0, "8, 16, 24 or more"),
    "wa": (r"\d{1,6}(\.\d{1,2})?", lambda value: True, "a number of at most two decimals"),
    "wm": (
        r"\d{1,6}(\.\d{1,3})?",
        lambda value: value > 1,
        "a number above 1 of at most three decimals",
    ),
    "g": (r"\d{1,6}", lambda value: value >= 1, "a whole number of at least 1"),
    "b": (r"0\.25|0\.5|1|2|4", lambda value: True, "0.25, 0.5, 1, 2 or 4"),
    "se": (r"0|1", lambda value: True, "0 or 1"),
}
"""For each parameter: how it is written, what it may be, and that in words."""


def _read(name: str, value: str, text: str) -> float:
    pattern, accepts, wanted = _FIELDS[name]
    if re.fullmatch(pattern, value, re.ASCII) and accepts(float(value)):
        return float(value)
    raise ValueError(_message(text, f"{name} is {value!r}; wanted {wanted}"))


def _decimals(value: float, most: int) -> str:
    return f"{value:.{most}f}".rstrip("0").rstrip(".")


def _message(text: str, fault: str) -> str:
    return (
        f"not a RegNet: {fault}, in {text!r}; RegNets look like "
        f"'d=13,w0=24,wa=36.44,wm=2.49,g=8,b=1,se=0', or are published ones such as X-200MF"
    )
