"""Structure strings of Zen-NAS: networks spelt as super-blocks (Lin et al., ICCV 2021).

`SuperResK3K3(16,32,2,24,3)` is three residual layers of two 3x3 convolutions from 16 to 32
channels, 24 between the two, the first with stride 2. A network is a chain of such blocks.
"""

import re
from functools import lru_cache
from typing import NamedTuple

KERNELS = {"conv": (1, 3, 5, 7), "basic": (3, 5, 7), "bottleneck": (3, 5, 7), "mobile": (3, 5, 7)}
EXPANSIONS = (1, 2, 4, 6)
_NAMES = {
    "conv": r"SuperConvK(?P<kernel>\d+)BNRELU",
    "basic": r"SuperResK(?P<kernel>\d+)K(?P=kernel)",
    "bottleneck": r"SuperResK1K(?P<kernel>\d+)K1",
    "mobile": r"SuperResIDWE(?P<expansion>\d+)K(?P<kernel>\d+)",
}
_BLOCK = re.compile(r"\s*(?P<name>\w+)\s*\((?P<arguments>[^()]*)\)")
_WANTED = (
    "SuperConvK{1,3,5,7}BNRELU(in,out,stride,layers), SuperResK{3,5,7}K{3,5,7}, "
    "SuperResK1K{3,5,7}K1 or SuperResIDWE{1,2,4,6}K{3,5,7}(in,out,stride,mid,layers)"
)


class SuperBlock(NamedTuple):
    """A block of a structure string; `mid` is the inner width, 0 for the family `conv`.

    The families: `conv` (one convolution a layer), `basic` (two of one kernel), `bottleneck` (1x1,
    kxk, 1x1, twice a layer), `mobile` (1x1, depthwise, 1x1, twice a layer).
    """

    family: str
    kernel: int
    expansion: int
    width_in: int
    width_out: int
    stride: int
    mid: int
    layers: int

    def __str__(self) -> str:
        """Spell the block as the authors do."""
        return _spell(self)


Structure = tuple[SuperBlock, ...]


def spell(structure: Structure) -> str:
    """Write a network as a structure string."""
    return "".join(map(_spell, structure))


@lru_cache(maxsize=4096)
def parse(text: str, channels: int = 3) -> Structure:
    """Read a structure string; blanks don't matter, nor do labels or lines after the first.

    Raises:
        ValueError: it isn't one; names the block where it goes wrong and says what was expected.
    """
    line = text.strip().split("\n")[0].strip()
    blocks: list[SuperBlock] = []
    position = 0
    while position < len(line):
        match = _BLOCK.match(line, position)
        if match is None:
            rest = line[position : position + 40]
            raise ValueError(f"block {len(blocks) + 1}: can't read {rest!r}; wanted {_WANTED}")
        block = _read(match[0].strip(), len(blocks) + 1)
        before = blocks[-1].width_out if blocks else channels
        if block.width_in != before:
            source = f"block {len(blocks)} gives" if blocks else "images have"
            raise ValueError(
                f"block {len(blocks) + 1}, {block}, takes {block.width_in} channels, but {source} "
                f"{before}"
            )
        blocks.append(block)
        position = match.end()
    if not blocks:
        raise ValueError(f"an empty structure string; wanted blocks such as {_WANTED}")
    return tuple(blocks)


@lru_cache(maxsize=65536)
def _spell(block: SuperBlock) -> str:
    family, kernel, expansion, width_in, width_out, stride, mid, layers = block
    match family:
        case "conv":
            return f"SuperConvK{kernel}BNRELU({width_in},{width_out},{stride},{layers})"
        case "basic":
            name = f"K{kernel}K{kernel}"
        case "bottleneck":
            name = f"K1K{kernel}K1"
        case _:
            name = f"IDWE{expansion}K{kernel}"
    return f"SuperRes{name}({width_in},{width_out},{stride},{mid},{layers})"


@lru_cache(maxsize=65536)
def _read(text: str, number: int) -> SuperBlock:
    """Read one block, such as SuperConvK3BNRELU(3,16,1,1); `number` is its place for errors."""
    name, _, rest = text.removesuffix(")").partition("(")
    family, kernel, expansion = _named(name.strip(), number)
    wanted = ["in", "out", "stride", "mid", "layers"]
    if family == "conv":
        wanted.remove("mid")
    given = rest.rpartition("|")[2].split(",")
    numbers = [part.strip() for part in given]
    if len(numbers) != len(wanted):
        raise ValueError(
            f"block {number}, {text}: {len(numbers)} numbers; wanted {len(wanted)}: "
            f"{', '.join(wanted)}"
        )
    values = dict(zip(wanted, numbers, strict=True))
    for key, value in values.items():
        if not (value.isascii() and value.isdigit() and int(value) > 0):
            raise ValueError(
                f"block {number}, {text}: {key} is {value!r}; wanted a whole number of at least 1"
            )
    found = {key: int(value) for key, value in values.items()}
    return SuperBlock(
        family,
        kernel,
        expansion,
        found["in"],
        found["out"],
        found["stride"],
        found.get("mid", 0),
        found["layers"],
    )


def _named(name: str, number: int) -> tuple[str, int, int]:
    for family, pattern in _NAMES.items():
        if match := re.fullmatch(pattern, name):
            kernel = int(match["kernel"])
            expansion = int(match["expansion"]) if family == "mobile" else 1
            if kernel in KERNELS[family] and expansion in EXPANSIONS:
                return family, kernel, expansion
    raise ValueError(f"block {number}: there is no block {name}; wanted {_WANTED}")
