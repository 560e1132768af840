"""What a super-block of Zen-NAS consists of: convolutions in brackets that a link may span.

Every convolution is followed by batch norm and, but for the last of a bracket, by ReLU; one more
ReLU follows the bracket, after the link if there is one.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from zenlab.spaces.plainnet.structure import SuperBlock

EPSILON = 1e-3
"""What every batch norm of these networks adds to the variance."""


class Layer(NamedTuple):
    """A convolution without bias; `gated`: squeeze-excitation may come behind its ReLU."""

    kernel: int
    width_in: int
    width_out: int
    stride: int = 1
    depthwise: bool = False
    gated: bool = False

    @property
    def weights(self) -> int:
        """The number of weights."""
        fan_in = 1 if self.depthwise else self.width_in
        return self.kernel**2 * fan_in * self.width_out


class Bracket(NamedTuple):
    """Layers that a link may span; `link` is `none`, `identity` or `projection`."""

    layers: tuple[Layer, ...]
    link: str

    @property
    def width_in(self) -> int:
        """The channels that enter."""
        return self.layers[0].width_in

    @property
    def width_out(self) -> int:
        """The channels that leave."""
        return self.layers[-1].width_out

    @property
    def stride(self) -> int:
        """The stride of the bracket, and of its projection."""
        return max(layer.stride for layer in self.layers)


@lru_cache(maxsize=65536)
def brackets(block: SuperBlock) -> tuple[Bracket, ...]:
    """Return the brackets of a block, with the links that it has where links are kept.

    The first bracket of a residual block always has a projection, the others only where widths
    differ.
    """
    return tuple(_with_links(block, _bare(block)))


def _with_links(block: SuperBlock, bare: Iterator[tuple[Layer, ...]]) -> Iterator[Bracket]:
    for place, layers in enumerate(bare):
        if block.family == "conv":
            link = "none"
        elif place == 0 or layers[0].width_in != layers[-1].width_out:
            link = "projection"
        else:
            link = "identity"
        yield Bracket(layers, link)


def _bare(block: SuperBlock) -> Iterator[tuple[Layer, ...]]:
    width, stride = block.width_in, block.stride
    for _ in range(block.layers):
        match block.family:
            case "conv":
                yield (Layer(block.kernel, width, block.width_out, stride),)
            case "basic":
                yield _basic(block, width, stride)
            case "bottleneck":
                yield _bottleneck(block, width, stride)
                yield _bottleneck(block, block.width_out, 1)
            case _:
                yield _mobile(block, width, block.mid, stride)
                yield _mobile(block, block.mid, block.width_out, 1)
        width, stride = block.width_out, 1


def _basic(block: SuperBlock, width: int, stride: int) -> tuple[Layer, ...]:
    return (
        Layer(block.kernel, width, block.mid, stride, gated=True),
        Layer(block.kernel, block.mid, block.width_out),
    )


def _bottleneck(block: SuperBlock, width: int, stride: int) -> tuple[Layer, ...]:
    return (
        Layer(1, width, block.mid),
        Layer(block.kernel, block.mid, block.mid, stride, gated=True),
        Layer(1, block.mid, block.width_out),
    )


def _mobile(block: SuperBlock, width: int, width_out: int, stride: int) -> tuple[Layer, ...]:
    hidden = round_to_8(width_out * block.expansion)
    return (
        Layer(1, width, hidden),
        Layer(block.kernel, hidden, hidden, stride, depthwise=True, gated=True),
        Layer(1, hidden, width_out),
    )


def round_to_8(width: float) -> int:
    """Return the nearest multiple of 8, halves to even multiples, 8 at least."""
    return max(8, 8 * round(width / 8))


def squeezed(width: int) -> int:
    """Return the inner width of squeeze-excitation."""
    return max(1, round(width / 4))
