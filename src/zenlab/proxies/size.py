"""Size as a proxy: parameters and FLOPs, the baselines that every proxy must beat."""

from collections.abc import Sequence
from dataclasses import dataclass

from zenlab.core import Estimate, Genotype, Space


@dataclass(frozen=True)
class Params:
    """The number of trainable parameters, exactly, without building the network."""

    def evaluate(self, space: Space, genotypes: Sequence[Genotype]) -> list[Estimate]:
        """Count the parameters of each architecture."""
        return [Estimate(space.describe(genotype)["params"]) for genotype in genotypes]


@dataclass(frozen=True)
class Flops:
    """The operations for one image in the convention of the space's benchmark, exactly."""

    def evaluate(self, space: Space, genotypes: Sequence[Genotype]) -> list[Estimate]:
        """Count the operations of each architecture."""
        return [Estimate(space.describe(genotype)["flops"]) for genotype in genotypes]
