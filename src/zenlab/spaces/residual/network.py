"""The modules of a residual network, made from its plan (He et al., CVPR 2016)."""

from collections.abc import Iterator

from torch import Tensor, nn

from zenlab.core import Network
from zenlab.graphs.graph import Convolution
from zenlab.spaces.residual.plan import BlockPlan, NetworkPlan, width_of
from zenlab.spaces.residual.squeeze_excitation import SqueezeExcitation


class ResidualNetwork(Network):
    """Stem, residual blocks, global average pooling and a linear classifier.

    Images are (n, c, h, w) of any size; each stride of 2 halves the sides, rounding up.
    """

    def __init__(self, plan: NetworkPlan) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_convolution_norm(plan.stem, plan.channels), nn.ReLU())
        self.blocks = nn.Sequential(
            *(ResidualBlock(block) for block in plan.blocks for _ in range(block.times))
        )
        self.classifier = nn.Linear(plan.width, plan.classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return what the last block gives, rectified, (n, c, h, w)."""
        features: Tensor = self.blocks(self.stem(images))
        return features

    def forward_blocks(self, images: Tensor) -> list[Tensor]:
        """Return the output of the stem and of each block, rectified."""
        outputs = [self.stem(images)]
        for block in self.blocks:
            outputs.append(block(outputs[-1]))
        return outputs


class ResidualBlock(nn.Module):
    """Convolutions whose result is added to the block's input, then ReLU."""

    def __init__(self, plan: BlockPlan) -> None:
        super().__init__()
        self.main = nn.Sequential(*_main(plan))
        self.shortcut = _shortcut(plan)
        self.activation = nn.ReLU()

    def forward(self, features: Tensor) -> Tensor:
        """Return main path plus shortcut, if there is one, rectified."""
        made = self.main(features)
        if self.shortcut is not None:
            made = made + self.shortcut(features)
        rectified: Tensor = self.activation(made)
        return rectified


def _main(plan: BlockPlan) -> Iterator[nn.Module]:
    width = plan.width_in
    for place, convolution in enumerate(plan.convolutions, 1):
        yield from _convolution_norm(convolution, width)
        width = width_of(convolution)
        if place < len(plan.convolutions):
            yield nn.ReLU()
        if place == 2 and plan.gate is not None:
            yield SqueezeExcitation(width, plan.gate, norm=False)


def _shortcut(plan: BlockPlan) -> nn.Module | None:
    if not plan.residual:
        return None
    if plan.projection is None:
        return nn.Identity()
    return nn.Sequential(*_convolution_norm(plan.projection, plan.width_in))


def _convolution_norm(convolution: Convolution, width_in: int) -> Iterator[nn.Module]:
    width = width_of(convolution)
    yield nn.Conv2d(
        width_in,
        width,
        convolution.kernel,
        stride=convolution.stride,
        padding=(convolution.kernel - 1) // 2,
        groups=convolution.groups,
        bias=False,
    )
    yield nn.BatchNorm2d(width)
