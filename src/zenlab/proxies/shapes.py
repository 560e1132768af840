"""How operations change the shape of a map."""

from collections.abc import Sequence

from zenlab.graphs.graph import Convolution, Operation, Pool

Shape = tuple[int, int]
"""Side of the map and number of channels."""

Resizing = tuple[Operation, ...]
"""Operations that change a shape, one after another."""


def resizing_of(operations: Sequence[Operation]) -> Resizing:
    """Return those of some operations that change the shape of a map."""
    return tuple(operation for operation in operations if _resizes(operation))


def resized(shape: Shape, resizing: Resizing) -> Shape:
    """Return the shape of a map after operations that change it."""
    size, width = shape
    for operation in resizing:
        if isinstance(operation, Convolution):
            size = (size - 1) // operation.stride + 1
            width = operation.width or width
        elif isinstance(operation, Pool):
            size = (size + 2 * operation.padding - operation.kernel) // operation.stride + 1
    return size, width


def _resizes(operation: Operation) -> bool:
    match operation:
        case Convolution(width=width, stride=stride):
            return width is not None or stride > 1
        case Pool():
            return True
    return False
