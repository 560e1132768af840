"""Default weights come from PyTorch's own laws, drawn from a given generator alone."""

import math

import pytest
import torch
from torch import nn

from zenlab.proxies.default_weights import draw_default_weights
from zenlab.proxies.initialisation import initialise
from zenlab.proxies.recording import leaves
from zenlab.spaces.nb201 import NB201


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(6, 40, 3, groups=2), nn.BatchNorm2d(40), nn.Sequential(nn.Linear(40, 90))
    )


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("place", "fan_in"), [("0", 27), ("2.0", 40)])
def test_weights_and_biases_are_uniform_up_to_the_root_of_the_fan_in(
    place: str, fan_in: int
) -> None:
    drawn = network()
    nn.init.constant_(drawn[1].weight, 3)
    nn.init.constant_(drawn[1].bias, 3)
    draw_default_weights(leaves(drawn), generator())
    layer, bound = drawn.get_submodule(place), 1 / math.sqrt(fan_in)
    for values in (layer.weight, layer.bias):
        assert values.abs().max() <= bound
        assert values.abs().max() > 0.95 * bound
    spread = layer.weight.std().item() * math.sqrt(3) / bound
    assert spread == pytest.approx(1, abs=0.05)
    assert layer.weight.mean().item() == pytest.approx(0, abs=0.05 * bound)
    assert drawn[1].weight.eq(1).all() and drawn[1].bias.eq(0).all()


def test_equal_generators_draw_equal_weights_and_leave_global_state_alone() -> None:
    state = torch.get_rng_state()
    with torch.random.fork_rng(devices=[]):
        one, other, third = network(), network(), network()
    for drawn, seed in ((one, 1), (other, 1), (third, 2)):
        draw_default_weights(leaves(drawn), generator(seed))
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one[0].weight, other[0].weight)
    assert not torch.equal(one[0].weight, third[0].weight)


def test_what_is_drawn_is_what_initialise_draws() -> None:
    """The same parameters, in number and size; draws of equal laws come in another order."""
    one, other = NB201(C=2, N=1).build("6111"), NB201(C=2, N=1).build("6111")
    draw_default_weights(leaves(one), generator())
    initialise(other, "default", generator())
    drawn, wanted = (
        torch.cat([p.detach().flatten().sort()[0] for p in net.parameters()])
        for net in (one, other)
    )
    assert drawn.numpy() == pytest.approx(wanted.numpy(), abs=1e-6)


def test_leaves_stand_in_the_order_of_all_modules() -> None:
    built = NB201(C=2, N=1).build("6111")
    built.register_module("nothing", None)
    shared = nn.ReLU()
    mixed = nn.Sequential(built, nn.Sequential(shared, nn.Sequential()), shared)
    wanted = [module for module in mixed.modules() if not list(module.children())]
    assert leaves(mixed) == wanted
