"""Opens the pickle inside a file of torch.save, of either container, without torch.

Since torch 1.6 the file is a zip archive with the pickle in `<name>/data.pkl`; before, it was a
pickled magic number, two more headers, the pickle, and the storages.
"""

import pickle
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from zenlab.benchmarks.pickle_operations import operations

_ZIP_START = b"PK\x03\x04"
_PICKLE_START = b"\x80"
_LEGACY_MAGIC = pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2)[2:]
_LEGACY_HEADERS = 3  # magic number, protocol, sizes of the writer's types
_BUFFER = 1 << 16  # bytes


@contextmanager
def open_pickle(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Open the pickle in a file of torch.save at its first opcode; the number is its size in bytes.

    A ValueError of the block gets the path in front.

    Raises:
        ValueError: the file is none of torch.save, or is cut off or damaged.
    """
    try:
        with path.open("rb") as file:
            start = file.read(64)
            file.seek(0)
            if start.startswith(_ZIP_START):
                with _open_zip(file) as opened:
                    yield opened
            else:
                yield _skip_legacy_headers(file, start), path.stat().st_size
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    except zipfile.BadZipFile as error:
        raise ValueError(
            f"{path}: begins as a zip file but can't be read as one ({error}); "
            f"the download or copy was cut off or damaged: fetch the file again"
        ) from None


@contextmanager
def _open_zip(file: BinaryIO) -> Iterator[tuple[BinaryIO, int]]:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
        pickles = [name for name in names if name.split("/")[1:] == ["data.pkl"]]
        if len(pickles) != 1:
            raise ValueError(
                f"a zip file with {', '.join(names[:5]) or 'nothing'} in it; wanted one "
                f"<name>/data.pkl, as torch.save writes it: if the .pth file was zipped, unpack it"
            )
        with archive.open(pickles[0]) as member:
            buffered = BufferedReader(member, _BUFFER)  # type: ignore[type-var]
            yield buffered, archive.getinfo(pickles[0]).file_size


def _skip_legacy_headers(file: BinaryIO, start: bytes) -> BinaryIO:
    if not start.startswith(_PICKLE_START) or _LEGACY_MAGIC not in start:
        raise ValueError(
            f"begins with {_describe(start)}; wanted a file of torch.save, a zip file or torch's "
            f"older format: fetch NAS-Bench-201-v1_1-096897.pth from its authors"
        )
    for _ in range(_LEGACY_HEADERS):
        for _ in operations(file):
            pass
    return file


def _describe(start: bytes) -> str:
    if not start:
        return "nothing: it is empty"
    if start.lstrip()[:1] == b"<":
        return f"{start[:20]!r}: it looks like a web page saved by mistake"
    if start.startswith(_PICKLE_START):
        return f"{start[:20]!r}: it is a pickle, but not one of torch.save"
    return repr(start[:20])
