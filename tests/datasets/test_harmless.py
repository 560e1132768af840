"""Pickles of plain data and arrays are read, whoever wrote them, and nothing else is."""

import io
import os
import pickle
from typing import Any

import numpy as np
import pytest

from zenlab.datasets.harmless import read_pickle

ARRAYS = {
    "data": np.arange(24, dtype=np.uint8).reshape(4, 6),
    "mean": np.linspace(0, 1, 5),
    "by_columns": np.asfortranarray(np.arange(6, dtype=">i4").reshape(2, 3)),
    "empty": np.zeros((0, 3), np.float32),
}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_lists_and_numbers_come_back(protocol: int) -> None:
    labels = [1, 2, 1000]
    content = {**ARRAYS, "labels": labels}
    found = read_pickle(io.BytesIO(pickle.dumps(content, protocol)))
    assert found["labels"] == labels
    for key, array in ARRAYS.items():
        assert np.array_equal(found[key], array) and found[key].dtype == array.dtype


def test_a_pickle_of_python_2_is_read() -> None:
    """Written out by hand: Python 2 kept the bytes of an array as a text of its own."""
    written = (
        b"\x80\x02}q\x00U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\n"
        b"cnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K\x03\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x03\x01\x80\xfftbs."
    )
    assert read_pickle(io.BytesIO(written))["data"].tolist() == [1, 128, 255]


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("exit 1",)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pickle.dumps(Harmful()), "asks for posix.system, which might run anything"),
        (pickle.dumps(np.array([{}], dtype=object), 2), "an array of type 'O8' has no numbers"),
        (pickle.dumps(ARRAYS)[:-5], "no whole pickle"),
        (b"", "no whole pickle"),
        (b"nothing", "no whole pickle"),
        (pickle.dumps({"labels": [1]}).replace(b"labels", b"\xff"), "no whole pickle"),
    ],
)
def test_anything_else_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_pickle(io.BytesIO(content))
