"""The networks of TransNAS-Bench-101's macro space (Duan et al., CVPR 2021)."""

from collections.abc import Sequence

from torch import Tensor, nn

from zenlab.core import Network
from zenlab.spaces.transnas_macro.modules import STEM_WIDTH, ResidualBlock


class TransNASMacroNetwork(Network):
    """Images are (n, channels, h, w); features before pooling are signed: nothing rectifies them.

    Without `residual` blocks have no shortcuts, projections included.
    """

    def __init__(
        self, blocks: Sequence[ResidualBlock], *, residual: bool, channels: int, num_classes: int
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            *_conv_norm(channels, STEM_WIDTH // 2, 3, stride=2),
            nn.ReLU(),
            *_conv_norm(STEM_WIDTH // 2, STEM_WIDTH, 3, stride=2),
        )
        self.blocks = nn.Sequential(*(_PreActivationBlock(block, residual) for block in blocks))
        self.classifier = nn.Linear(blocks[-1].width_out, num_classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the output of the last block, (n, width, h/2^k, w/2^k), rounded up."""
        features: Tensor = self.blocks(self.stem(images))
        return features

    def forward_blocks(self, images: Tensor) -> list[Tensor]:
        """Return the output of the stem and of each residual block, two for each module."""
        outputs = [self.stem(images)]
        for block in self.blocks:
            outputs.append(block(outputs[-1]))
        return outputs


class _PreActivationBlock(nn.Module):
    """ReLU, 3x3 convolution and batch norm, twice; plus the input or its projection."""

    def __init__(self, block: ResidualBlock, residual: bool) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ReLU(),
            *_conv_norm(block.width_in, block.width_out, 3, stride=block.stride),
            nn.ReLU(),
            *_conv_norm(block.width_out, block.width_out, 3),
        )
        self.shortcut = _shortcut(block) if residual else None

    def forward(self, features: Tensor) -> Tensor:
        """Return the sum, which nothing rectifies."""
        made: Tensor = self.main(features)
        return made if self.shortcut is None else made + self.shortcut(features)


def _shortcut(block: ResidualBlock) -> nn.Module:
    if not block.projects:
        return nn.Identity()
    return nn.Sequential(*_conv_norm(block.width_in, block.width_out, 1, stride=block.stride))


def _conv_norm(
    width_in: int, width_out: int, kernel: int, *, stride: int = 1
) -> tuple[nn.Module, nn.Module]:
    convolution = nn.Conv2d(width_in, width_out, kernel, stride, kernel // 2, bias=False)
    return convolution, nn.BatchNorm2d(width_out)
