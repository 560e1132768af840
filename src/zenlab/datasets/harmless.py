"""A pickle reader for plain data and arrays of numbers, which runs nothing from the file.

Every global that such a pickle names is replaced by a stand-in; all others are refused.
"""

import pickle
import re
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np


def read_pickle(stream: BinaryIO) -> Any:
    """Return the numbers, texts, lists, dicts and arrays of a pickle, by Python 2 or 3.

    Raises:
        ValueError: it is damaged, or asks for something else.
    """
    try:
        return _finished(_Reader(stream, encoding="latin1").load())
    except _SIGNS_OF_DAMAGE as error:
        raise ValueError(f"no whole pickle of plain data ({error})") from None


_SIGNS_OF_DAMAGE = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    LookupError,
    TypeError,
    MemoryError,
    OverflowError,
    RecursionError,
)


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in of a global."""
        if (module, name) not in _ALLOWED:
            raise ValueError(
                f"the pickle asks for {module}.{name}, which might run anything, and was refused"
            )
        return _ALLOWED[module, name]


class _NumberType:
    """Stands in for numpy.dtype: a number of fixed size, never an object."""

    def __init__(self, code: str, *_: object) -> None:
        if not re.fullmatch("[biuf][1248]", code):
            raise TypeError(f"an array of type {code!r} has no numbers")
        self.code, self.order = code, "="

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Take the byte order; a number has nothing else."""
        if state[1] not in ("<", ">", "=", "|"):
            raise TypeError(f"{state[1]!r} is no byte order")
        self.order = state[1]


class _Array:
    """Stands in for numpy.ndarray while it is read."""

    array: np.ndarray | None = None

    def __init__(self, *_: object) -> None:
        """Take no notice of the class, shape and type of an empty array."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Make the array of its shape, type, order and bytes."""
        _, shape, kind, by_columns, content = state
        raw = content.encode("latin1") if isinstance(content, str) else content
        self.array = _numbers(raw, kind, shape, "F" if by_columns else "C")


def _numbers(raw: bytes, kind: object, shape: tuple[int, ...], order: Any) -> np.ndarray:
    if type(kind) is not _NumberType:
        raise TypeError("an array without a type of numbers")
    return np.frombuffer(raw, f"{kind.order}{kind.code}").reshape(shape, order=order)


def _encoded(text: str, codec: str) -> bytes:
    if codec != "latin1":
        raise TypeError("bytes are made of a text in latin1")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def _finished(found: Any) -> Any:
    """Put arrays in the place of what stood in for them, in dicts and lists."""
    if isinstance(found, dict):
        return {key: _finished(value) for key, value in found.items()}
    if isinstance(found, list):
        return [_finished(value) if isinstance(value, _Array) else value for value in found]
    return found.array if isinstance(found, _Array) else found


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.numeric", "_frombuffer"): _numbers,
    ("numpy._core.numeric", "_frombuffer"): _numbers,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "bytes"): _no_bytes,
}
