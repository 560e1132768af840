"""Cells that are called the same random function are, and the others are not."""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Tensor, nn

from zenlab.core import Genotype
from zenlab.proxies.zen import draw_zen_scores
from zenlab.spaces.nb201 import NB201
from zenlab.spaces.nb201.cell import parse
from zenlab.spaces.nb201.network import CellModule

SPACE = NB201(C=8, N=1, image_size=8)
CELLS = list(SPACE)
IMAGES = torch.randn(3, 2, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def members() -> list[tuple[Genotype, Genotype]]:
    """Pairs of a cell and its representative, where they differ."""
    pairs = [(cell, SPACE.representative(cell)) for cell in CELLS]
    return [(cell, first) for cell, first in pairs if cell != first]


def outcomes(genotype: Genotype) -> Iterator[tuple[Tensor, list[float]]]:
    """Output and sorted batch norm variances of a cell, for every order of given weights."""
    torch.manual_seed(0)
    kernels = {size: torch.randn(6, 2, 2, size, size, dtype=torch.float64) for size in (1, 3)}
    cell = CellModule(parse(genotype), 2).double()
    convolutions = [module for module in cell.modules() if isinstance(module, nn.Conv2d)]
    norms = [module for module in cell.modules() if isinstance(module, nn.BatchNorm2d)]
    for order in itertools.permutations(range(len(convolutions))):
        for module, place in zip(convolutions, order, strict=True):
            module.weight.data = kernels[module.kernel_size[0]][place]
        for norm in norms:
            norm.reset_running_stats()
        yield cell(IMAGES), sorted(norm.running_var.sum().item() for norm in norms)


def equal_for_some_order_of_weights(one: Genotype, other: Genotype) -> bool:
    """Brute force: can the weights of one cell be dealt out so that it computes the other?

    The other's weights stay as they are; both have as many convolutions of each kernel.
    """
    wanted_output, wanted_variances = next(outcomes(one))
    return any(
        torch.allclose(output, wanted_output, rtol=1e-8, atol=1e-8)
        and np.allclose(variances, wanted_variances, rtol=1e-8)
        for output, variances in outcomes(other)
    )


@torch.no_grad()
def test_a_cell_and_its_representative_compute_the_same_with_weights_dealt_out() -> None:
    rng = np.random.default_rng(0)
    pairs = members()
    for place in rng.choice(len(pairs), size=60, replace=False):
        cell, representative = pairs[place]
        if fed_with_zero(cell):
            continue  # which of two kernels sees only zeros makes no difference: see below
        assert equal_for_some_order_of_weights(cell, representative), (cell, representative)


@torch.no_grad()
def test_cells_of_different_classes_do_not_compute_the_same() -> None:
    """Among cells with the same operations, whose difference is only in the wiring."""
    rng = np.random.default_rng(1)
    cells = [cell for cell in CELLS if not fed_with_zero(cell)]
    found = 0
    while found < 60:
        one = cells[rng.integers(len(cells))]
        other = SPACE.parse(shuffled(one, rng))
        if fed_with_zero(other) or SPACE.representative(one) == SPACE.representative(other):
            continue
        found += 1
        assert not equal_for_some_order_of_weights(one, other), (one, other)


def shuffled(genotype: Genotype, rng: np.random.Generator) -> str:
    o = rng.permutation(parse(genotype))
    return f"|{o[0]}~0|+|{o[1]}~0|{o[2]}~1|+|{o[3]}~0|{o[4]}~1|{o[5]}~2|"


def fed_with_zero(genotype: Genotype) -> bool:
    """Whether a convolution comes after a node without any input."""
    first, a, b, *after = parse(genotype)
    zero = [False, first == "none"]
    zero.append(a == "none" and (b == "none" or zero[1]))
    used = [(b, 1), (after[1], 1), (after[2], 2)]
    return any(zero[node] and operation.startswith("nor_conv") for operation, node in used)


def test_which_kernel_sees_only_zeros_makes_no_difference() -> None:
    one, other = (
        SPACE.parse(f"|none~0|+|none~0|{kernel}~1|+|skip_connect~0|none~1|none~2|")
        for kernel in ("nor_conv_1x1", "nor_conv_3x3")
    )
    nothing = SPACE.parse("|none~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|")
    assert SPACE.representative(one) == SPACE.representative(other)
    assert SPACE.representative(one) != SPACE.representative(nothing)


def test_a_representative_stands_for_itself_and_has_the_lowest_index() -> None:
    classes: dict[Genotype, list[int]] = {}
    for cell in CELLS:
        classes.setdefault(SPACE.representative(cell), []).append(SPACE.index(cell))
    assert len(classes) == 5_798
    assert all(SPACE.index(first) == min(indices) for first, indices in classes.items())


def test_dead_and_live_cells_are_never_the_same() -> None:
    for cell, representative in members():
        assert SPACE.describe(cell)["dead"] == SPACE.describe(representative)["dead"]


DRAWS = 300
PAIRS = [
    ("|nor_conv_3x3~0|+|none~0|none~1|+|skip_connect~0|skip_connect~1|none~2|",
     "|none~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|skip_connect~2|"),
    ("|avg_pool_3x3~0|+|nor_conv_1x1~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|",
     "|nor_conv_1x1~0|+|avg_pool_3x3~0|none~1|+|skip_connect~0|skip_connect~1|nor_conv_3x3~2|"),
]  # fmt: skip


def zen_scores(cell: Genotype, seed: int) -> list[float]:
    generators = iter(torch.Generator().manual_seed(seed + draw) for draw in range(DRAWS))
    images = torch.empty(8, 3, 8, 8)
    network = SPACE.build(cell)
    return list(draw_zen_scores(network, images, generators, gamma=0.01, statistics="fresh"))


@pytest.mark.parametrize("pair", PAIRS, ids=["one convolution", "two convolutions"])
def test_equal_random_functions_have_equally_distributed_zen_scores(pair: tuple[str, str]) -> None:
    """Kolmogorov and Smirnov on independent draws; a cell with one skip less is told apart."""
    one, other = (SPACE.parse(cell) for cell in pair)
    assert SPACE.representative(one) == SPACE.representative(other)
    changed = SPACE.parse(pair[0].replace("skip_connect~0", "none~0"))
    assert SPACE.representative(changed) != SPACE.representative(one)
    scores = zen_scores(one, 0)
    assert stats.ks_2samp(scores, zen_scores(other, DRAWS)).pvalue > 0.01
    assert stats.ks_2samp(scores, zen_scores(changed, 2 * DRAWS)).pvalue < 1e-6
