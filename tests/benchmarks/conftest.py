"""What the tests of benchmarks share: a server on this machine, and all public accuracies."""

import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from zenlab.benchmarks.public_files import find_given
from zenlab.benchmarks.public_tables import convert_public


class Server:
    """Serves `files` by path; of the paths in `cut` it sends half of what it promises."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut: set[str] = set()
        self.asked: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                if self.path not in server.files:
                    self.send_error(404)
                    return
                body = server.files[self.path]
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if self.path in server.cut else body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine is reached directly, whatever proxy stands before the others."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture(scope="session")
def conversion(real_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public tables as one Parquet file."""
    path = tmp_path_factory.mktemp("public") / "tables.parquet"
    convert_public(partial(find_given, folder=real_tables), path)
    return path


@pytest.fixture(scope="session")
def accuracies(conversion: Path) -> pd.DataFrame:
    """All public accuracies: a row for each genotype, columns (dataset, split, schedule)."""
    rows = pd.read_parquet(conversion)
    return rows.pivot(
        index="genotype", columns=["dataset", "split", "schedule"], values="accuracy"
    ).sort_index(axis="columns")


@pytest.fixture(scope="session")
def operations(accuracies: pd.DataFrame) -> pd.DataFrame:
    """The operation on each edge, in the order 01 02 12 03 13 23, read off the spelling."""
    found = [re.findall(r"(\w+)~", genotype) for genotype in accuracies.index]
    return pd.DataFrame(found, accuracies.index, ["01", "02", "12", "03", "13", "23"])


@pytest.fixture(scope="session")
def dead(operations: pd.DataFrame) -> "pd.Series[bool]":
    """Whether each of the four paths from input to output has a `none` on it."""
    paths = (["03"], ["01", "13"], ["02", "23"], ["01", "12", "23"])
    cut = [(operations[path] == "none").any(axis="columns") for path in paths]
    return pd.concat(cut, axis="columns").all(axis="columns")
