"""The networks and inputs behind tests/golden/proxies.json, rebuilt by the rules that it states."""

import json
import math
import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zenlab.core import Batch, Network
from zenlab.proxies.initialisation import fan_in
from zenlab.spaces.nb201 import NB201

FOLDER = Path(os.environ.get("ZENLAB_GOLDEN", Path(__file__).parent / "golden"))


@lru_cache(maxsize=1)
def golden_file() -> dict[str, Any]:
    """The whole file; ZENLAB_GOLDEN may name a folder with another one."""
    return json.loads((FOLDER / "proxies.json").read_text())


@dataclass(frozen=True)
class Case:
    """One network of the file, in one type of numbers."""

    entry: dict[str, Any]
    dtype: torch.dtype

    @property
    def space(self) -> NB201:
        return NB201(C=self.entry["C"], N=self.entry["N"])

    def network(self) -> Network:
        """A fresh copy with the golden weights, in training mode."""
        network = self.space.build(self.space.parse(self.entry["arch"]))
        fill(network, self.entry["weight_seed"])
        return network.to(self.dtype).train()

    def thin_network(self) -> nn.Module:
        """The thin network of linear regions; its weights come from the same seed."""
        thin = self.network().thin()
        fill(thin, self.entry["weight_seed"])
        return thin.to(self.dtype).train()

    def batch(self) -> Batch:
        """The first batch of 16 images."""
        return self._batches()[0]

    def second_batch(self) -> Batch:
        """The second batch, for zico."""
        return self._batches()[1]

    def thin_images(self) -> Tensor:
        """The inputs of the thin network, (1000, 1, 3, 3)."""
        drawn = np.random.default_rng(self.entry["input_seed"]).standard_normal((1000, 1, 3, 3))
        return torch.from_numpy(drawn.astype(np.float32)).to(self.dtype)

    def value(self, name: str) -> float:
        """The measured value of a proxy, in this type of numbers."""
        values = "values_float64" if self.dtype == torch.float64 else "values"
        return float(self.entry[values][name])

    def _batches(self) -> list[Batch]:
        rng = np.random.default_rng(self.entry["input_seed"])
        labels = torch.arange(16) % 10
        drawn = [rng.standard_normal((16, 3, 32, 32)).astype(np.float32) for _ in range(2)]
        return [Batch(torch.from_numpy(d).to(self.dtype), labels, synthetic=True) for d in drawn]


def fill(network: nn.Module, seed: int) -> None:
    """Draw Kaiming-normal weights in the file's module order, which is that of `modules()`."""
    rng = np.random.default_rng(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            drawn = rng.standard_normal(tuple(module.weight.shape))
            drawn *= math.sqrt(2 / fan_in(module.weight))
            module.weight.data = torch.from_numpy(drawn.astype(np.float32))
            if module.bias is not None:
                module.bias.data.zero_()


def cases(dtype: torch.dtype, width: int) -> list[Case]:
    """All networks of one width in the stem: 8 (quick) or 16."""
    return [Case(entry, dtype) for entry in golden_file()["networks"] if entry["C"] == width]
