"""Latency here: of the network as it is used, once for each architecture."""

import torch
from torch import Tensor, nn

from zenlab.constraints.timer import Timer
from zenlab.core import Genotype, Network
from zenlab.spaces.nb201 import NB201


class Watched(Network):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(2)
        self.seen: list[tuple[bool, bool, int, tuple[int, ...]]] = []

    def forward(self, images: Tensor) -> Tensor:
        gradients, threads = torch.is_grad_enabled(), torch.get_num_threads()
        self.seen.append((self.training, gradients, threads, tuple(images.shape)))
        return self.norm(images)


class One:
    """A space of one network, which it builds anew."""

    def __init__(self) -> None:
        self.built: list[Watched] = []

    def build(self, genotype: Genotype) -> Network:
        self.built.append(Watched())
        return self.built[-1]


def test_one_image_passes_in_evaluation_mode_without_gradients_in_one_thread() -> None:
    space = One()
    timer = Timer(space, channels=2, image_size=8)
    assert timer(Genotype("a")) > 0
    assert set(space.built[0].seen) == {(False, False, 1, (1, 2, 8, 8))}
    assert len(space.built[0].seen) > 5


def test_an_architecture_is_measured_once() -> None:
    space = One()
    timer = Timer(space, channels=2, image_size=8)
    assert timer(Genotype("a")) == timer(Genotype("a"))
    assert len(space.built) == 1


def test_the_number_of_threads_is_left_as_it_was() -> None:
    torch.set_num_threads(2)
    try:
        Timer(One(), channels=2, image_size=8)(Genotype("a"))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def test_the_largest_cell_is_slower_than_an_empty_one() -> None:
    timer = Timer(space := NB201(), channels=3, image_size=32)
    full = "|{0}~0|+|{0}~0|{0}~1|+|{0}~0|{0}~1|{0}~2|"
    conv, skip = (space.parse(full.format(name)) for name in ("nor_conv_3x3", "skip_connect"))
    assert timer(conv) > 1.5 * timer(skip)
