"""The networks of Zen-NAS's structure strings (Lin et al., ICCV 2021)."""

from collections.abc import Iterator

from torch import Tensor, nn

from zenlab.core import Network
from zenlab.spaces.plainnet.layers import EPSILON, Bracket, Layer, brackets, squeezed
from zenlab.spaces.plainnet.structure import Structure, SuperBlock
from zenlab.spaces.residual.squeeze_excitation import SqueezeExcitation


class PlainNetwork(Network):
    """A chain of super-blocks, global average pooling and a linear classifier.

    `residual` keeps the links, `gated` puts squeeze-excitation into them, `normed` False leaves out
    batch norm but for that of projections and of squeeze-excitation. Images are (n, c, h, w),
    features before pooling (n, width of the last block, h', w'), each stride s giving ceil(h / s).
    """

    def __init__(
        self, structure: Structure, num_classes: int, *, residual: bool, gated: bool, normed: bool
    ) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(_super_block(block, residual, gated, normed) for block in structure)
        )
        self.classifier = nn.Linear(structure[-1].width_out, num_classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return what the last block gives, rectified, (n, c, h, w)."""
        features: Tensor = self.blocks(images)
        return features

    def forward_blocks(self, images: Tensor) -> list[Tensor]:
        """Return the output of each super-block."""
        outputs: list[Tensor] = []
        for block in self.blocks:
            outputs.append(block(outputs[-1] if outputs else images))
        return outputs


class LinkedBracket(nn.Module):
    """Layers with a link from their input to their output; the ReLU comes after the sum."""

    def __init__(self, bracket: Bracket, *, gated: bool, normed: bool) -> None:
        super().__init__()
        self.layers = nn.Sequential(*_layers(bracket, gated, normed))
        self.link = nn.Identity() if bracket.link == "identity" else _projection(bracket)

    def forward(self, features: Tensor) -> Tensor:
        """Return layers plus link, rectified."""
        total: Tensor = self.layers(features) + self.link(features)
        return total.relu()


def _super_block(block: SuperBlock, residual: bool, gated: bool, normed: bool) -> nn.Sequential:
    modules: list[nn.Module] = []
    for bracket in brackets(block):
        if residual and bracket.link != "none":
            modules.append(LinkedBracket(bracket, gated=gated, normed=normed))
        else:
            modules += [*_layers(bracket, gated, normed), nn.ReLU()]
    return nn.Sequential(*modules)


def _layers(bracket: Bracket, gated: bool, normed: bool) -> Iterator[nn.Module]:
    for place, layer in enumerate(bracket.layers):
        if place:
            yield nn.ReLU()
            if gated and bracket.layers[place - 1].gated:
                width = bracket.layers[place - 1].width_out
                yield SqueezeExcitation(width, squeezed(width), norm=True, epsilon=EPSILON)
        yield _convolution(layer)
        if normed:
            yield nn.BatchNorm2d(layer.width_out, eps=EPSILON)


def _convolution(layer: Layer) -> nn.Conv2d:
    return nn.Conv2d(
        layer.width_in,
        layer.width_out,
        layer.kernel,
        stride=layer.stride,
        padding=layer.kernel // 2,
        groups=layer.width_in if layer.depthwise else 1,
        bias=False,
    )


def _projection(bracket: Bracket) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(bracket.width_in, bracket.width_out, 1, stride=bracket.stride),
        nn.BatchNorm2d(bracket.width_out, eps=EPSILON),
    )
