"""The five globals that the official file names, each replaced by a stand-in that can do no harm.

Numpy wrote its scalars as `scalar(dtype, bytes)`, Python its bytes as `encode(text, "latin1")`.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np


class NumberType:
    """Stands in for numpy.dtype: a number of fixed size, never an object."""

    def __init__(self, code: str, *_: object) -> None:
        if not re.fullmatch("[biuf][1248]", code):
            raise TypeError(f"a numpy scalar of type {code!r} is no number")
        self.code = code
        self.order = "="

    def set_state(self, state: tuple[Any, ...]) -> None:
        """Take the byte order from the state of a pickled dtype; a number has nothing else."""
        if state[1] not in ("<", ">", "=", "|"):
            raise TypeError(f"{state[1]!r} is no byte order")
        self.order = state[1]


def _scalar(number_type: NumberType, raw: bytes) -> Any:
    if type(number_type) is not NumberType or type(raw) is not bytes:
        raise TypeError("a numpy scalar is made of a dtype and bytes")
    (number,) = np.frombuffer(raw, f"{number_type.order}{number_type.code}")
    return number


def _encode(text: str, codec: str) -> bytes:
    if type(text) is not str or codec != "latin1":
        raise TypeError("bytes are made of a text in latin1")
    return text.encode("latin1")


ALLOWED: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": dict,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.dtype": NumberType,
    "_codecs.encode": _encode,
}
"""What is called instead of a global, by the global's full name; all others are refused."""
