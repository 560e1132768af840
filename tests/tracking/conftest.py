"""What the tests of tracking share: W&B without a past, and a reader of what it wrote."""

import json
import logging
import math
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import wandb

from tests.tracking.server import StandIn

KEY = "fa4e" * 10
"""Looks like a key, and opens nothing."""

SCORES = pd.DataFrame(
    {
        "genotype": ["a", "b", "c", "d"],
        "index": pd.array([0, 1, 2, None], dtype="Int64"),
        "score": [1.25, -math.inf, math.nan, 0.1 + 0.2],
        "stderr": pd.array([0.5, None, None, None], dtype="Float64"),
        "error": [None, None, "out of memory", None],
        "accuracy": pd.array([91.5, 10.0, None, 93.0], dtype="Float64"),
    }
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No key and no settings of whoever runs the tests."""
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    for name in ("WANDB_ENTITY", "WANDB_BASE_URL", "WANDB_SILENT", "NETRC"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def fresh_wandb() -> Iterator[None]:
    """W&B that reads its environment anew, and forgets it afterwards."""
    wandb.teardown()
    yield
    wandb.teardown()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A stand-in for the W&B server, with a key for it."""
    server = StandIn()
    monkeypatch.setenv("WANDB_BASE_URL", server.url)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    yield server
    server.stop()


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> str:
    """A key, and a server's address where nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    monkeypatch.setenv("WANDB_BASE_URL", url)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    return url


@dataclass
class Written:
    """A run as `wandb leet` reads it from W&B's folder, when it is asked for."""

    folder: Path

    @cached_property
    def overview(self) -> dict[str, Any]:
        """The state, config and summary at the end."""
        return dict(json.loads(leet("--summary", self.folder)))

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """Everything that was written, in order."""
        return [json.loads(line) for line in leet(self.folder).splitlines()]

    def only(self, kind: str) -> dict[str, Any]:
        """Return the one record of a kind."""
        (record,) = (r[kind] for r in self.records if r["type"] == kind)
        return dict(record)

    @property
    def history(self) -> list[dict[str, Any]]:
        """The steps of the history, in the order written."""
        return [r["history"]["item"] for r in self.records if r["type"] == "history"]

    @property
    def summary(self) -> dict[str, Any]:
        """What the updates of the summary come to."""
        updates = [r["summary"]["update"] for r in self.records if r["type"] == "summary"]
        return {name: value for update in updates for name, value in update.items()}

    def file(self, name: str) -> Path:
        """Return the file of a table or a figure."""
        return self.folder / "files" / self.summary[f"{name}.path"]

    def table(self, name: str) -> pd.DataFrame:
        """Read a table back from its file."""
        content = json.loads(self.file(name).read_text())
        return pd.DataFrame(content["data"], columns=content["columns"])


def read_back(folder: Path) -> Written:
    """Read W&B's only run in the folder of a run."""
    (written,) = (f for f in (folder / "wandb").iterdir() if f.is_dir() and not f.is_symlink())
    return Written(written)


def zenlab_warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what zenlab warned of, and see that each is one line."""
    warnings = [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("zenlab") and record.levelno >= logging.WARNING
    ]
    assert "\n" not in "".join(warnings)
    return warnings


def leet(*arguments: str | Path) -> str:
    return wandb_command("leet", "inspect", "--json", *arguments)


def wandb_command(*arguments: str | Path) -> str:
    """Run W&B's command line, whose own logs go where it is run, and return what it says."""
    command = shutil.which("wandb", path=str(Path(sys.executable).parent))
    assert command
    return subprocess.run(
        [command, *arguments], cwd=Path.home(), stdout=subprocess.PIPE, text=True, check=True
    ).stdout
