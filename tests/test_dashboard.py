"""The dashboard names what zenlab streams, and says plainly why it can't be built."""

import builtins
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb

from tests.tracking.conftest import KEY
from tests.tracking.server import StandIn
from tests.tracking.test_metrics import DOCUMENTED
from zenlab.dashboard.__main__ import main
from zenlab.tracking.metrics import METRICS, metric_of

pytestmark = pytest.mark.filterwarnings("ignore:Pydantic V1 style:DeprecationWarning")

PARTS = (
    "Leaderboard",
    "Score against accuracy",
    "Hypothesis verdicts",
    "Search curves",
    "Validation curves",
    "Cost",
)
TABLES = ("scores", "standings", "claims")


@pytest.fixture
def fresh_wandb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """W&B without a past: no key, no settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    wandb.teardown()
    yield
    wandb.teardown()


@pytest.fixture
def written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    file = tmp_path / "dashboard.json"
    main(["--entity", "me", "--project", "lab", "--dry-run", str(file)])
    assert str(file) in capsys.readouterr().out
    return dict(json.loads(file.read_text()))


def panels(content: Any) -> list[dict[str, Any]]:
    """Return all panels, wherever they are."""
    if isinstance(content, dict):
        found = [content] if "viewType" in content else []
        return found + [panel for value in content.values() for panel in panels(value)]
    return [panel for value in content for panel in panels(value)] if is_list(content) else []


def is_list(content: Any) -> bool:
    return isinstance(content, list)


def names_of(panel: dict[str, Any]) -> list[str]:
    """Return every metric, pattern and table that a panel names."""
    config = panel["config"]
    names = [*config.get("metrics", []), config.get("metricRegex"), config.get("xAxis")]
    names += [config.get("yAxis"), config.get("groupBy")]
    names += re.findall(r'"tableKey", "value": "([^"]+)"', json.dumps(config))
    names += re.findall(r'"key": {[^}]*"val": "([^"]+)"', json.dumps(config))
    return [name.removeprefix("summary:") for name in names if name]


def test_workspace_and_report_belong_to_the_project(written: dict[str, Any]) -> None:
    workspace, report = written["workspace"], written["report"]
    assert (workspace["entity"], workspace["project"]) == ("me", "lab")
    assert (report["project"]["name"], report["project"]["entityName"]) == ("lab", "me")


def test_both_have_all_parts_in_order(written: dict[str, Any]) -> None:
    bank = written["workspace"]["spec"]["section"]["panelBankConfig"]
    assert tuple(section["name"] for section in bank["sections"]) == PARTS
    blocks = written["report"]["spec"]["blocks"]
    titles = [block["children"][0]["text"] for block in blocks if block["type"] == "heading"]
    assert tuple(titles) == PARTS
    shown = [[panel["viewType"] for panel in panels(written[view])] for view in written]
    assert shown[0] == shown[1] and len(shown[0]) > 15


def test_every_panel_names_something_that_zenlab_streams(written: dict[str, Any]) -> None:
    text = DOCUMENTED.read_text()
    for panel in panels(written):
        names = names_of(panel)
        assert names, panel
        for name in names:
            if "options.value" in name:
                assert f"`{name.replace('.value', '')}`" in text
            elif ".+" in name:
                assert name in [metric.pattern for metric in METRICS], name
            else:
                assert metric_of(name) or name in TABLES or is_in_the_summary(name), name
            shown = metric_of(name)
            assert f"`{shown.name if shown else re.sub('[.].*', '', name)}" in text or ".+" in name


def is_in_the_summary(name: str) -> bool:
    """Whether docs/tracking.md gives it as an example of the summary."""
    (row,) = (line for line in DOCUMENTED.read_text().splitlines() if "| summary | as in" in line)
    return f"`{name}`" in row


def test_curves_are_drawn_over_the_axis_of_their_metric(written: dict[str, Any]) -> None:
    curves = [panel["config"] for panel in panels(written) if "Line" in panel["viewType"]]
    assert len(curves) > 10
    for config in curves:
        for metric in METRICS:
            if metric.name in config["metrics"] or metric.pattern == config.get("metricRegex"):
                assert config["xAxis"] == metric.axis


def test_without_a_key_it_says_so(fresh_wandb: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit, match=r"there is no key .*WANDB_API_KEY.*--dry-run"):
        main(["--project", "lab"])


def test_without_the_extra_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **more: Any) -> Any:
        if name.startswith("wandb_workspaces") or name.startswith("zenlab.dashboard"):
            raise ModuleNotFoundError(f"No module named {name!r}", name="wandb_workspaces")
        return real(name, *arguments, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SystemExit, match=r"wandb_workspaces is missing.*zenlab\[dashboards\]"):
        main(["--dry-run", "never.json"])


def test_a_file_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"zenlab.dashboard: .*No such file"):
        main(["--dry-run", str(tmp_path / "missing" / "file.json")])


def test_a_key_that_is_refused_is_told(
    fresh_wandb: None, server: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.refuse["Viewer"] = 401
    with pytest.raises(SystemExit, match="the key is refused") as told:
        main(["--entity", "me"])
    assert KEY not in str(told.value)


def test_it_is_saved_at_the_server_as_it_was_written(
    fresh_wandb: None,
    server: StandIn,
    written: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["--project", "lab"])
    said = capsys.readouterr().out
    assert said.count(server.url) == 2
    assert [view["type"] for view in server.views] == ["runs", "project-view"]
    for saved, name in zip(server.views, ("report", "workspace"), strict=True):
        assert (saved["entityName"], saved["projectName"]) == ("me", "lab")
        sent, expected = panels(json.loads(saved["spec"])), panels(written[name])
        assert [names_of(panel) for panel in sent] == [names_of(panel) for panel in expected]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    """A stand-in for the W&B server, with a key for it."""
    server = StandIn()
    monkeypatch.setenv("WANDB_BASE_URL", server.url)
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    yield server
    server.stop()
