"""Files that others have published: found or downloaded, and read only if their sum is right.

The sum is checked before anything opens a file, for a table may come as a pickle.
"""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pooch
import requests

from zenlab.benchmarks.table import OnProgress, TableUnavailable

SOURCE = "https://raw.githubusercontent.com"
"""Where the authors publish; a mirror has the same paths below another address."""

LACKING = "no accuracies, scores only"
"""How it begins where a table of accuracies can't be had."""

_TIMEOUT_S = (2.0, 10.0)  # to connect to one address of the server; between two pieces
_PIECE = 1 << 16  # bytes


@dataclass(frozen=True)
class PublicFile:
    """A published file: its path here, the folder below the source that it lies in, and its sum."""

    path: str
    folder: str
    sha256: str

    @property
    def name(self) -> str:
        """The name of the file without folders."""
        return Path(self.path).name

    def url(self, source: str = SOURCE) -> str:
        """Return the address of the file."""
        return f"{source.rstrip('/')}/{self.folder}/{self.name}"


@dataclass(frozen=True)
class Sources:
    """Where public files are looked for: in `data`, else they are downloaded from `source`.

    `home` keeps downloads. Where a file can't be had, the error begins with what is `lacking` and
    ends with a `cure`.
    """

    home: str
    data: str | None = None
    source: str = SOURCE
    lacking: str = LACKING
    cure: str | None = None

    def __post_init__(self) -> None:
        """See that the address is no secret: a run's files and W&B show it.

        Raises:
            ValueError: it carries a user name or a password.
        """
        if "@" in urlsplit(self.source).netloc:
            raise ValueError(
                "benchmark.source carries a user name or a password, which would be written into "
                "the run's files; fetch the file yourself and set ZENLAB_DATA to its folder"
            )

    def find(self, file: PublicFile, on_progress: OnProgress | None = None) -> Path:
        """Return where a file lies.

        Raises:
            FileNotFoundError: `data` lacks it.
            TableUnavailable: it can't be downloaded.
            ValueError: what came isn't the file that was published.
        """
        if self.data:
            return find_given(file, folder=Path(self.data).expanduser())
        downloads = Path(self.home).expanduser() / "downloads"
        try:
            return download(file, folder=downloads, source=self.source, on_progress=on_progress)
        except TableUnavailable as missing:
            cure = self.cure or f"set ZENLAB_DATA to a folder with {file.path}"
            raise TableUnavailable(f"{self.lacking}: {missing}; {cure}") from None

    def read(self, file: PublicFile, on_progress: OnProgress | None = None) -> bytes:
        """Return the contents of a file.

        Raises:
            FileNotFoundError: `data` lacks it.
            TableUnavailable: it can't be downloaded.
            ValueError: it isn't the file that was published.
        """
        return read_checked(self.find(file, on_progress), file)


def find_given(file: PublicFile, *, folder: Path) -> Path:
    """Return where somebody has put a file, in the folder that ZENLAB_DATA names.

    Raises:
        FileNotFoundError: it isn't there.
    """
    path = folder / file.path
    if not path.is_file():
        raise FileNotFoundError(
            f"ZENLAB_DATA is {folder}, but there is no file {path}; "
            f"put {file.url()} there, or unset ZENLAB_DATA to download it"
        )
    return path


def download(
    file: PublicFile, *, folder: Path, source: str = SOURCE, on_progress: OnProgress | None = None
) -> Path:
    """Return where a file lies in `folder`, after downloading it if it isn't there yet.

    It appears there whole and right, or not at all; one try, and a few seconds without a network.

    Raises:
        TableUnavailable: it can't be had from `source`.
        ValueError: what came isn't the file that was published.
    """
    path, url = folder / file.path, file.url(source)
    bar = _Bar(f"downloading {file.name}", on_progress) if on_progress else False
    get = pooch.HTTPDownloader(progressbar=bar, chunk_size=_PIECE, timeout=_TIMEOUT_S)
    pooch.get_logger().setLevel(logging.WARNING)  # else it writes over the bar
    try:
        pooch.retrieve(url, file.sha256, path.name, path.parent, downloader=get)
    except requests.RequestException as error:
        raise TableUnavailable(f"can't download {url} ({_in_words(error)})") from None
    except ValueError as error:
        raise ValueError(
            f"{url}: {error} Try again; if it stays so, fetch the file by hand and set ZENLAB_DATA"
        ) from None
    return path


def read_checked(path: Path, file: PublicFile) -> bytes:
    """Return the contents of the file at `path`.

    Raises:
        ValueError: it isn't the file that was published.
    """
    contents = path.read_bytes()
    found = hashlib.sha256(contents).hexdigest()
    if found != file.sha256:
        raise ValueError(
            f"{path} isn't the file that was published: its sha256 is {found}, "
            f"wanted {file.sha256}; fetch it again from {file.url()}"
        )
    return contents


def _in_words(error: requests.RequestException) -> str:
    """The reason in a few words; the library's own are a chain of classes and addresses."""
    match error:
        case requests.HTTPError(response=requests.Response(status_code=status)):
            return f"the server answers {status}"
        case requests.Timeout():
            return "no answer in time"
        case requests.exceptions.ChunkedEncodingError():
            return "it was cut off in the middle"
        case requests.ConnectionError():
            return "no connection"
    return str(error)


class _Bar:
    """The progress bar that pooch wants, made of a function that is told numbers of bytes."""

    total = 0

    def __init__(self, what: str, on_progress: OnProgress) -> None:
        self._what, self._on_progress = what, on_progress
        self._done = 0

    def update(self, amount: int) -> None:
        """Count bytes; pooch counts whole pieces, the last one too."""
        self._done = min(self._done + amount, self.total)
        self._on_progress(self._what, self._done, self.total)

    def reset(self) -> None:
        """Begin to count anew, which pooch does before it reports the end."""
        self._done = 0

    def close(self) -> None:
        """Do nothing: who gave the function closes what it drives."""
