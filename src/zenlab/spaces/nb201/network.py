"""The network that NAS-Bench-201 wraps around a cell (Dong and Yang, ICLR 2020, figure 1)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from zenlab.core import Network
from zenlab.spaces.nb201.cell import EDGES, NODES, Cell

Stages = Sequence[Sequence[int]]
"""The widths of each stage: of what it begins with (stem or reduction), then of each cell."""

_HALVINGS = 2


def require_divisible(image_size: int) -> None:
    """See that the sides of images can be halved as often as a network does.

    Raises:
        ValueError: they can't.
    """
    if image_size % 2**_HALVINGS:
        raise ValueError(
            f"images of {image_size} x {image_size} pixels: a NAS-Bench-201 network "
            f"halves them twice, so space.image_size must be divisible by 4"
        )


class StagedNetwork(Network):
    """Stem, stages of one cell each time with reductions between, classifier.

    `stages` are three. Images are (n, channels, h, w) with h and w divisible by 4; features before
    pooling are (n, last width, h/4, w/4).
    """

    def __init__(self, cell: Cell, *, stages: Stages, channels: int, num_classes: int) -> None:
        super().__init__()
        current = stages[0][0]
        self.stem = nn.Sequential(
            nn.Conv2d(channels, current, 3, padding=1, bias=False), nn.BatchNorm2d(current)
        )
        blocks: list[nn.Module] = []
        for number, (first, *widths) in enumerate(stages):
            if number:
                blocks.append(Reduction(current, first))
            current = first
            for width in widths:
                blocks.append(CellModule(cell, width, entering=current))
                current = width
        self.cells = nn.Sequential(*blocks)
        self._cell = cell
        self.last = nn.Sequential(nn.BatchNorm2d(current), nn.ReLU())
        self.classifier = nn.Linear(current, num_classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the features after the last batch norm and ReLU, (n, c, h/4, w/4)."""
        height, width = images.shape[2:]
        if height % 4 or width % 4:
            raise ValueError(
                f"images of {height} x {width} pixels: a NAS-Bench-201 network halves them twice, "
                f"so both sides must be divisible by 4"
            )
        features: Tensor = self.last(self.cells(self.stem(images)))
        return features

    def forward_blocks(self, images: Tensor) -> list[Tensor]:
        """Return the output of the stem and of each cell and reduction."""
        outputs = [self.stem(images)]
        for block in self.cells:
            outputs.append(block(outputs[-1]))
        return outputs

    def thin(self) -> nn.Module:
        """Return one cell of width 1 with batch norm and ReLU behind it; takes (n, 1, h, w)."""
        return nn.Sequential(CellModule(self._cell, 1), nn.BatchNorm2d(1), nn.ReLU())


class NB201Network(StagedNetwork):
    """Stem, three stages of N equal cells at widths C, 2C, 4C with reductions between, classifier.

    Images are (n, channels, h, w) with h and w divisible by 4; features before pooling are
    (n, 4C, h/4, w/4).
    """

    def __init__(self, cell: Cell, *, C: int, N: int, channels: int, num_classes: int) -> None:  # noqa: N803
        stages = equal_cells((C, 2 * C, 4 * C), N)
        super().__init__(cell, stages=stages, channels=channels, num_classes=num_classes)


def equal_cells(widths: Sequence[int], N: int) -> Stages:  # noqa: N803
    """Return stages of N cells, each stage of one width."""
    return tuple((width,) * (1 + N) for width in widths)


class CellModule(nn.Module):
    """One cell: a node is the sum of its incoming edges, zero where all of them are `none`.

    Where maps of another width are `entering`, the operations from the input node change it: a
    skip becomes a 1x1 convolution with batch norm (NATS-Bench). Such a cell may hold no pooling
    from its input node, and each of its nodes needs an edge other than `none`.
    """

    def __init__(self, cell: Cell, width: int, *, entering: int | None = None) -> None:
        super().__init__()
        entering = width if entering is None else entering
        self.operations = nn.ModuleDict(
            {
                f"{i}{j}": _operation(name, width if i else entering, width)
                for (i, j), name in zip(EDGES, cell, strict=True)
                if name != "none"
            }
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return the output node, of the same shape as the input node."""
        nodes = [features]
        for node in range(1, NODES):
            incoming = [
                self.operations[f"{source}{node}"](nodes[source])
                for source in range(node)
                if f"{source}{node}" in self.operations
            ]
            nodes.append(sum(incoming[1:], incoming[0]) if incoming else torch.zeros_like(features))
        return nodes[-1]


class Reduction(nn.Module):
    """The residual block between stages: halves the sides and changes the width."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            _relu_conv_norm(width_in, width_out, kernel=3, stride=2),
            _relu_conv_norm(width_out, width_out, kernel=3, stride=1),
        )
        self.shortcut = nn.Sequential(
            nn.AvgPool2d(2, stride=2), nn.Conv2d(width_in, width_out, 1, bias=False)
        )

    def forward(self, features: Tensor) -> Tensor:
        """Return main path plus shortcut, (n, width_out, h/2, w/2)."""
        total: Tensor = self.main(features) + self.shortcut(features)
        return total


def _operation(name: str, width_in: int, width_out: int) -> nn.Module:
    match name:
        case "skip_connect" if width_in == width_out:
            return nn.Identity()
        case "skip_connect":
            return nn.Sequential(
                nn.Conv2d(width_in, width_out, 1, bias=False), nn.BatchNorm2d(width_out)
            )
        case "avg_pool_3x3" if width_in == width_out:
            return nn.AvgPool2d(3, stride=1, padding=1, count_include_pad=False)
        case "nor_conv_1x1":
            return _relu_conv_norm(width_in, width_out, kernel=1, stride=1)
        case "nor_conv_3x3":
            return _relu_conv_norm(width_in, width_out, kernel=3, stride=1)
        case _:
            raise ValueError(f"{name!r} from width {width_in} to {width_out} can't be built")


def _relu_conv_norm(width_in: int, width_out: int, *, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(width_in, width_out, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(width_out),
    )
