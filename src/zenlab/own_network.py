"""Somebody's network as a space of one architecture, which any measurement can score."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from zenlab.checks import require_whole
from zenlab.core import Genotype, Network
from zenlab.spaces.module.network import ModuleNetwork, Shape, read_one_image


class Alone:
    """A space of one architecture: a copy of a model, spelt by the name of its class."""

    def __init__(self, model: nn.Module, image_shape: Shape) -> None:
        self.genotype = Genotype(type(model).__name__)
        self._network = ModuleNetwork(model, image_shape)

    @torch.no_grad()
    def count_outputs(self, device: torch.device) -> int:
        """Return the number of classes that the model tells apart.

        Raises:
            ValueError: it can't read such images, or answers no class scores.
        """
        return read_one_image(self._network, device, shape_name="input_shape").shape[1]

    def parse(self, text: str) -> Genotype:
        """Return the text: whoever has this space knows what is in it."""
        return Genotype(text)

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Return the architecture."""
        return self.genotype

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Fail.

        Raises:
            ValueError: always.
        """
        raise ValueError("there is one architecture, which has no neighbour")

    def build(self, genotype: Genotype) -> Network:
        """Return the network itself: whoever measures it takes a copy (`Views`)."""
        return self._network

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return `params`, all that proxies ask for where a network is alone."""
        return {"params": float(sum(weight.numel() for weight in self._network.parameters()))}

    def canonical(self, genotype: Genotype) -> str:
        """Return the genotype."""
        return genotype


def checked_shape(shape: Sequence[int]) -> Shape:
    """Return channels, height and width.

    Raises:
        ValueError: `shape` isn't three whole numbers.
    """
    if not isinstance(shape, Sequence) or len(shape) != 3 or isinstance(shape, str):
        raise ValueError(
            f"input_shape is {shape!r}; wanted (channels, height, width), such as (3, 224, 224)"
        )
    for name, size in zip(("channels", "height", "width"), shape, strict=True):
        require_whole(f"the {name} of input_shape", size)
    return shape[0], shape[1], shape[2]
