"""The maps that leaf modules return for the first image, and how their channels vary together.

Modules often return the same maps: ReLUs and poolings that read one node of a cell, and skips. A
batch norm returns those of the convolution before it, shifted and scaled channel by channel, so
that its channels correlate as before. Such maps are kept once.
"""

import weakref
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from zenlab.proxies.recording import replaced_forwards, watch_passage

Wanted = Callable[[int, int], bool]
"""Whether maps of so many channels and positions are wanted."""

Norm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d
_NORMS = nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d
_PASS = "pass"
"""What batch norms and skips do to maps, but for a shift and a scale of each channel."""


@dataclass
class LeafMaps:
    """The first image's distinct maps (1, c, ...), and who made them.

    `made` tells for each call of a module, in order, the place of its maps in `distinct`. A batch
    norm made those that entered it: up to a shift and a scale of each channel, they are its own.
    """

    distinct: list[Tensor] = field(default_factory=list)
    made: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=list)

    @property
    def overwritten(self) -> bool:
        """Whether somebody has written into an output since it was kept."""
        return self.versions != [output._version for output in self.distinct]


def leaf_maps(
    network: nn.Module, images: Tensor, modules: Sequence[nn.Module], wanted: Wanted
) -> LeafMaps:
    """Run a network in training mode on images (n, c, h, w), and keep what leaf modules return.

    Outputs of one number per channel are left out, and those that aren't `wanted`. Those of a
    single image are copied only if the network writes into them, which is seen afterwards: then it
    runs again. Of several images the first one's are copied, so that the others' can go.

    Raises:
        ArithmeticError: the activations overflowed.
    """
    norms = [module for module in modules if isinstance(module, _NORMS)]
    kinds = _kinds(modules, norms)
    with replaced_forwards({norm: _untracked(norm) for norm in norms if norm.training}):
        found = _run(network, images, modules, kinds, wanted, copy=len(images) > 1)
        if found.overwritten:
            found = _run(network, images, modules, kinds, wanted, copy=True)
    return found


@torch.no_grad()
def covariances(maps: Sequence[Tensor]) -> dict[int, tuple[list[int], Tensor]]:
    """Return how the channels of maps (1, c, ...) vary together.

    By number of channels: the places of the maps, and their covariances (maps, c, c), as sums over
    positions.
    """
    alike: dict[torch.Size, list[int]] = defaultdict(list)
    for place, one in enumerate(maps):
        alike[one.shape].append(place)
    places: dict[int, list[int]] = defaultdict(list)
    found: dict[int, list[Tensor]] = defaultdict(list)
    for shape, those in alike.items():
        together = torch.cat([maps[place] for place in those]).flatten(2).mT  # (maps, positions, c)
        together -= together.mean(1, keepdim=True)
        places[shape[1]] += those
        found[shape[1]].append(together.mT @ together)
    return {channels: (places[channels], torch.cat(made)) for channels, made in found.items()}


def _run(
    network: nn.Module,
    images: Tensor,
    modules: Sequence[nn.Module],
    kinds: Mapping[nn.Module, Hashable],
    wanted: Wanted,
    *,
    copy: bool,
) -> LeafMaps:
    found = LeafMaps()
    # By what was done to which tensor, for as long as it lives and nobody writes into it.
    known: dict[Hashable, tuple[weakref.ref[Tensor], int]] = {}
    taken: dict[torch.Size, bool] = {}

    def see(module: nn.Module, entering: Any, output: Tensor) -> None:
        shape = output.shape
        if shape not in taken:
            taken[shape] = len(shape) > 2 and wanted(shape[1], shape[2:].numel())
        if not taken[shape]:
            return
        kind = kinds.get(module) if isinstance(entering, Tensor) else None
        key = (id(entering), entering._version, kind) if kind else None
        place = known[key][1] if key in known and known[key][0]() is entering else None
        if place is None:
            place = len(found.distinct)
            first = output if len(output) == 1 else output[:1]
            found.distinct.append(first.clone() if copy else first)
            found.versions.append(found.distinct[place]._version)
            if key:
                known[key] = weakref.ref(entering), place
        known[id(output), output._version, _PASS] = weakref.ref(output), place
        found.made.append(place)

    watch_passage(network, images, modules, see)
    return found


def _kinds(modules: Sequence[nn.Module], norms: Sequence[Norm]) -> dict[nn.Module, Hashable]:
    """What modules do, for those that do the same to equal inputs."""
    kinds: dict[nn.Module, Hashable] = {}
    for module in modules:
        kind = type(module)
        if kind is nn.ReLU:
            kinds[module] = nn.ReLU
        elif kind is nn.Identity:
            kinds[module] = _PASS
        elif isinstance(module, nn.AvgPool2d) and kind is nn.AvgPool2d:
            sizes = module.kernel_size, module.stride, module.padding, module.ceil_mode
            kinds[module] = *sizes, module.count_include_pad, module.divisor_override
    scales: list[Tensor] = [norm.weight for norm in norms if norm.affine]
    if not scales or torch.cat(scales).all():  # a scale of zero makes a channel constant
        kinds.update(dict.fromkeys(norms, _PASS))
    return kinds


def _untracked(norm: Norm) -> Callable[[Tensor], Tensor]:
    """Normalise by the batch, and leave running statistics, which nobody reads, as they are."""
    weight, bias, eps = norm.weight, norm.bias, norm.eps

    def normalise(features: Tensor) -> Tensor:
        if features.numel() == features.shape[1]:  # raises: one value has no variance
            return F.batch_norm(features, None, None, weight, bias, training=True, eps=eps)
        # What `F.batch_norm` calls; its checks take a third of the time of small maps.
        cudnn = torch.backends.cudnn.enabled
        return torch.batch_norm(features, weight, bias, None, None, True, 0.0, eps, cudnn)

    return normalise
