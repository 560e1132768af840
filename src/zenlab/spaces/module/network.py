"""Any classifier of images as one of zenlab's networks: it shows its features before pooling."""

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from zenlab.core import Network

Shape = tuple[int, int, int]
"""Channels, height and width of an image."""

_POOLINGS = {"adaptive_avg_pool2d", "adaptive_max_pool2d", "avg_pool2d", "max_pool2d", "lp_pool2d"}
_REDUCTIONS = {"mean", "sum", "amax"}
_FLATTENINGS = {"flatten", "view", "reshape", "squeeze"}


class ModuleNetwork(Network):
    """A copy of a module, as a space would build it: trainable, in training mode, on the CPU."""

    def __init__(self, module: nn.Module, image_shape: Shape) -> None:
        super().__init__()
        self.model = copy.deepcopy(module).cpu().float().train().requires_grad_()
        self.image_shape = image_shape

    def forward(self, images: Tensor) -> Tensor:
        """Return the class scores, (n, classes)."""
        return self.checked_scores(images, self.model(images))

    def checked_scores(self, images: Tensor, answer: Any) -> Tensor:
        """Return what the module answers to `images`, if that is class scores, (n, classes).

        Raises:
            ValueError: it is something else.
        """
        if isinstance(answer, Tensor) and answer.dim() == 2 and len(answer) == len(images):
            return answer
        raise ValueError(
            f"{self._name} answers images {tuple(images.shape)} with {_in_words(answer)}; wanted "
            f"class scores, (n, classes) = ({len(images)}, classes)"
        )

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the module's own features, or the maps that enter its last global pooling.

        Raises:
            ValueError: there are neither.
        """
        if own := self._method("forward_features"):
            return self._checked_features(own(images))
        seen = LastMaps(self.image_shape)
        with seen:
            self.model(images)
        if seen.maps is not None:
            return seen.maps
        raise ValueError(
            f"found no feature maps (n, c, h, w) before a global pooling in {self._name}; give it "
            f"a method forward_features(images) that returns them"
        )

    def forward_blocks(self, images: Tensor) -> list[Tensor]:
        """Return what the module's own `forward_blocks` does."""
        if own := self._method("forward_blocks"):
            return list(own(images))
        raise ValueError(
            f"{self._name} doesn't tell its blocks; give it a method forward_blocks(images) that "
            f"returns the output of its stem and of each block after it"
        )

    def thin(self) -> nn.Module:
        """Return what the module's own `thin` does."""
        own = self._method("thin")
        made = own() if own else None
        if isinstance(made, nn.Module):
            return made
        raise ValueError(
            f"{self._name} has no thin version of itself; give it a method thin(), or set "
            f'settings={{"linear_regions": {{"network": "full"}}}} (on the command line: '
            f"proxy.network=full)"
        )

    def _checked_features(self, features: Any) -> Tensor:
        if isinstance(features, Tensor) and features.dim() == 4:
            return features
        raise ValueError(
            f"forward_features of {self._name} returns {_in_words(features)}; wanted feature maps "
            f"before global pooling, (n, c, h, w)"
        )

    def _method(self, name: str) -> Any:
        found = getattr(self.model, name, None)
        return found if callable(found) else None

    @property
    def _name(self) -> str:
        return type(self.model).__name__


def read_one_image(
    network: ModuleNetwork, device: torch.device, *, shape_name: str = "shape"
) -> Tensor:
    """Return the scores of an image of zeros, (1, classes), from a copy in evaluation mode.

    Raises:
        ValueError: the module can't read such an image, or its answer isn't class scores.
    """
    probe = copy.deepcopy(network).to(device).eval()
    image = torch.zeros(1, *network.image_shape, device=device)
    try:
        answer = probe.model(image)
    except Exception as error:  # somebody else's code, which may raise anything
        raise ValueError(
            f"the model can't read an image of {shape_name}={network.image_shape}: "
            f"{_in_a_line(error)}{_wanted_channels(network)}"
        ) from error
    return probe.checked_scores(image, answer)


def _wanted_channels(network: ModuleNetwork) -> str:
    first = next((module for module in network.modules() if isinstance(module, nn.Conv2d)), None)
    if first is None or first.in_channels == network.image_shape[0]:
        return "; wanted (channels, height, width)"
    return f"; its first convolution wants {first.in_channels} channels"


class LastMaps(TorchFunctionMode):
    """Sees each operation of a network, and keeps the maps that enter the last global pooling.

    Modules call functions, so this finds both. Maps of more than one position that come later show
    that a pooling wasn't the last. Flattened maps count where nothing pools them. A pooling may
    have two steps: rows and then columns, or positions in a line (n, c, h w) that are then reduced.
    """

    def __init__(self, image_shape: Shape) -> None:
        super().__init__()
        self.maps: Tensor | None = None
        self._half: tuple[Tensor, Tensor] | None = None  # after the first step, before it
        self._image_shape = image_shape

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        read = args[0] if args else (kwargs or {}).get("input")
        if isinstance(read, Tensor) and isinstance(made, Tensor):
            self._see(getattr(func, "__name__", ""), read, made)
        return made

    def _see(self, operation: str, read: Tensor, made: Tensor) -> None:
        if made.dim() == 4 and made.shape[2:].numel() > 1:
            self.maps = None
        elif operation in _FLATTENINGS | _REDUCTIONS and _is_half(read, made):
            self._half = made, read
        elif self._half is not None and read is self._half[0]:
            if operation in _REDUCTIONS and made.shape == read.shape[:2]:
                self.maps = self._half[1]
        elif read.dim() == 4 and (
            (operation in _POOLINGS | _REDUCTIONS and _is_global(read, made))
            or (operation in _FLATTENINGS and self.maps is None and self._is_flat(read, made))
        ):
            self.maps = read

    def _is_flat(self, read: Tensor, made: Tensor) -> bool:
        """The images aren't features of themselves, normalised or not."""
        return made.shape == read.flatten(1).shape and read.shape[1:] != self._image_shape


def _is_global(read: Tensor, made: Tensor) -> bool:
    return made.shape in (read.shape[:2], (*read.shape[:2], 1, 1))


def _is_half(read: Tensor, made: Tensor) -> bool:
    return read.dim() == 4 and made.dim() == 3 and read.shape[:2] == made.shape[:2]


def _in_words(answer: Any) -> str:
    return str(tuple(answer.shape)) if isinstance(answer, Tensor) else f"a {type(answer).__name__}"


def _in_a_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
