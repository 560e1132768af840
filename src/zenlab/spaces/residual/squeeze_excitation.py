"""Squeeze-excitation: a network weighs its channels by their means (Hu et al., CVPR 2018)."""

from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """Two 1x1 convolutions from `width` means to `inner` channels and back, then a sigmoid.

    With `norm` each is followed by batch norm of that `epsilon`, else each has a bias.
    """

    def __init__(self, width: int, inner: int, *, norm: bool, epsilon: float = 1e-5) -> None:
        super().__init__()
        modules: list[nn.Module] = [nn.AdaptiveAvgPool2d(1)]
        for width_in, width_out, activation in (
            (width, inner, nn.ReLU()),
            (inner, width, nn.Sigmoid()),
        ):
            modules.append(nn.Conv2d(width_in, width_out, 1, bias=not norm))
            if norm:
                modules.append(nn.BatchNorm2d(width_out, eps=epsilon))
            modules.append(activation)
        self.gate = nn.Sequential(*modules)

    def forward(self, features: Tensor) -> Tensor:
        """Return the features, (n, width, h, w), with each channel weighed by its gate."""
        weighed: Tensor = features * self.gate(features)
        return weighed
