"""A pickle reader that runs nothing from the file and hands over one branch of it piece by piece.

The pickle is a dict; one of its values, the branch, is a dict too large for memory. Whoever forgets
a value of the branch must forget its memo entries too, but a later value may refer to a text in an
earlier one. So the stream is read twice: `shared_entries` finds the memo entries that outlive the
chapter in which they were made, and `StreamingUnpickler` keeps these and no others.
"""

import struct
from collections.abc import Callable, Collection, Iterator
from typing import Any, BinaryIO

from zenlab.benchmarks.harmless import ALLOWED, NumberType
from zenlab.benchmarks.pickle_operations import CHAPTER_DEPTH, NAMES, damaged, operations

_HANDED_OVER = object()


class StreamingUnpickler:
    """Iterates over the (key, value) pairs of the dict under the key `branch` of a pickled dict.

    A pair is handed over when its value is complete, and then forgotten; memo entries are forgotten
    with it unless `shared` has them. After the last pair, `result` is the outer dict, its branch
    empty. Only numbers, texts, bytes, lists, tuples and dicts come out.

    Raises:
        ValueError: the pickle names a global that isn't allowed, holds tensors, refers to or
            changes what was forgotten, or is damaged.
    """

    def __init__(self, stream: BinaryIO, branch: str, shared: Collection[int]) -> None:
        self.result: Any = None
        self._stream, self._branch, self._shared = stream, branch, shared
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._kept: dict[int, Any] = {}  # the memo's entries in `shared`
        self._passing: dict[int, Any] = {}  # its other entries: the chapter's own
        self._ready: list[tuple[Any, Any]] = []

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        code = b""
        try:
            for code, argument in operations(self._stream):
                if code in _ATOMS:
                    self._stack.append(_ATOMS[code](argument))
                else:
                    self._act(code, argument)
                if self._ready:
                    yield from self._ready
                    self._ready.clear()
        except (IndexError, TypeError, UnicodeDecodeError) as error:
            raise damaged(self._stream, f"{NAMES[code]} fails ({error})") from error
        self.result = self._stack[-1] if self._stack else None

    def _act(self, code: bytes, argument: bytes) -> None:
        if code not in _ACTIONS:
            raise ValueError(
                f"the pickle uses {NAMES[code]}, which plain data doesn't need, and was refused; "
                f"wanted the official file: get it from its authors"
            )
        _ACTIONS[code](self, argument)

    def _push_mark(self, _: bytes) -> None:
        self._marks.append(len(self._stack))

    def _push_global(self, name: str) -> None:
        if name not in ALLOWED:
            raise ValueError(
                f"the pickle asks for {name}, which might run anything, and was refused; "
                f"the official file holds no code and no tensors, and asks only for "
                f"{', '.join(ALLOWED)}: get it from its authors"
            )
        self._stack.append(ALLOWED[name])

    def _push_tuple(self, items: list[Any]) -> None:
        self._stack.append(tuple(items))

    def _pop(self, count: int) -> list[Any]:
        start = len(self._stack) - count
        if start < (self._marks[-1] if self._marks else 0):
            raise IndexError("too little on the stack")
        items = self._stack[start:]
        del self._stack[start:]
        return items

    def _pop_to_mark(self) -> list[Any]:
        return self._pop(len(self._stack) - self._marks.pop())

    def _put(self, argument: bytes) -> None:
        entry = _unsigned(argument)
        memo = self._kept if entry in self._shared else self._passing
        memo[entry] = self._stack[-1]

    def _get(self, argument: bytes) -> None:
        entry = _unsigned(argument)
        memo = self._passing if entry in self._passing else self._kept
        if entry not in memo:
            raise damaged(self._stream, f"memo entry {entry} is unknown or forgotten")
        self._stack.append(memo[entry])

    def _reduce(self, _: bytes) -> None:
        function, arguments = self._pop(2)
        self._stack.append(function(*arguments))

    def _build(self, _: bytes) -> None:
        (state,) = self._pop(1)
        if type(self._stack[-1]) is not NumberType:
            raise damaged(self._stream, "a state is set on what is no numpy dtype")
        self._stack[-1].set_state(state)

    def _extend(self, items: list[Any]) -> None:
        if type(self._stack[-1]) is not list:
            raise damaged(self._stream, "items are appended to what is no list")
        self._stack[-1] += items

    def _set_items(self, items: list[Any]) -> None:
        target, pairs = self._stack[-1], zip(items[::2], items[1::2], strict=False)
        if type(target) is not dict or len(items) % 2:
            raise damaged(self._stream, "no items, or set in what is no dict or was handed over")
        if len(self._marks) == CHAPTER_DEPTH - 1 and self._stack[-2] == self._branch:
            self._ready += [pair for pair in pairs if pair[1] is not _HANDED_OVER]
        else:
            target.update(pairs)
        if len(self._marks) == CHAPTER_DEPTH:
            self._end_chapter()

    def _end_chapter(self) -> None:
        """Hand over what is complete at once: the pickle sets items by the thousand."""
        if self._completes_pair():
            self._ready.append((self._stack[-2], self._stack[-1]))
            self._stack[-1] = _HANDED_OVER
        self._passing.clear()

    def _completes_pair(self) -> bool:
        """Whether the stack is: ... branch name, branch, mark, pairs handed over, key, value."""
        start = self._marks[-1]
        name, branch = self._stack[start - 2 : start]
        is_next = len(self._stack) == start + 2 or self._stack[-3] is _HANDED_OVER
        return name == self._branch and type(branch) is dict and is_next

    def _refuse_tensor(self, _: bytes) -> None:
        raise ValueError(
            "the pickle holds tensors (persistent ids), the official file none; "
            "get the one without network weights: NAS-Bench-201-v1_1-096897.pth"
        )


