"""What there is to know besides: remarks, the command, the config and the versions."""

import platform
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from zenlab.report.page import Section

_PACKAGES = ("zenlab", "torch", "numpy", "scipy", "pandas", "hydra-core", "bokeh")


def remarks_section(summary: Mapping[str, Any]) -> Section:
    """Return what a reader must know of a run: remarks, failures, what was rejected."""
    rejected = [
        f"The constraint rejected {count:,} by {reason}."
        for reason, count in summary.get("rejected", {}).items()
    ]
    return Section(
        "Remarks", text=[*summary.get("remarks", []), *summary.get("failures", []), *rejected]
    )


def closing_sections(config_yaml: str, overrides: Sequence[str]) -> list[Section]:
    """Return how to do it again, the config, and the versions of what computed it."""
    versions = {"python": platform.python_version()} | {name: _version(name) for name in _PACKAGES}
    told = "\n".join(f"{name} {number}" for name, number in versions.items())
    return [
        Section("How to reproduce", code=shlex.join(["python", "-m", "zenlab", *overrides])),
        Section("Config", code=config_yaml.strip(), folded=True),
        Section("Versions", code=told, folded=True),
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed as a package"
