"""The workspace and the report of a W&B project, as objects of wandb-workspaces."""

from typing import Any

import wandb_workspaces.reports.v2 as wr
import wandb_workspaces.workspaces as ws

from zenlab.dashboard.parts import parts

_COLUMNS = (
    "config:options.value.space",
    "config:options.value.proxy",
    "config:options.value.searcher",
    "summary:correlation.all.kendall.value",
    "summary:scoring_seconds",
)


def workspace(entity: str, project: str) -> ws.Workspace:
    """Return a workspace with a section for each part of the dashboard."""
    return ws.Workspace(
        entity=entity,
        project=project,
        name="zenlab",
        sections=[
            ws.Section(name=part.title, panels=list(part.panels), is_open=True) for part in parts()
        ],
        runset_settings=ws.RunsetSettings(pinned_columns=list(_COLUMNS)),
    )


def report(entity: str, project: str) -> wr.Report:
    """Return a report with a chapter for each part of the dashboard."""
    blocks: list[Any] = [wr.TableOfContents()]
    for part in parts():
        blocks += [
            wr.H2(part.title),
            wr.P(part.text),
            wr.PanelGrid(runsets=[wr.Runset(name="all runs")], panels=list(part.panels)),
        ]
    return wr.Report(
        entity=entity,
        project=project,
        title=f"{project}: which proxy works where",
        description="Made by python -m zenlab.dashboard",
        width="fluid",
        blocks=blocks,
    )


def specification(entity: str, project: str) -> dict[str, Any]:
    """Return workspace and report as they would be sent, ready for JSON; needs no network."""
    views = {"workspace": workspace(entity, project), "report": report(entity, project)}
    return {
        name: view._to_model().model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, view in views.items()
    }
