"""What the tested claims came to."""

from collections.abc import Mapping, Sequence
from typing import Any

from zenlab.report.page import Card, Section
from zenlab.report.sections.words import interval, signed


def verdicts_section(verdicts: Sequence[Mapping[str, Any]]) -> Section:
    """Return a card for each verdict.

    One has `claim`, `proxy`, `verdict`, `sentence`, and the `effect` of its first part with `unit`
    and interval, `low` to `high`.
    """
    return Section("Verdicts", cards=[_card(verdict) for verdict in verdicts])


def _card(verdict: Mapping[str, Any]) -> Card:
    facts = {
        "proxy": str(verdict.get("proxy") or ""),
        "parts that hold": str(verdict.get("holds") or ""),
        "first effect": " ".join(
            filter(None, [signed(verdict.get("effect")), verdict.get("unit"), interval(verdict)])
        ),
    }
    return Card(
        str(verdict["claim"]),
        mark=str(verdict["verdict"]),
        text=str(verdict.get("sentence") or ""),
        facts={name: value for name, value in facts.items() if value},
    )
