"""The page of hypotheses: the claims, the verdicts, and the numbers behind them."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import escape

from zenlab.report.page import Card, Cell, Page, Section, Table
from zenlab.report.sections.closing import closing_sections
from zenlab.report.sections.verdicts import verdicts_section
from zenlab.report.sections.words import interval, signed


def verdict_page(
    title: str,
    summary: Mapping[str, Any],
    figures: Mapping[str, Path],
    config_yaml: str = "",
    overrides: Sequence[str] = (),
) -> Page:
    """Return the page of a run or a sweep of claims.

    Args:
        title: the page's.
        summary: `verdicts` and, if they are there, `parts`, `notes` and `failures`.
        figures: pictures (PNG) by what they show.
        config_yaml: the whole config, for the reader.
        overrides: what was written on the command line.
    """
    verdicts = summary["verdicts"]
    decided = [verdict for verdict in verdicts if verdict["verdict"] != "undecided"]
    failures = [f"{claim}: {why}" for claim, why in summary.get("failures", {}).items()]
    notes = [
        f"{claim}: {note}" for claim, told in summary.get("notes", {}).items() for note in told
    ]
    return Page(
        title=title,
        question=_question(verdicts),
        answer=verdicts[0]["sentence"]
        if len(verdicts) == 1
        else f"{len(decided)} of {len(verdicts)} claims are decided: {_counted(verdicts)}.",
        facts={
            "proxies": ", ".join(dict.fromkeys(verdict["proxy"] for verdict in verdicts)),
            "claims": str(len(verdicts)),
        },
        sections=[
            verdicts_section(verdicts),
            _parts(summary.get("parts", [])),
            Section("Pictures", cards=[_picture(name, path) for name, path in figures.items()]),
            Section("Remarks", text=[*notes, *failures]),
            *closing_sections(config_yaml, overrides),
        ],
    )


def _question(verdicts: Sequence[Mapping[str, Any]]) -> str:
    statements = dict.fromkeys(str(v.get("statement") or v["claim"]) for v in verdicts)
    if len(statements) == 1:
        return next(iter(statements))
    return f"Which of these {len(statements)} claims hold?"


def _counted(verdicts: Sequence[Mapping[str, Any]]) -> str:
    words = [verdict["verdict"] for verdict in verdicts]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


def _parts(parts: Sequence[Mapping[str, Any]]) -> Section:
    rows = [
        [
            Cell(f"{part['claim']}, {part['proxy']}: {part['part']}"),
            Cell(signed(part["effect"]), interval(part)),
            Cell(part["unit"]),
            Cell(f"{part['n']:,}"),
            Cell(part["says"]),
        ]
        for part in parts
    ]
    table = Table("parts of the claims", ["part", "effect", "unit", "n", "says"], rows)
    return Section("Evidence", tables=[table] if rows else [])


def _picture(name: str, path: Path) -> Card:
    """Return a figure inside of the page."""
    content = base64.b64encode(path.read_bytes()).decode()
    alt = escape(f"Effects and intervals of {name}; the numbers stand in the table above.")
    drawing = f'<img src="data:image/png;base64,{content}" alt="{alt}" style="max-width: 100%">'
    return Card(name, drawing=drawing)
