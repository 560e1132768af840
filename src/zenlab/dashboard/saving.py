"""Saves the dashboard at W&B."""

import wandb

from zenlab.dashboard.boards import report, workspace
from zenlab.tracking.stream import in_a_line
from zenlab.tracking.wandb import log_in

_SECONDS_TO_ANSWER = 20


def save(entity: str | None, project: str) -> dict[str, str]:
    """Save workspace and report as new views of a project; return their pages by name.

    Raises:
        RuntimeError: there is no key or no network, or W&B refuses.
    """
    try:
        log_in()
        owner = entity or wandb.Api(timeout=_SECONDS_TO_ANSWER).default_entity
        if not owner:
            raise wandb.Error("the key has no default entity; name one: --entity")
        written = report(owner, project).save()  # makes the project where there is none
        shown = workspace(owner, project).save()
        return {"workspace": str(shown.url), "report": str(written.url)}
    except Exception as error:  # any: W&B's own, the network's, pydantic's
        raise RuntimeError(
            f"W&B doesn't take it: {in_a_line(error)}; with --dry-run FILE nothing is sent"
        ) from error
