"""Tracking turned off does nothing, and takes what a tracked run takes."""

from pathlib import Path

import pytest

from tests.tracking.conftest import SCORES
from zenlab.tracking.none import NoTracking
from zenlab.tracking.wandb import WandbTracking


@pytest.mark.parametrize("tracking", [NoTracking(), WandbTracking(mode="disabled")])
def test_nothing_is_written(tracking: NoTracking | WandbTracking, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with tracking.start(config={}, folder=folder, job_type="score", tags=["nb201"]) as stream:
        stream.log({"scored": 1})
        stream.finish({"best": 1.0}, SCORES, {"scatter": folder / "missing.png"})
    assert (stream.folder, stream.url) == (None, None)
    assert not folder.exists()
