"""Proxies that judge Jacobians and gradients of single images or batches."""

from collections.abc import Callable

from tests.golden_networks import Case
from zenlab.proxies.epe_nas import epe_nas
from zenlab.proxies.input_jacobian import input_jacobian
from zenlab.proxies.jacob_cov import jacob_cov
from zenlab.proxies.ntk import condition_number, tangent_kernel
from zenlab.proxies.vkdnw import (
    fisher_matrix,
    parameter_jacobian,
    parameter_tensors,
    spectral_entropy,
)
from zenlab.proxies.zico import layer_steadiness, zico


def _jacob_cov(case: Case) -> float:
    jacobian, _ = input_jacobian(case.network(), case.batch().images)
    return jacob_cov(jacobian)


def _epe_nas(case: Case) -> float:
    batch = case.batch()
    jacobian, classes = input_jacobian(case.network(), batch.images)
    return epe_nas(jacobian, batch.labels, classes)


def _ntk_cond(case: Case) -> float:
    return condition_number(tangent_kernel(case.network(), case.batch().images))


def _zico(case: Case) -> float:
    return zico(layer_steadiness(case.network(), [case.batch(), case.second_batch()]))


def _vkdnw_entropy(case: Case) -> float:
    logits, jacobian = parameter_jacobian(case.network(), case.batch().images, 128)
    return spectral_entropy(fisher_matrix(logits, jacobian, "authors"))


READINGS: dict[str, Callable[[Case], float]] = {
    "jacob_cov": _jacob_cov,
    "epe_nas": _epe_nas,
    "ntk_cond": _ntk_cond,
    "zico": _zico,
    "vkdnw_dim": lambda case: parameter_tensors(case.network()),
    "vkdnw_entropy": _vkdnw_entropy,
}
