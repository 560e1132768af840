"""The networks of NAS-Bench-Macro (Su et al., CVPR 2021): stem, inverted bottlenecks, head."""

from collections.abc import Sequence

from torch import Tensor, nn

from zenlab.core import Network
from zenlab.spaces.nb_macro.layers import HEAD_WIDTH, STEM_WIDTH, Layer


class NBMacroNetwork(Network):
    """Images are (n, channels, h, w); features before pooling are (n, 1280, h/8, w/8), rounded up.

    Without `residual` no layer adds its input to its output.
    """

    def __init__(
        self, layers: Sequence[Layer], *, residual: bool, channels: int, num_classes: int
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_conv_norm(channels, STEM_WIDTH, 3), nn.ReLU())
        self.layers = nn.Sequential(*(_module(layer, residual) for layer in layers))
        self.head = nn.Sequential(*_conv_norm(layers[-1].width_out, HEAD_WIDTH, 1), nn.ReLU())
        self.classifier = nn.Linear(HEAD_WIDTH, num_classes)

    def forward_features(self, images: Tensor) -> Tensor:
        """Return the features after the last batch norm and ReLU."""
        features: Tensor = self.head(self.layers(self.stem(images)))
        return features

    def forward_blocks(self, images: Tensor) -> list[Tensor]:
        """Return the output of the stem and of each layer; identities in a stage are no layers."""
        outputs = [self.stem(images)]
        for layer in self.layers:
            outputs.append(layer(outputs[-1]))
        return outputs


class InvertedBottleneck(nn.Module):
    """1x1, depthwise and 1x1 convolution, ReLU behind the first two; the input may be added."""

    def __init__(self, layer: Layer, *, adds_input: bool) -> None:
        super().__init__()
        hidden = layer.hidden
        self.main = nn.Sequential(
            *_conv_norm(layer.width_in, hidden, 1),
            nn.ReLU(),
            *_conv_norm(hidden, hidden, layer.kernel, stride=layer.stride, groups=hidden),
            nn.ReLU(),
            *_conv_norm(hidden, layer.width_out, 1),
        )
        self.adds_input = adds_input

    def forward(self, features: Tensor) -> Tensor:
        """Return the output of the layer, (n, width_out, h/stride, w/stride)."""
        made: Tensor = self.main(features)
        return made + features if self.adds_input else made


def _module(layer: Layer, residual: bool) -> nn.Module:
    if layer.expansion == 0:
        return nn.Sequential(*_conv_norm(layer.width_in, layer.width_out, 1, stride=layer.stride))
    return InvertedBottleneck(layer, adds_input=residual and layer.stride == 1)


def _conv_norm(
    width_in: int, width_out: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> tuple[nn.Module, nn.Module]:
    padding = kernel // 2
    return (
        nn.Conv2d(width_in, width_out, kernel, stride, padding, groups=groups, bias=False),
        nn.BatchNorm2d(width_out),
    )
