"""A W&B run as zenlab fills it: a history, then a table, figures and a summary."""

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from zenlab.tracking.metrics import metric_of
from zenlab.tracking.tables import score_rows, tables_of, verdicts_of

if TYPE_CHECKING:
    import wandb

_log = logging.getLogger(__name__)


class WandbStream:
    """Streams to a W&B run that has started; what goes wrong is told once and stops nothing.

    `run_folder` is where the run writes `scores.csv`. `folder` holds W&B's files of the run; `url`
    is its page, None where it is offline.
    """

    def __init__(self, run: "wandb.Run", run_folder: Path) -> None:
        self.folder = Path(run.dir).parent
        self.url = None if run.offline else run.url
        self._run = run
        self._run_folder = run_folder
        self._defined: set[str] = set()
        self._failed = False

    def log(self, metrics: Mapping[str, float]) -> None:
        """Add a step to the history; infinity and nan have no place on an axis and are left out."""
        finite = {name: value for name, value in metrics.items() if math.isfinite(value)}
        with self._sparing_the_run():
            self._define(finite)
            self._run.log(finite)

    def finish(
        self,
        summary: Mapping[str, Any],
        scores: pd.DataFrame,
        figures: Mapping[str, Path],
        descriptors: pd.DataFrame | None = None,
    ) -> None:
        """Send the result: tables, figures by name, `scores.csv` as an artifact, and the summary.

        The table `scores` has the rows of `scores.csv`, with `descriptors` (same rows) as further
        columns. Of more than 20,000 the best half of as many goes there, and a sample of the rest.
        """
        import wandb

        with self._sparing_the_run():
            self._log_table("scores", score_rows(scores, descriptors))
        with self._sparing_the_run():
            for name, rows in tables_of(summary, scores).items():
                self._log_table(name, rows)
        for name, path in figures.items():
            with self._sparing_the_run():
                self._run.log({f"figures/{name}": wandb.Image(str(path))}, commit=False)
        with self._sparing_the_run():
            self._run.summary.update({**summary, **verdicts_of(summary)})
        with self._sparing_the_run():
            self._keep_scores()  # the last, because online W&B first asks the server

    def close(self, exit_code: int) -> None:
        """End the run; what isn't uploaded by then stays in `folder`."""
        with self._sparing_the_run():
            self._run.finish(exit_code=exit_code)

    def _define(self, names: Iterable[str]) -> None:
        """Tell W&B of each new metric what it is drawn over and which value is best."""
        for name in names:
            if name in self._defined:
                continue
            self._defined.add(name)
            if metric := metric_of(name):
                self._run.define_metric(name, step_metric=metric.axis, summary=metric.best)

    def _log_table(self, name: str, rows: pd.DataFrame) -> None:
        """Send a table with every row, kept in the run's folder.

        Left to itself W&B cuts that copy after 10,000 rows, keeps the whole in a cache of its own
        outside the run's folder, and while online waits for the network before it goes on.
        """
        import wandb

        wandb.Table.MAX_ROWS = max(wandb.Table.MAX_ROWS, len(rows))
        rows = rows.astype(object).where(rows.notna(), None)
        cells: list[Iterable[Any]] = list(rows.itertuples(index=False, name=None))
        table = wandb.Table(columns=[str(column) for column in rows], data=cells)
        table.bind_to_run(self._run, name, self._run.step)  # type: ignore[no-untyped-call]
        self._run.log({name: table}, commit=False)

    def _keep_scores(self) -> None:
        """Keep `scores.csv`, if it is there, as an artifact, where it lies: W&B copies nothing."""
        import wandb

        path = self._run_folder / "scores.csv"
        if path.is_file():
            artifact = wandb.Artifact(f"scores-{self._run.id}", type="scores")
            artifact.add_file(str(path), policy="immutable", skip_cache=True)
            self._run.log_artifact(artifact)

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
