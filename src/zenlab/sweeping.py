"""What closes a sweep: one table of all jobs, whatever became of them."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from zenlab.report.files import write_scores, write_summary

_FAILURE = "failure.json"


def keep_failure(reason: str) -> None:
    """Write down why a job of a sweep failed, so that the others go on."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    write_summary(folder / _FAILURE, {"error": reason})


class SweepSummary(Callback):
    """Hydra's callback at the end of a sweep; conf/config.yaml names it."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Write `sweep_summary.json` and `sweep.csv`, draw and print verdicts or headlines.

        Ends the process with an error if a job failed.
        """
        from zenlab.report.terminal import Terminal

        folder = Path(config.hydra.sweep.dir)
        jobs = read_jobs(folder)
        if not jobs:
            return
        terminal = Terminal()
        if any("verdicts" in job for job in jobs):
            rows = _close_hypotheses(folder, jobs)
            terminal.show_sweep(rows, folder)
        else:
            rows = [_headline(job) for job in jobs]
            write_scores(folder / "sweep.csv", pd.DataFrame(rows))
        write_summary(folder / "sweep_summary.json", {"jobs": len(jobs), "rows": rows})
        terminal.say(f"written to {folder}: sweep_summary.json, sweep.csv")
        failed = [job for job in jobs if "error" in job]
        for job in failed:
            terminal.say(f"job {job['job']} ({' '.join(job['overrides'])}) failed: {job['error']}")
        if failed:
            sys.exit(f"zenlab: {len(failed)} of {len(jobs)} jobs failed; the others are whole")


def read_jobs(folder: Path) -> list[dict[str, Any]]:
    """Return what each job of a sweep left: its summary, or why it failed."""
    jobs = []
    for own in sorted((f for f in folder.iterdir() if f.name.isdigit()), key=lambda f: int(f.name)):
        found: dict[str, Any] = {"error": "it was cut off"}
        for name in ("summary.json", _FAILURE):
            if (own / name).is_file():
                found = json.loads((own / name).read_text(encoding="utf-8"))
        written = own / ".hydra" / "overrides.yaml"
        overrides = list(OmegaConf.load(written)) if written.is_file() else []
        jobs.append({**found, "job": own.name, "overrides": [str(word) for word in overrides]})
    return jobs


def _close_hypotheses(folder: Path, jobs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Correct all verdicts of the sweep together; write and draw them."""
    from zenlab.laboratory import adjusted
    from zenlab.report.page import write_page
    from zenlab.report.verdict_page import verdict_page
    from zenlab.report.verdicts import draw_sweep

    verdicts = adjusted([verdict for job in jobs for verdict in _verdicts(job)])
    rows = [verdict.row() for verdict in verdicts]
    rows += [_failed(job) for job in jobs if "error" in job]
    write_scores(folder / "sweep.csv", pd.DataFrame(rows))
    title = f"{len(verdicts)} claims tested together (Holm)"
    figure = folder / "figures" / "sweep.png"
    draw_sweep(figure, rows, title=title)
    parts = [part for verdict in verdicts for part in verdict.part_rows()]
    page = verdict_page(title, {"verdicts": rows, "parts": parts}, {"sweep": figure})
    write_page(folder / "report.html", page)
    return rows


def _verdicts(job: dict[str, Any]) -> list[Any]:
    """Make the verdicts of a job again from its summary."""
    from zenlab.hypotheses.verdict import Verdict, part_from

    return [
        Verdict(
            row["claim"],
            row["statement"],
            row["proxy"],
            [part_from(part) for part in job["parts"] if part["claim"] == row["claim"]],
        )
        for row in job.get("verdicts", [])
    ]


def _failed(job: dict[str, Any]) -> dict[str, Any]:
    """Return the row of a claim that could not be tested."""
    chosen = dict(word.split("=", 1) for word in job["overrides"] if "=" in word)
    return {
        "claim": chosen.get("hypothesis", "?"),
        "proxy": chosen.get("proxy", "?"),
        "verdict": "failed",
        "effect": None,
        "low": None,
        "high": None,
        "sentence": job["error"],
    }


def _headline(job: dict[str, Any]) -> dict[str, Any]:
    """Return the row of an ordinary run: what was changed, tau and the best."""
    row: dict[str, Any] = {"job": job["job"], "overrides": " ".join(job["overrides"])}
    if "error" in job:
        return {**row, "error": job["error"]}
    row |= {key: job.get(key) for key in ("space", "proxy", "searcher", "dataset")}
    tau = job.get("correlation", {}).get("all", {}).get("kendall", {})
    row |= {"kendall": tau.get("value"), "low": tau.get("low"), "high": tau.get("high")}
    best = job.get("best", {})
    return {**row, "best": best.get("genotype"), "best_accuracy": best.get("accuracy")}
