"""The score store: one SQLite file that remembers every score under everything that decides it.

A context is one such identity (space, proxy, input, seed, revision ...) as canonical JSON; a score
is a row of it. Failures are not kept: the next run tries them again.
"""

import copy
import json
import sqlite3
import time
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any

from zenlab.core import Genotype, Score

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS contexts (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE)",
    """
    CREATE TABLE IF NOT EXISTS scores (
        context INTEGER NOT NULL REFERENCES contexts (id),
        genotype TEXT NOT NULL,
        value REAL NOT NULL,
        stderr REAL,
        seconds REAL NOT NULL,
        terms TEXT NOT NULL,
        PRIMARY KEY (context, genotype)
    ) WITHOUT ROWID
    """,
)
_PATIENCE_S = 60.0
_NETWORK_FILESYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "lustre", "gpfs", "beegfs", "ceph", "afs"}


class ScoreStore:
    """The scores of one context in the file `path`, which several processes may share.

    Raises:
        ValueError: the file can't be made or opened, or is no score store.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_PATIENCE_S, isolation_level=None)
            self._prepare(path)
            self._context = self._context_of(json.dumps(identity, sort_keys=True))
        except sqlite3.DatabaseError as error:
            raise ValueError(f"can't use the score store {path}: {error}; {_cure(error)}") from None
        except OSError as error:
            raise ValueError(
                f"can't use the score store {path}: {error}; "
                f"set ZENLAB_HOME to a folder that can be written"
            ) from None

    def __enter__(self) -> "ScoreStore":
        """Return the open store."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._database.close()

    def beside(self, identity: Mapping[str, Any]) -> "ScoreStore":
        """Return the scores of another context in the same file; they close together."""
        other = copy.copy(self)
        other._context = self._context_of(json.dumps(identity, sort_keys=True))
        return other

    def known(self, genotypes: Iterable[Genotype]) -> dict[Genotype, Score]:
        """Return the stored scores among `genotypes`, marked as reused."""
        query = (
            "SELECT value, stderr, seconds, terms FROM scores WHERE context = ? AND genotype = ?"
        )
        found = {}
        with closing(self._database.cursor()) as cursor:
            for genotype in genotypes:
                row = cursor.execute(query, (self._context, genotype)).fetchone()
                if row is not None:
                    found[genotype] = _score(genotype, *row)
        return found

    def add(self, score: Score) -> None:
        """Commit one score at once; a failed one is not kept."""
        if score.error is not None:
            return
        self._database.execute(
            "INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?, ?, ?)",
            (
                self._context,
                score.genotype,
                score.value,
                score.stderr,
                score.seconds,
                json.dumps(dict(score.terms)),
            ),
        )

    def _prepare(self, path: Path) -> None:
        """Commit without waiting for the disk: safe against kills, and on local disks fast."""
        if not _on_network_filesystem(path):
            self._patiently("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
        for statement in _SCHEMA:
            self._patiently(statement)

    def _patiently(self, statement: str) -> None:
        """Run a statement that SQLite refuses at once, instead of waiting, while others begin."""
        deadline = time.monotonic() + _PATIENCE_S
        while True:
            try:
                self._database.execute(statement)
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def _context_of(self, identity: str) -> int:
        self._database.execute("INSERT OR IGNORE INTO contexts (identity) VALUES (?)", (identity,))
        query = "SELECT id FROM contexts WHERE identity = ?"
        row: tuple[int] = self._database.execute(query, (identity,)).fetchone()
        return row[0]


def _cure(error: sqlite3.DatabaseError) -> str:
    if "not a database" in str(error) or "malformed" in str(error):
        return "move the file away, and a new store is begun"
    if "locked" in str(error):
        return f"another process has held it for {_PATIENCE_S:.0f} s; end it, or try again"
    return "set ZENLAB_HOME to a folder that can be written"


def _score(
    genotype: Genotype, value: float, stderr: float | None, seconds: float, terms: str
) -> Score:
    return Score(genotype, value, stderr, seconds, reused=True, terms=json.loads(terms))


def _on_network_filesystem(path: Path) -> bool:
    """Whether the file lies where a write-ahead log doesn't work (known on Linux only)."""
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return False
    rows = [line.split()[1:3] for line in mounts.read_text(encoding="utf-8").splitlines()]
    above = [row for row in rows if path.resolve().is_relative_to(row[0])]
    _, kind = max(above, key=lambda row: len(row[0]), default=("/", ""))
    return kind in _NETWORK_FILESYSTEMS
