"""Downloads from a server on this machine, and files that somebody has put into a folder."""

import hashlib
import socket
import time
from pathlib import Path

import pytest

from tests.benchmarks.conftest import Server
from zenlab.benchmarks.public_files import PublicFile, download, find_given, read_checked
from zenlab.benchmarks.table import TableUnavailable

CONTENTS = bytes(range(256)) * 1024
FILE = PublicFile("room/table.bin", "someone/thing/commit", hashlib.sha256(CONTENTS).hexdigest())
PATH = "/someone/thing/commit/table.bin"


def everything_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_right_file_is_downloaded_once(server: Server, tmp_path: Path) -> None:
    server.files[PATH] = CONTENTS
    for _ in range(2):
        path = download(FILE, folder=tmp_path, source=server.url)
        assert path == tmp_path / "room" / "table.bin"
        assert read_checked(path, FILE) == CONTENTS
    assert server.asked == [PATH]


def test_a_download_tells_how_far_it_is_and_writes_nothing_on_the_terminal(
    server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.files[PATH] = CONTENTS
    told: list[tuple[str, int, int]] = []
    download(FILE, folder=tmp_path, source=server.url, on_progress=lambda *how: told.append(how))
    assert {(what, total) for what, _, total in told} == {("downloading table.bin", len(CONTENTS))}
    counts = [done for _, done, _ in told]
    assert counts == sorted(counts) and 0 < counts[0] < counts[-1] == len(CONTENTS)
    assert capfd.readouterr() == ("", "")


def test_a_wrong_sum_names_file_wanted_and_got_and_leaves_nothing(
    server: Server, tmp_path: Path
) -> None:
    server.files[PATH] = b"a login page"
    with pytest.raises(ValueError, match=r"table\.bin") as caught:
        download(FILE, folder=tmp_path, source=server.url)
    said = str(caught.value)
    assert FILE.sha256 in said and hashlib.sha256(b"a login page").hexdigest() in said
    assert server.url + PATH in said and "set ZENLAB_DATA" in said
    assert everything_in(tmp_path) == []


def test_a_download_cut_off_in_the_middle_leaves_nothing(server: Server, tmp_path: Path) -> None:
    server.files[PATH], server.cut = CONTENTS, {PATH}
    with pytest.raises(TableUnavailable, match=r"table\.bin \(it was cut off in the middle\)"):
        download(FILE, folder=tmp_path, source=server.url)
    assert everything_in(tmp_path) == []
    assert server.asked == [PATH]


def test_a_cut_off_download_succeeds_the_next_time(server: Server, tmp_path: Path) -> None:
    server.files[PATH], server.cut = CONTENTS, {PATH}
    with pytest.raises(TableUnavailable):
        download(FILE, folder=tmp_path, source=server.url)
    server.cut.clear()
    assert download(FILE, folder=tmp_path, source=server.url).read_bytes() == CONTENTS


def test_a_damaged_earlier_download_is_replaced(server: Server, tmp_path: Path) -> None:
    server.files[PATH] = CONTENTS
    download(FILE, folder=tmp_path, source=server.url).write_bytes(b"damaged")
    assert download(FILE, folder=tmp_path, source=server.url).read_bytes() == CONTENTS


def test_a_file_that_the_server_does_not_have_is_unavailable(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(TableUnavailable, match=r"table\.bin \(the server answers 404\)"):
        download(FILE, folder=tmp_path, source=server.url)
    assert everything_in(tmp_path) == []


def test_a_server_that_is_gone_is_found_out_within_seconds(server: Server, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        start = time.monotonic()
        with pytest.raises(TableUnavailable, match=r"table\.bin \(no connection\)"):
            download(FILE, folder=tmp_path, source=url)
    assert time.monotonic() - start < 5
    assert everything_in(tmp_path) == []


def test_an_address_without_a_scheme_is_told(tmp_path: Path) -> None:
    with pytest.raises(TableUnavailable, match="Invalid URL"):
        download(FILE, folder=tmp_path, source="somewhere")


def test_a_file_given_is_found(tmp_path: Path) -> None:
    path = tmp_path / "room" / "table.bin"
    path.parent.mkdir()
    path.write_bytes(CONTENTS)
    assert read_checked(find_given(FILE, folder=tmp_path), FILE) == CONTENTS


def test_a_file_not_given_is_an_error_that_says_where_it_belongs(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="ZENLAB_DATA") as caught:
        find_given(FILE, folder=tmp_path)
    assert str(tmp_path / "room" / "table.bin") in str(caught.value)
    assert f"https://raw.githubusercontent.com{PATH}" in str(caught.value)


def test_a_file_given_with_a_wrong_sum_names_file_wanted_and_got(tmp_path: Path) -> None:
    path = tmp_path / "table.bin"
    path.write_bytes(CONTENTS[:-1])
    with pytest.raises(ValueError, match="isn't the file that was published") as caught:
        read_checked(path, FILE)
    said = str(caught.value)
    assert str(path) in said and FILE.sha256 in said and "fetch it again from" in said
    assert hashlib.sha256(CONTENTS[:-1]).hexdigest() in said
