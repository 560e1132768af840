"""The command line: `python -m zenlab.dashboard [--entity E] [--project P] [--dry-run FILE]`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dotenv import find_dotenv, load_dotenv

_DEFAULT_PROJECT = "zenlab"


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the dashboard of a project at W&B, or write it to a file; tell errors plainly."""
    load_dotenv(find_dotenv(usecwd=True))
    chosen = _parser().parse_args(arguments)
    try:
        lines = _build(chosen.entity, chosen.project, chosen.dry_run)
    except (ValueError, RuntimeError, OSError) as error:
        sys.exit(f"zenlab.dashboard: {error}")
    print("\n".join(lines))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m zenlab.dashboard",
        description="Build the workspace and the report of a W&B project: leaderboard, scatter, "
        "verdicts, search and validation curves, cost.",
    )
    parser.add_argument(
        "--entity",
        default=os.environ.get("WANDB_ENTITY") or None,
        help="whose project; default: WANDB_ENTITY, else the owner of the key",
    )
    parser.add_argument(
        "--project",
        default=os.environ.get("WANDB_PROJECT") or _DEFAULT_PROJECT,
        help="default: WANDB_PROJECT, else zenlab",
    )
    parser.add_argument(
        "--dry-run",
        metavar="FILE",
        type=Path,
        help="write what would be sent into FILE, as JSON, without a network or a key",
    )
    return parser


def _build(entity: str | None, project: str, dry_run: Path | None) -> list[str]:
    """Write the dashboard to a file, or save it at W&B; return what to tell.

    Raises:
        RuntimeError: wandb-workspaces is missing, or W&B can't be reached or takes no key.
    """
    try:
        from zenlab.dashboard import boards
    except ModuleNotFoundError as missing:
        raise RuntimeError(
            f"{missing.name} is missing; install it with: pip install 'zenlab[dashboards]'"
        ) from missing
    if dry_run is None:
        from zenlab.dashboard.saving import save

        return [f"{name}: {url}" for name, url in save(entity, project).items()]
    content = boards.specification(entity or "", project)
    dry_run.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return [f"written to {dry_run}: workspace and report of project {project}; nothing was sent"]


if __name__ == "__main__":
    main()
