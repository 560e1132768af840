"""One network of your own as a space: whatever a class or function of yours makes.

Its architecture is spelt like a call, `mynet:SmallNet(width=32)`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

from zenlab.checks import require_whole
from zenlab.core import Genotype, Network
from zenlab.spaces.module.factory import call_factory, sources_of
from zenlab.spaces.module.network import ModuleNetwork
from zenlab.spaces.module.sizes import Sizes, sizes_of


@dataclass(frozen=True)
class Module:
    """The network that `factory`, `package.module:callable`, makes when called with `arguments`.

    Images have `channels` planes of `image_size` x `image_size` pixels. The network is made and
    run once at the start, so that what is wrong with it is told before anything is scored.
    """

    factory: str | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)
    channels: int = 3
    image_size: int = 32
    num_classes: int = 10

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them makes no sense, the factory can't be found or makes no
                network, or the network doesn't classify such images into `num_classes` classes.
        """
        for name in ("channels", "image_size", "num_classes"):
            require_whole(f"space.{name}", getattr(self, name))
        if not isinstance(self.arguments, Mapping):
            raise ValueError(f"space.arguments is {self.arguments!r}; wanted names and values")
        outputs = self._seen[1].outputs
        if outputs < self.num_classes:
            raise ValueError(
                f"space.factory={self.factory} makes a network of {outputs} outputs; wanted at "
                f"least {self.num_classes}, for so many classes has the dataset"
            )

    def __len__(self) -> int:
        """Return 1."""
        return 1

    def __iter__(self) -> Iterator[Genotype]:
        """Walk through the one architecture."""
        yield self._genotype

    def parse(self, text: str) -> Genotype:
        """Return the spelling of the architecture, which may lack the arguments."""
        if text.strip() in (self.factory, self._genotype):
            return self._genotype
        raise ValueError(f"{text!r} is not the one architecture of this space, {self._genotype}")

    def sample(self, rng: np.random.Generator) -> Genotype:
        """Return the one architecture."""
        return self._genotype

    def mutate(self, parent: Genotype, rng: np.random.Generator) -> Genotype:
        """Fail: there is nothing else.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            f"space=module has one architecture, {self._genotype}, which has no neighbour; use "
            f"searcher=exhaustive"
        )

    def canonical(self, genotype: Genotype) -> str:
        """Return the architecture itself."""
        return genotype

    def seed_key(self, genotype: Genotype) -> str:
        """Return the class of the network, so that `zenlab.score` draws the same numbers."""
        return self._seen[0]

    def build(self, genotype: Genotype) -> Network:
        """Call the factory; its network becomes trainable, float32 and in training mode."""
        return self._network()

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        """Return `params`, `macs`, `flops` (the same) and `depth`, counted by running it once.

        `depth` is the number of convolutions and linear layers on the longest way through the
        network; no network of one's own counts as `dead`.
        """
        sizes = self._seen[1]
        return {
            "params": float(sizes.params),
            "macs": float(sizes.macs),
            "flops": float(sizes.macs),
            "depth": float(sizes.depth),
            "dead": 0.0,
        }

    @property
    def sources(self) -> tuple[str, ...]:
        """The names of the modules whose code decides what the factory makes."""
        return sources_of(str(self.factory))

    @property
    def _genotype(self) -> Genotype:
        written = ", ".join(f"{name}={self.arguments[name]!r}" for name in sorted(self.arguments))
        return Genotype(f"{self.factory}({written})" if written else str(self.factory))

    @cached_property
    def _seen(self) -> tuple[str, Sizes]:
        """The class of the network and its sizes, found without touching the global randomness."""
        with torch.random.fork_rng(devices=[]):
            network = self._network()
        try:
            return type(network.model).__name__, sizes_of(network)
        except ValueError as error:
            raise ValueError(f"space.factory={self.factory}: {error}") from error

    def _network(self) -> ModuleNetwork:
        shape = (self.channels, self.image_size, self.image_size)
        return ModuleNetwork(call_factory(self.factory, self.arguments), shape)
