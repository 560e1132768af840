"""Online if it can be, offline if not, and clear words about which and why."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.tracking.conftest import KEY, SCORES, read_back, wandb_command, zenlab_warnings
from tests.tracking.server import StandIn
from zenlab.tracking import wandb as module
from zenlab.tracking.stream import WandbStream
from zenlab.tracking.wandb import WandbTracking, log_in

pytestmark = pytest.mark.usefixtures("fresh_wandb")

SECONDS_TO_FALL_BACK = 15


def only(warnings: list[str]) -> str:
    (warning,) = warnings
    return warning


def track(folder: Path, **chosen: str) -> WandbStream:
    """Track a tiny run, online unless chosen otherwise."""
    tracking = WandbTracking(**{"mode": "online", **chosen})
    folder.mkdir(exist_ok=True)
    SCORES.to_csv(folder / "scores.csv", index=False)
    with tracking.start(config={"seed": 0}, folder=folder, job_type="score") as stream:
        stream.log({"scored": 1, "best": 2.5})
        stream.finish({"joined": 4}, SCORES, {})
    assert isinstance(stream, WandbStream)
    return stream


def assert_went_on_offline(stream: WandbStream, warning: str) -> None:
    assert "W&B can't go online" in warning
    assert "goes on offline" in warning
    assert f"wandb sync {stream.folder}" in warning
    assert stream.url is None
    assert stream.folder.name.startswith("offline-run-")
    history = wandb_command("leet", "inspect", "--json", stream.folder)
    assert '"scored":1' in history
    assert '"joined":4' in history


def test_online_without_a_key_goes_on_offline(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = track(tmp_path)
    warning = only(zenlab_warnings(caplog))
    assert "no key" in warning
    assert "WANDB_API_KEY" in warning
    assert_went_on_offline(stream, warning)


def test_online_without_a_network_goes_on_offline_soon(
    no_network: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    begun = time.perf_counter()
    stream = track(tmp_path)
    assert time.perf_counter() - begun < SECONDS_TO_FALL_BACK
    warning = only(zenlab_warnings(caplog))
    assert no_network in warning
    assert_went_on_offline(stream, warning)


def test_a_key_that_is_refused_goes_on_offline(
    server: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.refuse["Viewer"] = 401
    stream = track(tmp_path)
    warning = only(zenlab_warnings(caplog))
    assert "the key is refused" in warning
    assert_went_on_offline(stream, warning)


def test_a_server_that_takes_no_runs_goes_on_offline(
    server: StandIn,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_START", 1.0)
    server.refuse["UpsertBucket"] = 503
    stream = track(tmp_path)
    assert_went_on_offline(stream, only(zenlab_warnings(caplog)))


def test_a_key_that_is_none_is_not_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", "not a key")
    stream = track(tmp_path)
    warning = only(zenlab_warnings(caplog))
    assert "WANDB_API_KEY invalid" in warning
    assert "not a key" not in warning
    assert_went_on_offline(stream, warning)


def test_online_everything_arrives(
    server: StandIn, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stream = track(tmp_path, project="lab", group="a-question")
    assert zenlab_warnings(caplog) == []
    assert stream.url is not None
    assert stream.url.startswith(f"{server.url}/me/lab/runs/")
    assert_arrived(server)
    assert (server.run["groupName"], server.run["jobType"]) == ("a-question", "score")


def assert_arrived(server: StandIn) -> None:
    assert [step.get("scored") for step in server.history] == [1, None]
    (table,) = (file for name, file in server.files.items() if name.endswith(".table.json"))
    assert b'["b",1,-Infinity,null,null,10.0]' in table
    assert b'"joined":4' in server.files["wandb-summary.json"]
    (artifact,) = server.artifacts
    assert artifact["artifactTypeName"] == "scores"


def test_what_went_on_offline_can_be_uploaded_later(server: StandIn, tmp_path: Path) -> None:
    stream = track(tmp_path, mode="offline")
    wandb_command("sync", stream.folder)
    assert_arrived(server)


def test_the_mode_of_tracking_outdoes_the_environment(
    server: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "offline")
    assert track(tmp_path, mode="online").url is not None


def test_a_network_lost_on_the_way_loses_nothing(
    server: StandIn,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_SECONDS_TO_FINISH", 1.0)
    tracking = WandbTracking(mode="online")
    with tracking.start(config={}, folder=tmp_path, job_type="score") as stream:
        stream.log({"scored": 1})
        server.stop()
        stream.log({"scored": 2})
        stream.finish({"joined": 4}, SCORES, {})
    assert f"wandb sync {stream.folder}" in only(zenlab_warnings(caplog))
    written = read_back(tmp_path)
    assert [step.get("scored") for step in written.history] == [1, 2, None]
    assert len(written.table("scores")) == len(SCORES)
    assert written.summary["joined"] == 4


def test_the_key_is_in_no_file_and_no_line(
    server: StandIn,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    track(tmp_path / "online")
    server.refuse["Viewer"] = 401
    track(tmp_path / "offline", mode="offline")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert KEY not in caplog.text
    assert capfd.readouterr() == ("", "")


def test_an_unknown_mode_is_refused_with_the_modes_there_are() -> None:
    with pytest.raises(ValueError, match="offline, online, disabled; got 'onlin'"):
        WandbTracking(mode="onlin")


def test_a_project_that_wandb_refuses_is_told_at_the_start(tmp_path: Path) -> None:
    tracking = WandbTracking(project="a/b")
    with (
        pytest.raises(ValueError, match="WANDB_PROJECT"),
        tracking.start(config={}, folder=tmp_path, job_type="score"),
    ):
        pass


def test_importing_the_module_does_not_import_wandb() -> None:
    code = "import sys, zenlab.tracking.wandb; assert 'wandb' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("own", "waited"), [(None, "6"), ("30", "30")])
def test_an_answer_about_the_key_is_waited_for_as_long_as_the_user_says(
    monkeypatch: pytest.MonkeyPatch, own: str | None, waited: str
) -> None:
    name = "WANDB_HTTP_TIMEOUT"
    monkeypatch.delenv(name, raising=False)
    if own:
        monkeypatch.setenv(name, own)
    seen = []

    def login(**_: object) -> bool:
        seen.append(os.environ.get(name))
        return True

    monkeypatch.setattr("wandb.login", login)
    log_in()
    assert seen == [waited] and os.environ.get(name) == own
