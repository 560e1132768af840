"""Every network and proxy of the golden file, measured with the published programs.

How a golden value is read off zenlab's functions stands in tests/golden_readings, one module for
each family of proxies. The wide networks (C=16, N=5) are marked slow: `pytest -m slow`.
"""

import math
from collections.abc import Callable, Iterator

import pytest
import torch

from tests.golden_networks import Case, cases, golden_file
from tests.golden_readings import gradients, jacobians, patterns

READINGS: dict[str, Callable[[Case], float]] = {
    **gradients.READINGS,
    **jacobians.READINGS,
    **patterns.READINGS,
    "params": lambda case: sum(p.numel() for p in case.network().parameters()),
}
CONVENTIONS = ("ntk_cond", "jacob_cov", "epe_nas", "az_nas.")
"""Where the reference's value for a dead cell is a convention of its own; see `advised`."""

FLOATS = (torch.float32, torch.float64)
ALL_CASES = [case for dtype in FLOATS for width in (8, 16) for case in cases(dtype, width)]


def rows(case: Case) -> list[str]:
    values = "values_float64" if case.dtype == torch.float64 else "values"
    return list(case.entry.get(values, {}))


def tagged() -> Iterator[object]:
    for case in ALL_CASES:
        if rows(case):
            words = (case.entry["name"], f"C{case.entry['C']}", str(case.dtype))
            marks = [pytest.mark.slow] if case.entry["C"] == 16 else []
            yield pytest.param(case, id="-".join(words), marks=marks)


@pytest.mark.parametrize("case", cases(torch.float32, 8), ids=lambda case: case.entry["name"])
def test_networks_and_inputs_are_those_of_the_file(case: Case) -> None:
    network, check = case.network(), case.entry["check"]
    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    weights = [layer.weight for layer in layers]
    assert len(weights) == check["n_conv_linear"]
    assert weights[0][0, 0, 0, 0].item() == pytest.approx(check["stem_weight_0000"], rel=1e-6)
    total = sum(weight.double().abs().sum().item() for weight in weights)
    assert total == pytest.approx(check["sum_abs_conv_linear_weights"], rel=1e-6)
    assert case.second_batch().images[0, 0, 0, 0].item() == pytest.approx(check["input2_0000"])
    with torch.no_grad():
        logits = network(case.batch().images)[0].tolist()
    assert logits == pytest.approx(check["logits_image0"], rel=1e-3, abs=1e-4)


def test_the_file_holds_nothing_that_is_not_compared() -> None:
    compared = [(case.entry["name"], name) for case in ALL_CASES for name in rows(case)]
    in_file = sum(
        len(entry["values"]) + len(entry.get("values_float64", {}))
        for entry in golden_file()["networks"]
    )
    assert len(compared) == in_file
    assert {name for _, name in compared} <= set(READINGS)


@pytest.mark.parametrize("case", list(tagged()))
def test_every_value_of_a_network_is_met(case: Case) -> None:
    wrong = {}
    for name in rows(case):
        found = float(READINGS[name](case))
        if not agrees(case, name, found):
            wrong[name] = (found, case.value(name))
    assert not wrong


def agrees(case: Case, name: str, found: float) -> bool:
    """Within the file's tolerance; what is a convention of a reference is what the note advises."""
    value = case.value(name)
    if found == value:
        return True
    if name.startswith(CONVENTIONS) and is_dead(case):
        return advised(name, found)
    if name == "vkdnw_entropy" and in_rounding(case):
        return math.isfinite(found)
    if value == -math.inf:  # a live cell, but a float32 eigenvalue below 0
        return found == pytest.approx(float(case.entry["values_float64"][name]), rel=1e-4)
    return abs(found - value) <= tolerance(case, name)


def tolerance(case: Case, name: str) -> float:
    stated = golden_file()["proxies"][name]
    value = abs(case.value(name))
    if case.dtype == torch.float64 and "tolerance_relative_float64" in stated:
        if name == "plain":
            return stated["tolerance_relative_float64"] * abs(case.value("snip"))
        return stated["tolerance_relative_float64"] * value + 1e-9
    absolute = stated["tolerance_absolute"]
    if absolute == "1e-3*snip":
        absolute = 1e-3 * abs(case.value("snip"))
    return stated["tolerance_relative"] * value + absolute


def advised(name: str, found: float) -> bool:
    """A dead cell has no condition number, no correlation, and no trainable or expressive block.

    Every option scores it minus infinity before it is measured (`space.describe(...)["dead"]`).
    """
    return not math.isfinite(found) or (name.startswith("az_nas.") and found < 0)


def is_dead(case: Case) -> bool:
    return case.space.describe(case.space.parse(case.entry["arch"]))["dead"] == 1


def in_rounding(case: Case) -> bool:
    """The Fisher matrix's deciles are rounding where so few parameters matter: see the note, 2.19.

    The file's entropies for these two are those of float32 singular values of the size of epsilon.
    """
    return case.entry["name"] == "dead_output" or (
        case.entry["name"] == "dead_branches" and case.entry["C"] == 16
    )
