"""PyTorch's default weights, drawn in the layout in which convolutions read them."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

_WEIGHTED = nn.Conv2d, nn.Linear  # tuples: several times as fast as unions
_BATCH_NORMS = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d


@torch.no_grad()
def draw_default_weights(modules: Iterable[nn.Module], rng: torch.Generator) -> None:
    """Draw from the laws of `initialise(..., "default", ...)`, in half of its time.

    The draws are others, for weights are filled as they lie in channels_last. Running statistics
    stay: nothing reads them in training mode.
    """
    for module in modules:
        if isinstance(module, _WEIGHTED):
            weight, bias = module.weight, module.bias
            bound = 1 / math.sqrt(math.prod(weight.shape[1:]))
            weight.data = _uniform(weight, bound, rng)
            if bias is not None:
                bias.data = _uniform(bias, bound, rng)
        elif isinstance(module, _BATCH_NORMS) and module.affine:
            module.weight.fill_(1)
            module.bias.zero_()


def _uniform(like: Tensor, bound: float, rng: torch.Generator) -> Tensor:
    layout = torch.channels_last if like.dim() == 4 else torch.contiguous_format
    drawn = torch.empty(like.shape, dtype=like.dtype, device=rng.device, memory_format=layout)
    drawn.uniform_(-bound, bound, generator=rng)
    return drawn if like.device == rng.device else drawn.to(like.device)
