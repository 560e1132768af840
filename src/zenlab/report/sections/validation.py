"""What short trainings of the best candidates said."""

from collections.abc import Mapping, Sequence
from typing import Any

from zenlab.report.charts.curves import epochs_chart, reranking_chart
from zenlab.report.page import Cell, Chart, Section, Table
from zenlab.report.sections.words import number, rounded

_CURVES = {
    "held_out_accuracy": "held-out accuracy (%)",
    "train_loss": "training loss",
    "learning_rate": "learning rate",
}
_COLUMNS = {
    "score": "score",
    "held_out_accuracy": "held out",
    "test_accuracy": "test",
    "measured": "measured",
    "seconds": "seconds",
}


def validation_section(validation: Mapping[str, Any]) -> Section:
    """Return a table of the candidates and their curves over epochs."""
    candidates = validation.get("candidates", [])
    pick = validation.get("pick") or {}
    picked = str(pick["rank"]) if pick else None
    charts = [
        Chart(
            epochs_chart(curves, label, picked=picked),
            alt=f"{label} over epochs, one line for each of {len(curves)} candidates.",
        )
        for key, label in _CURVES.items()
        if (curves := _curves(candidates, key))
    ]
    known = [key for key in _COLUMNS if any(c.get(key) is not None for c in candidates)]
    table = Table(
        validation.get("label", "short trainings"),
        ["place by score", *(_COLUMNS[key] for key in known)],
        [_row(candidate, known, picked) for candidate in candidates],
    )
    return Section(
        "Validation by short training",
        text=_text(validation, picked),
        charts=charts,
        tables=[table] if candidates else [],
    )


def reranking_section(reranking: Mapping[str, Any]) -> Section:
    """Return what training the best candidates would bring, as simulated from a table."""
    rows = reranking.get("rows", [])
    if not rows:
        return Section("What validation would bring")
    epochs, last = reranking["epochs"], rows[-1]
    chart = Chart(
        reranking_chart(rows, epochs, reranking["of"]),
        alt=(
            f"Regret against the number of candidates trained for {epochs} epochs: from "
            f"{rows[0]['regret']:.2f} for {rows[0]['candidates']} to {last['regret']:.2f} for "
            f"{last['candidates']}, among random ones from {rows[0]['random_regret']:.2f} to "
            f"{last['random_regret']:.2f}."
        ),
        caption="The band holds 95 % of simulated searches.",
    )
    told = (
        f"Simulated from the table: of so many candidates, each trained for {epochs} epochs, the "
        f"best then is picked, and loses to the best of all by the regret."
    )
    return Section("What validation would bring", text=[told], charts=[chart])


def _text(validation: Mapping[str, Any], picked: str | None) -> list[str]:
    lines = [*validation.get("failures", []), *validation.get("remarks", [])]
    if picked:
        by = validation.get("picked_by", "validation")
        lines.insert(0, f"Picked by {by}: candidate {picked}, {validation['pick']['genotype']}")
    return lines


def _curves(candidates: Sequence[Mapping[str, Any]], key: str) -> dict[str, dict[int, float]]:
    curves = {
        str(candidate["rank"]): {
            int(row["epoch"]): float(row[key])
            for row in candidate.get("epochs", [])
            if row.get(key) is not None
        }
        for candidate in candidates
    }
    return {name: curve for name, curve in curves.items() if curve}


def _row(candidate: Mapping[str, Any], known: Sequence[str], picked: str | None) -> list[Cell]:
    name = str(candidate["rank"])
    values = {
        "score": number(candidate.get("score")),
        "held_out_accuracy": rounded(candidate.get("held_out_accuracy")),
        "test_accuracy": rounded(candidate.get("test_accuracy")) or "failed",
        "measured": rounded(candidate.get("measured")),
        "seconds": rounded(candidate.get("seconds"), 1),
    }
    spread = candidate.get("test_accuracy_std")
    notes = {} if spread is None else {"test_accuracy": f"± {spread:.2f}"}
    first = Cell(name, "picked" if name == picked else "")
    return [first, *(Cell(values[key], notes.get(key, "")) for key in known)]
