"""Print the tables of README.md from the folders of the runs.

Run: python experiments/poster/collate.py <folder of experiment=poster> <folders of plain runs ...>
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

Summary = dict[str, Any]
SKIP_CLAIMS = ("skip_on_edge_03", "h1_skip_connection")
TERMS = ("score", "score without growth", "fan_in", "growth", "log_difference")


def main(poster: Path, runs: list[Path]) -> None:
    """Print each table in Markdown under what it shows."""
    summary = read(poster)
    show("Verdicts", ["claim", "verdict", "why"], verdicts(summary))
    show(
        "Accuracy with and without a skip",
        ["condition", "cells", "with", "mean", "median", "without", "mean", "median", "difference"],
        contrasts(summary),
    )
    show(
        "A skip in the place of another operation: accuracy, and whether the score agrees in sign",
        ["claim", "replaced", "pairs", "mean", "median", "agree", "by chance"],
        pairs(summary),
    )
    show(
        "The same by edge, after 200 epochs",
        ["edit", "pairs", "mean", "median", "agree", "by chance"],
        edges(summary),
    )
    show(
        "How each term of the score ranks",
        ["space", "term", "share of variance", "Spearman", "given params"],
        terms(summary),
    )
    show("Spearman by number of skips, reachable cells", ["skips", "cells", *TERMS], skips(summary))
    show(
        "Rank quality by space, links on and off",
        ["space", "networks", "tau", "equal in", "tau within"],
        spaces(summary),
    )
    show(
        "Rank quality with widths free and held",
        ["space", "networks", "tau", "held", "tau within", "same cell", "Spearman given params"],
        widths(summary),
    )
    show(
        "Correlations of plain runs",
        ["proxy", "against", "population", "n", "tau-b", "Spearman", "Pearson"],
        (row for folder in runs for row in correlations(read(folder))),
    )


def read(folder: Path) -> Summary:
    """Return the summary of a run."""
    summary: Summary = json.loads((folder / "summary.json").read_text())
    return summary


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under columns, unless there are none."""
    lines = [" | ".join(map(str, row)) for row in rows]
    if lines:
        head = [" | ".join(columns), " | ".join(["---"] * len(columns))]
        print(f"## {title}", "", *(f"| {line} |" for line in [*head, *lines]), "", sep="\n")


def verdicts(summary: Summary) -> Iterator[Sequence[object]]:
    """Claims and what became of them."""
    for row in summary["verdicts"]:
        yield f"`{row['claim']}`", f"**{row['verdict']}**", row["sentence"]


def contrasts(summary: Summary) -> Iterator[Sequence[object]]:
    """Cells that meet a condition against those that don't, dead ones in and out."""
    for claim in SKIP_CLAIMS:
        found = summary["evidence"].get(claim, {}).get("contrast", {})
        for cells in ("all", "live"):
            if cells in found:
                sides = (found[cells][side] for side in ("present", "absent"))
                told = (
                    word
                    for side in sides
                    for word in (f"{side['n']:,}", f"{side['mean']:.3f}", f"{side['median']:.3f}")
                )
                yield found["condition"], cells, *told, bounded(found[cells]["mean"])


def pairs(summary: Summary) -> Iterator[Sequence[object]]:
    """What the skip does where all else is equal."""
    for claim in SKIP_CLAIMS:
        matched = summary["evidence"].get(claim, {}).get("matched", {})
        for replaced, effect in matched.get("by_context", {}).get("replaced", {}).items():
            yield claim, replaced, *effect_of(effect)


def edges(summary: Summary) -> Iterator[Sequence[object]]:
    """What it does on each edge."""
    matched = summary["evidence"].get("h1_skip_connection", {}).get("matched", {})
    for edit, effect in matched.get("by_edit", {}).items():
        yield edit.replace(" -> skip_connect", ""), *effect_of(effect)


def effect_of(effect: dict[str, Any]) -> Sequence[object]:
    """Pairs, mean and median effect on accuracy, and agreement in sign."""
    accuracy, agreement = effect["accuracy"], effect["agreement"]
    effects = f"{effect['pairs']:,}", bounded(accuracy["mean"]), bounded(accuracy["median"])
    if not agreement:
        return *effects, "", ""
    return *effects, bounded(agreement["share"]), f"{agreement['by_chance']:.2f}"


def terms(summary: Summary) -> Iterator[Sequence[object]]:
    """The score, the score without growth, and each term by itself."""
    for where, table in populations(summary, "growth_drowns_signal"):
        for name, row in table["terms"].items():
            share = f"{row['share_of_variance']:.0%}" if "share_of_variance" in row else ""
            yield where, name, share, bounded(row["spearman"]), bounded(row["partial_spearman"])


def skips(summary: Summary) -> Iterator[Sequence[object]]:
    """The same among cells of as many skips."""
    table = dict(populations(summary, "growth_drowns_signal")).get("nb201", {})
    rows: dict[tuple[float, int], dict[str, str]] = {}
    for row in table.get("strata", []):
        rows.setdefault((row["low"], row["n"]), {})[row["of"]] = bounded(row["spearman"])
    for (count, cells), found in rows.items():
        yield f"{count:g}", f"{cells:,}", *(found.get(name, "") for name in TERMS)


def spaces(summary: Summary) -> Iterator[Sequence[object]]:
    """Kendall's tau, and the same among networks of equal depth and strides."""
    for where, row in populations(summary, "h2_residual_space"):
        within = ", ".join(row["within"])
        yield (
            where,
            f"{row['n']:,}",
            bounded(row["kendall"]),
            within,
            bounded(row["kendall_within"]),
        )


def widths(summary: Summary) -> Iterator[Sequence[object]]:
    """Kendall's tau, and the same among networks of equal widths."""
    for where, row in populations(summary, "h3_channel_width"):
        taus = bounded(row["kendall"]), ", ".join(row["held"]), bounded(row["kendall_within"])
        paired = bounded(row["kendall_paired"]) if "kendall_paired" in row else ""
        yield where, f"{row['n']:,}", *taus, paired, bounded(row["partial_spearman"])


def correlations(summary: Summary) -> Iterator[Sequence[object]]:
    """All correlations of an ordinary run, by population."""
    for name, quality in summary["correlation"].items():
        found = (bounded(quality[key]) for key in ("kendall", "spearman", "pearson"))
        yield summary["proxy"], summary["benchmark"]["label"], name, f"{quality['n']:,}", *found


def populations(summary: Summary, claim: str) -> Iterator[tuple[str, Any]]:
    """Yield the tables of a claim by population."""
    yield from summary["evidence"].get(claim, {}).get("populations", {}).items()


def bounded(measured: dict[str, Any]) -> str:
    """Write a value with its interval."""
    if measured["value"] is None:
        return "undefined"
    if measured["low"] is None or measured["low"] == measured["high"]:
        return f"{measured['value']:.3f}"
    return f"{measured['value']:.3f} [{measured['low']:.3f}, {measured['high']:.3f}]"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
