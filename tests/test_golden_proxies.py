"""Every network and proxy of the golden file, measured with the published programs.

How a golden value is read off zenlab's functions stands in tests/golden_readings, one module for
each family of proxies.
"""

import pytest
import torch

from tests.golden_networks import Case, cases


@pytest.mark.parametrize("case", cases(torch.float32, 8), ids=lambda case: case.entry["name"])
def test_networks_and_inputs_are_those_of_the_file(case: Case) -> None:
    network, check = case.network(), case.entry["check"]
    weights = [
        m.weight for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)
    ]
    assert len(weights) == check["n_conv_linear"]
    assert weights[0][0, 0, 0, 0].item() == pytest.approx(check["stem_weight_0000"], rel=1e-6)
    total = sum(weight.double().abs().sum().item() for weight in weights)
    assert total == pytest.approx(check["sum_abs_conv_linear_weights"], rel=1e-6)
    assert case.second_batch().images[0, 0, 0, 0].item() == pytest.approx(check["input2_0000"])
    with torch.no_grad():
        logits = network(case.batch().images)[0].tolist()
    assert logits == pytest.approx(check["logits_image0"], rel=1e-3, abs=1e-4)
