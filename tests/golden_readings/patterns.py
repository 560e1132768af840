"""Activation patterns and features: ReLU patterns, MeCo, NEAR and the parts of AZ-NAS."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from tests.golden_networks import Case
from zenlab.proxies.az_expressivity import block_entropy
from zenlab.proxies.az_progressivity import smallest_step
from zenlab.proxies.az_trainability import gradient_preservation
from zenlab.proxies.linear_regions import count_regions
from zenlab.proxies.meco import sum_of_smallest_eigenvalues
from zenlab.proxies.meco_opt import CHANNELS, sum_of_sampled_eigenvalues
from zenlab.proxies.naswot import Count, count_agreements, log_determinant
from zenlab.proxies.near import sum_of_ranks
from zenlab.proxies.swap import count_unit_patterns, size_penalty


def naswot(case: Case, count: Count) -> float:
    return log_determinant(count_agreements(case.network(), case.batch().images, count=count))


def swap(case: Case) -> float:
    return count_unit_patterns(case.network(), case.batch().images)


def regularised_swap(case: Case) -> float:
    return swap(case) * size_penalty(case.network(), mu=850, sigma=200_000)


def meco(case: Case) -> float:
    return sum_of_smallest_eigenvalues(case.network(), case.batch().images[:1])


def meco_opt(case: Case) -> float:
    def choose(maps: int, channels: int) -> Tensor:
        return torch.arange(channels)[:CHANNELS].expand(maps, -1)

    return sum_of_sampled_eigenvalues(case.network(), case.batch().images[:1], choose)


def near(case: Case) -> float:
    return sum_of_ranks(case.network(), case.batch().images, lambda choices: 0)


@torch.no_grad()
def entropies(case: Case) -> list[float]:
    blocks = case.network().forward_blocks(case.batch().images)
    return [block_entropy(features) for features in blocks]


def trainability(case: Case) -> float:
    rng = np.random.default_rng(case.entry["input_seed"] + 7)

    def draw_signs(shape: torch.Size) -> Tensor:
        return torch.from_numpy(2 * rng.integers(0, 2, size=tuple(shape)) - 1).to(case.dtype)

    blocks = case.network().forward_blocks(case.batch().images)
    return gradient_preservation(blocks, draw_signs)


READINGS: dict[str, Callable[[Case], float]] = {
    "nwot": lambda case: naswot(case, "once"),
    "naswot_name_match": lambda case: naswot(case, "twice"),
    "swap": swap,
    "swap_reg_mu850_sigma2e5": regularised_swap,
    "linear_regions_thin": lambda case: count_regions(case.thin_network(), [case.thin_images()]),
    "linear_regions_full": lambda case: count_regions(case.network(), [case.batch().images]),
    "meco_leaf": meco,
    "meco_opt_leaf_first8": meco_opt,
    "near": near,
    "az_nas.expressivity": lambda case: sum(entropies(case)),
    "az_nas.progressivity": lambda case: smallest_step(entropies(case)),
    "az_nas.trainability": trainability,
}
