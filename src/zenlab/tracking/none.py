"""No tracking: a run that is streamed nowhere."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd


class NoStream:
    """Takes what a run streams and keeps nothing of it."""

    folder: Path | None = None
    url: str | None = None

    def log(self, metrics: Mapping[str, float]) -> None:
        """Let a step of the history go by."""

    def finish(
        self,
        summary: Mapping[str, Any],
        scores: pd.DataFrame,
        figures: Mapping[str, Path],
        descriptors: pd.DataFrame | None = None,
    ) -> None:
        """Let the result of the run go by."""

    def close(self, exit_code: int) -> None:
        """Do nothing: there is nothing to close."""


@dataclass(frozen=True)
class NoTracking:
    """Tracking turned off; the run's folder holds everything anyway."""

    @contextmanager
    def start(self, **described: Any) -> Iterator[NoStream]:
        """Open a stream that goes nowhere, however the run is described."""
        yield NoStream()