def _text(argument: bytes) -> str:
    return str(argument, "utf-8")


def _unsigned(argument: bytes) -> int:
    return int.from_bytes(argument, "little")


def _signed(argument: bytes) -> int:
    return int.from_bytes(argument, "little", signed=True)


def _float(argument: bytes) -> float:
    number: float = _BIG_ENDIAN_FLOAT.unpack(argument)[0]
    return number


_BIG_ENDIAN_FLOAT = struct.Struct(">d")

_ATOMS: dict[bytes, Callable[[bytes], Any]] = {
    b"N": lambda _: None,
    b"\x88": lambda _: True,
    b"\x89": lambda _: False,
    b"K": _unsigned,
    b"M": _unsigned,
    b"J": _signed,
    b"\x8a": _signed,
    b"G": _float,
    b"X": _text,
    b"\x8c": _text,
    b"B": bytes,
    b"C": bytes,
    b"]": lambda _: [],
    b"}": lambda _: {},
    b")": lambda _: (),
}
_Action = Callable[[StreamingUnpickler, bytes], None]
_ACTIONS: dict[bytes, _Action] = {
    b"\x80": lambda self, _: None,  # PROTO
    b"\x95": lambda self, _: None,  # FRAME
    b"(": StreamingUnpickler._push_mark,
    b"q": StreamingUnpickler._put,
    b"r": StreamingUnpickler._put,
    b"h": StreamingUnpickler._get,
    b"j": StreamingUnpickler._get,
    b"c": lambda self, lines: self._push_global(".".join(_text(lines).split())),
    b"\x93": lambda self, _: self._push_global(".".join(self._pop(2))),
    b"R": StreamingUnpickler._reduce,
    b"b": StreamingUnpickler._build,
    b"t": lambda self, _: self._push_tuple(self._pop_to_mark()),
    b"\x85": lambda self, _: self._push_tuple(self._pop(1)),
    b"\x86": lambda self, _: self._push_tuple(self._pop(2)),
    b"\x87": lambda self, _: self._push_tuple(self._pop(3)),
    b"a": lambda self, _: self._extend(self._pop(1)),
    b"e": lambda self, _: self._extend(self._pop_to_mark()),
    b"s": lambda self, _: self._set_items(self._pop(2)),
    b"u": lambda self, _: self._set_items(self._pop_to_mark()),
    b"P": StreamingUnpickler._refuse_tensor,
    b"Q": StreamingUnpickler._refuse_tensor,
}
