"""The operations of a pickle without their effects, as Python's `pickletools` describes them."""

import itertools
import pickletools
from collections.abc import Callable, Iterator
from typing import BinaryIO

CHAPTER_DEPTH = 2
"""The marks open while a dict inside the outermost dict is filled; a chapter makes one value."""

SETTERS = (b"s", b"u")
"""The opcodes that put items into a dict; at `CHAPTER_DEPTH` they end a chapter."""

_STOP, _MARK, _MEMOIZE, _LONG_BINPUT = b".", b"(", b"\x94", b"r"
_PUTS, _GETS = frozenset((b"q", _LONG_BINPUT)), frozenset((b"h", b"j"))
_LONGEST_ARGUMENT = 1 << 20  # bytes; the official file stays below a hundred


def operations(stream: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Cut a pickle into opcodes and their raw arguments, without STOP and without lengths.

    MEMOIZE comes as the LONG_BINPUT that it abbreviates.

    Raises:
        ValueError: the stream ends before STOP, or holds something that is no opcode.
    """
    read, memoized = stream.read, itertools.count()
    while (code := read(1)) != _STOP:
        width = _WIDTHS.get(code)
        if width is not None:
            yield code, read(width) if width else b""
        elif code == _MEMOIZE:
            yield _LONG_BINPUT, next(memoized).to_bytes(4, "little")
        else:
            yield code, _long_argument(stream, code)


def shared_entries(stream: BinaryIO, on_chapter: Callable[[], None]) -> set[int]:
    """Find the memo entries that are referred to after the chapter in which they were made.

    Raises:
        ValueError: the stream is cut off or damaged.
    """
    depth, made, shared = 0, set[int](), set[int]()
    for code, argument in operations(stream):
        if code in _PUTS:
            made.add(int.from_bytes(argument, "little"))
        elif code in _GETS:
            if (entry := int.from_bytes(argument, "little")) not in made:
                shared.add(entry)
        elif code in _DEPTH_CHANGES:
            depth += _DEPTH_CHANGES[code]
            if depth == CHAPTER_DEPTH and code in SETTERS:
                made.clear()
                on_chapter()
    return shared


def damaged(stream: BinaryIO, what: str) -> ValueError:
    """Return the error for a pickle that makes no sense at the place reached."""
    return ValueError(
        f"the pickle makes no sense before its byte {stream.tell()}: {what}; "
        f"the file is damaged or isn't the official one: fetch it again"
    )


def _long_argument(stream: BinaryIO, code: bytes) -> bytes:
    if code in _PREFIXES:
        size = int.from_bytes(stream.read(_PREFIXES[code]), "little")
        if size > _LONGEST_ARGUMENT:
            raise damaged(stream, f"{NAMES[code]} with {size} bytes")
        return stream.read(size)
    if code in _LINES:
        return b"".join(stream.readline(_LONGEST_ARGUMENT) for _ in range(_LINES[code]))
    if code:
        raise damaged(stream, f"{code!r} is no opcode")
    raise ValueError(
        f"the pickle ends in the middle, after {stream.tell()} bytes; "
        f"the download or copy was cut off: fetch the file again"
    )


_OPCODES = {opcode.code.encode("latin1"): opcode for opcode in pickletools.opcodes}
_ARGUMENTS = {code: opcode.arg for code, opcode in _OPCODES.items() if opcode.arg}
_DEPTH_CHANGES = {_MARK: 1, b"s": 0} | {
    code: -1 for code, opcode in _OPCODES.items() if pickletools.markobject in opcode.stack_before
}
_WIDTHS = {
    code: opcode.arg.n if opcode.arg else 0
    for code, opcode in _OPCODES.items()
    if code != _MEMOIZE and (opcode.arg is None or opcode.arg.n >= 0)
}
_LINES = {
    code: 2 if argument.name.endswith("pair") else 1
    for code, argument in _ARGUMENTS.items()
    if argument.n == pickletools.UP_TO_NEWLINE
}
_PREFIX_WIDTHS = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}
_PREFIXES = {
    code: _PREFIX_WIDTHS[argument.n]
    for code, argument in _ARGUMENTS.items()
    if argument.n in _PREFIX_WIDTHS
}

NAMES = {code: opcode.name for code, opcode in _OPCODES.items()}
"""What `pickletools` calls an opcode."""
