"""The proxies of the loss's gradients, of synaptic flow and of the size of weights."""

from collections.abc import Callable

import torch

from tests.golden_networks import Case
from zenlab.proxies.fisher import fisher
from zenlab.proxies.grad_norm import grad_norm
from zenlab.proxies.grasp import grasp
from zenlab.proxies.l2_norm import l2_norm
from zenlab.proxies.loss_gradients import LayerGradient, loss_gradients
from zenlab.proxies.plain import plain
from zenlab.proxies.snip import snip
from zenlab.proxies.synflow import synflow


def _layers(case: Case) -> list[LayerGradient]:
    return loss_gradients(case.network(), case.batch())


def _synflow(case: Case) -> float:
    return synflow(case.network().double(), torch.ones(1, 3, 32, 32, dtype=torch.float64))


READINGS: dict[str, Callable[[Case], float]] = {
    "snip": lambda case: snip(_layers(case)),
    "grad_norm": lambda case: grad_norm(_layers(case)),
    "plain": lambda case: plain(_layers(case)),
    "fisher": lambda case: fisher(_layers(case)),
    "grasp": lambda case: grasp(case.network(), case.batch()),
    "synflow": _synflow,
    "l2_norm": lambda case: l2_norm(case.network()),
}
