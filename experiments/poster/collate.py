"""Print the tables of README.md from the folders of the runs.

Run: python experiments/poster/collate.py <folder of experiment=poster> <folders of populations ...>
"""

import json
import sys
from pathlib import Path
from typing import Any


def main(poster: Path, populations: list[Path]) -> None:
    """Print each table in Markdown."""
    summary = json.loads((poster / "summary.json").read_text())
    for table in (verdicts, contrast, pairs, terms, strata, spaces, widths):
        print("\n".join(table(summary)), end="\n\n")
    if populations:
        print("\n".join(correlations(populations)))


def verdicts(summary: dict[str, Any]) -> list[str]:
    """Claims and what became of them."""
    rows = [
        f"| `{row['claim']}` | **{row['verdict']}** | {row['sentence']} |"
        for row in summary["verdicts"]
    ]
    return ["| claim | verdict | why |", "|---|---|---|", *rows]


def contrast(summary: dict[str, Any]) -> list[str]:
    """Means with and without a skip on the edge from input to output, and on any."""
    lines = [
        "| | cells | with: n | mean | without: n | mean | difference |",
        "|---|---|---|---|---|---|---|",
    ]
    for claim in ("skip_on_edge_03", "h1_skip_connection"):
        found = summary["evidence"].get(claim, {}).get("contrast", {})
        for rows in ("all", "live"):
            if rows in found:
                ours, theirs = found[rows]["present"], found[rows]["absent"]
                lines.append(
                    f"| {found['condition']} | {rows} | {ours['n']:,} | {ours['mean']:.3f} | "
                    f"{theirs['n']:,} | {theirs['mean']:.3f} | {bounded(found[rows]['mean'])} |"
                )
    return lines


def pairs(summary: dict[str, Any]) -> list[str]:
    """What a skip does in the place of another operation."""
    lines = [
        "| claim | replaced | pairs | mean | median | agree | by chance |",
        "|---|---|---|---|---|---|---|",
    ]
    for claim in ("skip_on_edge_03", "h1_skip_connection"):
        matched = summary["evidence"].get(claim, {}).get("matched", {})
        for replaced, effect in matched.get("by_context", {}).get("replaced", {}).items():
            accuracy, agreement = effect["accuracy"], effect["agreement"]
            agree = chance = ""
            if agreement:
                agree = bounded(agreement["share"])
                chance = f"{agreement['by_chance']:.2f}"
            lines.append(
                f"| {claim} | {replaced} | {effect['pairs']:,} | {bounded(accuracy['mean'])} | "
                f"{bounded(accuracy['median'])} | {agree} | {chance} |"
            )
    return lines


def terms(summary: dict[str, Any]) -> list[str]:
    """How each term of the score ranks."""
    lines = [
        "| space | term | share of variance | Spearman | given params |",
        "|---|---|---|---|---|",
    ]
    for where, table in populations_of(summary, "growth_drowns_signal").items():
        for name, row in table["terms"].items():
            share = f"{row['share_of_variance']:.0%}" if "share_of_variance" in row else ""
            lines.append(
                f"| {where} | {name} | {share} | {bounded(row['spearman'])} | "
                f"{bounded(row['partial_spearman'])} |"
            )
    return lines


def strata(summary: dict[str, Any]) -> list[str]:
    """Rank quality by number of skips."""
    table = populations_of(summary, "growth_drowns_signal").get("nb201", {})
    names = ("score", "score without growth", "fan_in", "growth", "log_difference")
    rows: dict[tuple[float, int], dict[str, str]] = {}
    for row in table.get("strata", []):
        rows.setdefault((row["low"], row["n"]), {})[row["of"]] = bounded(row["spearman"])
    lines = [f"| skips | cells | {' | '.join(names)} |", "|---|---|" + "---|" * len(names)]
    for (skips, count), found in rows.items():
        lines.append(f"| {skips:g} | {count:,} | {' | '.join(found.get(n, '') for n in names)} |")
    return lines


def spaces(summary: dict[str, Any]) -> list[str]:
    """Rank quality by space, links on and off."""
    lines = ["| space | networks | tau | equal in | tau within |", "|---|---|---|---|---|"]
    for where, row in populations_of(summary, "h2_residual_space").items():
        lines.append(
            f"| {where} | {row['n']:,} | {bounded(row['kendall'])} | {', '.join(row['within'])} | "
            f"{bounded(row['kendall_within'])} |"
        )
    return lines


def widths(summary: dict[str, Any]) -> list[str]:
    """Rank quality with widths free and held."""
    lines = [
        "| space | networks | tau | held | tau within | Spearman given params |",
        "|---|---|---|---|---|---|",
    ]
    for where, row in populations_of(summary, "h3_channel_width").items():
        lines.append(
            f"| {where} | {row['n']:,} | {bounded(row['kendall'])} | {', '.join(row['held'])} | "
            f"{bounded(row['kendall_within'])} | {bounded(row['partial_spearman'])} |"
        )
    return lines


def correlations(folders: list[Path]) -> list[str]:
    """All correlations of ordinary runs, by population."""
    lines = [
        "| proxy | against | population | n | tau-b | Spearman | Pearson |",
        "|---|---|---|---|---|---|---|",
    ]
    for folder in folders:
        summary = json.loads((folder / "summary.json").read_text())
        for name, quality in summary["correlation"].items():
            found = (bounded(quality[key]) for key in ("kendall", "spearman", "pearson"))
            lines.append(
                f"| {summary['proxy']} | {summary['benchmark']['label']} | {name} | "
                f"{quality['n']:,} | {' | '.join(found)} |"
            )
    return lines


def populations_of(summary: dict[str, Any], claim: str) -> dict[str, Any]:
    """Return the tables of a claim by population."""
    found: dict[str, Any] = summary["evidence"].get(claim, {}).get("populations", {})
    return found


def bounded(measured: dict[str, Any]) -> str:
    """Write a value with its interval."""
    if measured["value"] is None:
        return "undefined"
    if measured["low"] is None or measured["low"] == measured["high"]:
        return f"{measured['value']:.3f}"
    return f"{measured['value']:.3f} [{measured['low']:.3f}, {measured['high']:.3f}]"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])
