"""How Zen-NAS varies a network: one block is replaced by a candidate (Lin et al., ICCV 2021).

Strides never change, and blocks are added only where a long one is split. The weights of the
candidates are those of the authors' program, where earlier kernels of a family occur more often.
"""

from bisect import bisect
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from zenlab.spaces.plainnet.layers import round_to_8
from zenlab.spaces.plainnet.structure import EXPANSIONS, KERNELS, Structure, SuperBlock

Kind = tuple[str, int, int]
"""Family, kernel and expansion of a block."""

FAMILIES: dict[str, tuple[tuple[Kind, ...], ...]] = {
    "residual": (
        tuple(("bottleneck", kernel, 1) for kernel in KERNELS["bottleneck"]),
        tuple(("basic", kernel, 1) for kernel in KERNELS["basic"]),
    ),
    "mobile": (tuple(("mobile", kernel, e) for kernel in KERNELS["mobile"] for e in EXPANSIONS),),
}
_FACTORS = (2.5, 2, 1.5, 1.25, 1, 1 / 1.25, 1 / 1.5, 1 / 2, 1 / 2.5)
_LONGEST = 6
"""A residual block of so many layers is split."""


def replaced(
    structure: Structure,
    rng: np.random.Generator,
    *,
    blocks: str,
    max_width: int | None,
    times: int,
) -> Structure:
    """Replace a random block by a candidate, `times` times, and split what has become long.

    A block that is drawn a second time stays as it is, and a candidate may be the block itself, so
    nothing may change. Residual blocks come from the families of `blocks`.
    """
    changed = list(structure)
    drawn: set[int] = set()
    for _ in range(times):
        place = int(rng.integers(len(changed)))
        if place not in drawn:
            drawn.add(place)
            changed[place] = _candidate(changed[place], rng, blocks, max_width)
    return split(chained(changed, structure[0].width_in))


def chained(blocks: Sequence[SuperBlock], width: int) -> Structure:
    """Let each block take what the one before gives; the first takes `width` channels."""
    chain = []
    for block in blocks:
        chain.append(block if block.width_in == width else block._replace(width_in=width))
        width = block.width_out
    return tuple(chain)


def split(structure: Structure) -> Structure:
    """Split residual blocks of six layers and more into one of three and the rest, repeatedly."""
    if all(block.layers < _LONGEST or block.family == "conv" for block in structure):
        return structure
    parts: list[SuperBlock] = []
    for block in structure:
        while block.family != "conv" and block.layers >= _LONGEST:
            parts.append(block._replace(layers=3))
            rest = block.layers - 3
            block = block._replace(width_in=block.width_out, stride=1, layers=rest)
        parts.append(block)
    return tuple(parts)


def _candidate(
    block: SuperBlock, rng: np.random.Generator, blocks: str, max_width: int | None
) -> SuperBlock:
    if block.family == "conv":
        # The 1x1 convolution at the end of mobile networks keeps its width.
        fixed = blocks == "mobile" and block.kernel == 1
        out = block.width_out if fixed else _choose(widths(block.width_out, max_width), rng)
        return block._replace(width_out=out, layers=1)
    kinds, shares = _weighted_kinds(blocks)
    family, kernel, expansion = kinds[bisect(shares, rng.random())]
    return block._replace(
        family=family,
        kernel=kernel,
        expansion=expansion,
        width_out=_choose(widths(block.width_out, max_width), rng),
        layers=_choose(lengths(block.layers), rng),
        mid=_choose(widths(block.mid, max_width), rng),
    )


def _choose(options: Sequence[int], rng: np.random.Generator) -> int:
    return options[int(rng.integers(len(options)))]


@lru_cache(maxsize=4096)
def widths(width: int, most: int | None) -> tuple[int, ...]:
    """Return the widths that may replace one, largest first: up to 2.5 times more or less."""
    wanted = [max(width * factor, 8) for factor in _FACTORS]
    if most is not None:
        wanted = [min(value, most) for value in wanted]
    return tuple(sorted(set(map(round_to_8, wanted)), reverse=True))


@lru_cache(maxsize=256)
def lengths(layers: int) -> tuple[int, ...]:
    """Return the numbers of layers that may replace one: up to two more or fewer."""
    return tuple(length for length in range(layers - 2, layers + 3) if length > 0)


@lru_cache(maxsize=8)
def _weighted_kinds(blocks: str) -> tuple[tuple[Kind, ...], tuple[float, ...]]:
    """Return the kinds and the cumulative shares of their candidates.

    Of F kinds in a family, the first and second come F times, the j-th after them F - j + 2 times.
    """
    kinds: list[Kind] = []
    weights: list[int] = []
    for family in FAMILIES[blocks]:
        for j, kind in enumerate(family, start=1):
            kinds.append(kind)
            weights.append(len(family) if j == 1 else len(family) - j + 2)
    shares = np.cumsum(weights) / sum(weights)
    return tuple(kinds), tuple(shares.tolist())
