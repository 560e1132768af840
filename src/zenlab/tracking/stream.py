"""A W&B run as zenlab fills it: a history, then a table, figures and a summary."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import wandb

_MOST_ROWS = 20_000
"""NAS-Bench-201 whole; with more W&B's files would be larger than all else together."""

_log = logging.getLogger(__name__)


class WandbStream:
    """Streams to a W&B run that has started; what goes wrong is told once and stops nothing.

    `folder` holds W&B's files of the run; `url` is its page, None where it is offline.
    """

    def __init__(self, run: "wandb.Run") -> None:
        self.folder = Path(run.dir).parent
        self.url = None if run.offline else run.url
        self._run = run
        self._failed = False

    def log(self, metrics: Mapping[str, float]) -> None:
        """Add a step to the history; infinity and nan have no place on an axis and are left out."""
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        with self._sparing_the_run():
            self._run.log(finite)

    def finish(
        self, summary: Mapping[str, Any], scores: pd.DataFrame, figures: Mapping[str, Path]
    ) -> None:
        """Send the result: the rows of `scores.csv`, the figures by name, and the summary.

        Of more than 20,000 rows the best half of as many goes there, and a sample of the others.
        """
        import wandb

        with self._sparing_the_run():
            self._run.log({"scores": _table(self._run, _chosen(scores))}, commit=False)
        for name, path in figures.items():
            with self._sparing_the_run():
                self._run.log({name: wandb.Image(str(path))}, commit=False)
        with self._sparing_the_run():
            self._run.summary.update(dict(summary))

    def close(self, exit_code: int) -> None:
        """End the run; what isn't uploaded by then stays in `folder`."""
        with self._sparing_the_run():
            self._run.finish(exit_code=exit_code)

    @contextmanager
    def _sparing_the_run(self) -> Iterator[None]:
        """Turn whatever W&B raises into one warning: the scores matter more than their mirror."""
        try:
            yield
        except Exception as error:  # W&B's own, the disk's, the network's, pydantic's
            if not self._failed:
                _log.warning(
                    "W&B fails: %s; the run goes on; upload what W&B has of it with: wandb sync %s",
                    in_a_line(error),
                    self.folder,
                )
            self._failed = True


def in_a_line(error: Exception) -> str:
    """Return what an error says first; W&B's errors go on with advice for its own users."""
    return str(error).partition("\n")[0].rstrip(".") or type(error).__name__


def _chosen(scores: pd.DataFrame) -> pd.DataFrame:
    """Return all rows, in their order; of very many the best and an even sample of the others.

    Where several proxies scored there is no best: an even sample of all.
    """
    if len(scores) <= _MOST_ROWS:
        return scores
    chosen = np.zeros(len(scores), dtype=bool)
    if "score" in scores:
        best_first = np.argsort(-scores["score"].to_numpy(dtype=float), kind="stable")  # nan last
        chosen[best_first[: _MOST_ROWS // 2]] = True
    others = np.flatnonzero(~chosen)
    chosen[others[np.linspace(0, len(others) - 1, _MOST_ROWS - chosen.sum()).astype(int)]] = True
    _log.info("W&B gets %d of %d rows; scores.csv has all", chosen.sum(), len(scores))
    return scores[chosen]


def _table(run: "wandb.Run", scores: pd.DataFrame) -> "wandb.Table":
    """Make W&B's table with every row, kept in the run's folder.

    Left to itself W&B cuts that copy after 10,000 rows, keeps the whole in a cache of its own
    outside the run's folder, and while online waits for the network before it goes on.
    """
    import wandb

    wandb.Table.MAX_ROWS = max(wandb.Table.MAX_ROWS, len(scores))
    rows = scores.astype(object).where(scores.notna(), None)
    cells: list[Iterable[Any]] = list(rows.itertuples(index=False, name=None))
    table = wandb.Table(columns=[str(name) for name in rows], data=cells)
    table.bind_to_run(run, "scores", run.step)  # type: ignore[no-untyped-call]
    return table
