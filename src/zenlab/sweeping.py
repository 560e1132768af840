"""What closes a sweep: one table of all jobs, whatever became of them.

`python -m zenlab.sweeping FOLDER` closes one that was cut off.
"""

import argparse
import json
import sys
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from zenlab.report.files import write_scores, write_summary

_SUMMARY = "summary.json"
_FAILURE = "failure.json"
_SWEEP = "multirun.yaml"  # Hydra writes it anew before the first job of a sweep


def begin_job() -> None:
    """Remove what the job of the same number in an earlier sweep left as its result."""
    for name in (_SUMMARY, _FAILURE):
        (Path(HydraConfig.get().runtime.output_dir) / name).unlink(missing_ok=True)


def keep_failure(error: Exception, reason: str) -> None:
    """Write down why a job of a sweep failed, so that the others go on; its log says where."""
    folder = Path(HydraConfig.get().runtime.output_dir)
    write_summary(folder / _FAILURE, {"error": reason})
    with (folder / f"{HydraConfig.get().job.name}.log").open("a", encoding="utf-8") as log:
        traceback.print_exception(error, file=log)


class SweepSummary(Callback):
    """Hydra's callback at the end of a sweep; conf/config.yaml names it."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Close the sweep; end the process with an error if a job or a claim failed."""
        folder = Path(config.hydra.sweep.dir)
        try:
            _close(folder, read_jobs(folder))
        except Exception as error:  # Hydra would only warn of it, and the process end well
            traceback.print_exc()
            sys.exit(
                f"zenlab: the sweep's end failed ({type(error).__name__}: {error}); its jobs are "
                f"kept: python -m zenlab.sweeping {folder}"
            )


def main(arguments: Sequence[str] | None = None) -> None:
    """Close the folder of a sweep; tell errors plainly."""
    parser = argparse.ArgumentParser(
        prog="python -m zenlab.sweeping",
        description="Write the table over the jobs of a sweep that was cut off before its end.",
    )
    parser.add_argument("folder", type=Path, help="the folder of the sweep, with multirun.yaml")
    folder = parser.parse_args(arguments).folder
    try:
        _close(folder, _require_jobs(folder))
    except (ValueError, OSError) as error:
        sys.exit(f"zenlab.sweeping: {error}")


def read_jobs(folder: Path) -> list[dict[str, Any]]:
    """Return what each job of a sweep left: its summary, or why it failed.

    Jobs of an earlier sweep in the same folder, older than its `multirun.yaml`, are left out.
    """
    sweep = folder / _SWEEP
    begun = sweep.stat().st_mtime_ns if sweep.is_file() else 0
    return [_read(own) for own in _numbered(folder) if _start(own) >= begun]


def _require_jobs(folder: Path) -> list[dict[str, Any]]:
    if not (folder / _SWEEP).is_file():
        raise ValueError(f"{folder} is no folder of a sweep: it has no {_SWEEP}")
    if not _numbered(folder):
        raise ValueError(f"no job of the sweep in {folder} had begun")
    if not (jobs := read_jobs(folder)):
        raise ValueError(
            f"all jobs in {folder} are older than its {_SWEEP}: they are of an earlier sweep, or "
            f"the folder was copied without its times"
        )
    return jobs


def _numbered(folder: Path) -> list[Path]:
    return sorted((f for f in folder.iterdir() if f.name.isdigit()), key=lambda f: int(f.name))


def _overrides(own: Path) -> Path:
    return own / ".hydra" / "overrides.yaml"


def _start(own: Path) -> int:
    """When a job began: Hydra writes its overrides first."""
    written = _overrides(own)
    return (written if written.is_file() else own).stat().st_mtime_ns


def _read(own: Path) -> dict[str, Any]:
    found: dict[str, Any] = {"error": "it was cut off"}
    for name in (_SUMMARY, _FAILURE):
        if (own / name).is_file():
            found = json.loads((own / name).read_text(encoding="utf-8"))
    written = _overrides(own)
    overrides = list(OmegaConf.load(written)) if written.is_file() else []
    return {**found, "job": int(own.name), "overrides": [str(word) for word in overrides]}


def _close(folder: Path, jobs: Sequence[dict[str, Any]]) -> None:
    """Write `sweep_summary.json` and `sweep.csv`, then show and draw what is in them.

    Ends the process with an error if a job or a claim failed.
    """
    from zenlab.report.terminal import Terminal

    if not jobs:
        return
    terminal = Terminal()
    of_claims = any("verdicts" in job for job in jobs)
    rows, parts = _claim_rows(jobs) if of_claims else ([_headline(job) for job in jobs], [])
    write_summary(folder / "sweep_summary.json", {"jobs": len(jobs), "rows": rows})
    write_scores(folder / "sweep.csv", pd.DataFrame(rows))
    if of_claims:
        terminal.show_sweep(_told_apart(rows, jobs), folder)
    for line in _remarks(folder, jobs):
        terminal.say(line)
    if of_claims:
        _draw(folder, _told_apart(rows, jobs), _told_apart(parts, jobs))
    if complaint := _complaint(jobs):
        sys.exit(f"zenlab: {complaint}")


def _remarks(folder: Path, jobs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say where everything lies, what was left out and what failed."""
    lines = [f"written to {folder}: sweep_summary.json, sweep.csv"]
    own = {job["job"] for job in jobs}
    if older := [job.name for job in _numbered(folder) if int(job.name) not in own]:
        lines.append(f"left out, of an earlier sweep in the same folder: {', '.join(older)}")
    for job in jobs:
        name = f"job {job['job']} ({' '.join(job['overrides'])})"
        if "error" in job:
            lines.append(f"{name} failed: {job['error']}")
        lines += [
            f"{name}: {claim} could not be tested: {why}" for claim, why in _untested(job).items()
        ]
    return lines


def _complaint(jobs: Sequence[Mapping[str, Any]]) -> str | None:
    """Say how much of a sweep failed, if anything did."""
    failed = sum("error" in job for job in jobs)
    untested = sum(len(_untested(job)) for job in jobs)
    claims = untested + sum(len(job.get("verdicts", [])) for job in jobs)
    told = [f"{failed} of {len(jobs)} jobs failed"] if failed else []
    if untested:
        told.append(f"{untested} of {claims} claims could not be tested")
    return f"{', '.join(told)}; the others are whole" if told else None


def _claim_rows(
    jobs: Sequence[dict[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Correct all verdicts of a sweep together; return a row for each claim and for each part."""
    from zenlab.laboratory import adjusted

    found = [(_whence(job), verdict) for job in jobs for verdict in _verdicts(job)]
    corrected = adjusted([verdict for _, verdict in found])
    pairs = [(whence, verdict) for (whence, _), verdict in zip(found, corrected, strict=True)]
    rows = [{**whence, **verdict.row()} for whence, verdict in pairs]
    rows += [row for job in jobs for row in _failed_rows(job)]
    parts = [{**whence, **part} for whence, verdict in pairs for part in verdict.part_rows()]
    return sorted(rows, key=lambda row: row["job"]), parts


def _whence(job: Mapping[str, Any]) -> dict[str, Any]:
    return {"job": job["job"], "overrides": " ".join(job["overrides"])}


def _key(override: str) -> str:
    return override.lstrip("+").partition("=")[0]


def _told_apart(
    rows: Sequence[dict[str, Any]], jobs: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Add to the proxy of each row what else its job was given that not all jobs were."""
    shared = set.intersection(*(set(job["overrides"]) for job in jobs))
    more = {
        job["job"]: [
            word
            for word in job["overrides"]
            if word not in shared and _key(word) not in ("hypothesis", "proxy")
        ]
        for job in jobs
    }
    return [{**row, "proxy": "\n".join([row["proxy"], *more[row["job"]]])} for row in rows]


def _draw(folder: Path, rows: Sequence[dict[str, Any]], parts: Sequence[dict[str, Any]]) -> None:
    """Draw the verdicts of a sweep and write its page."""
    from zenlab.report.page import write_page
    from zenlab.report.verdict_page import verdict_page
    from zenlab.report.verdicts import draw_sweep

    tested = sum(row["verdict"] != "failed" for row in rows)
    title = f"{tested} claims tested together (Holm)"
    figure = folder / "figures" / "sweep.png"
    draw_sweep(figure, rows, title=title)
    summary = {"verdicts": rows, "parts": parts}
    page = verdict_page(title, summary, {"sweep": figure}, overrides=_command(folder))
    write_page(folder / "report.html", page)


def _command(folder: Path) -> list[str]:
    """Return what was written after `python -m zenlab`, as far as Hydra has kept it."""
    written = folder / _SWEEP
    kept = (
        OmegaConf.select(OmegaConf.load(written), "hydra.overrides.task")
        if written.is_file()
        else []
    )
    return ["--multirun", *map(str, kept or [])]


def _verdicts(job: Mapping[str, Any]) -> list[Any]:
    """Make the verdicts of a job again from its summary."""
    from zenlab.hypotheses.part import part_from
    from zenlab.hypotheses.verdict import Verdict

    return [
        Verdict(
            row["claim"],
            row["statement"],
            row["proxy"],
            [part_from(part) for part in job["parts"] if part["claim"] == row["claim"]],
        )
        for row in job.get("verdicts", [])
    ]


def _untested(job: Mapping[str, Any]) -> dict[str, str]:
    """Return why claims of a job failed beside others that were tested."""
    return dict(job["failures"]) if "verdicts" in job else {}


def _failed_rows(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each claim of a job that could not be tested."""
    chosen = {_key(word): word.partition("=")[2] for word in job["overrides"]}
    reasons = _untested(job)
    if "error" in job:
        reasons = {chosen.get("hypothesis", "?"): job["error"]}
    untold = {"verdict": "failed", "effect": None, "low": None, "high": None}
    proxy = job.get("proxy") or chosen.get("proxy", "?")
    return [
        {**_whence(job), "claim": claim, "proxy": proxy, **untold, "sentence": reason}
        for claim, reason in reasons.items()
    ]


def _headline(job: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of an ordinary run: what was changed, tau and the best."""
    row = _whence(job)
    if "error" in job:
        return {**row, "error": job["error"]}
    row |= {key: job.get(key) for key in ("space", "proxy", "searcher", "dataset")}
    tau = job.get("correlation", {}).get("all", {}).get("kendall", {})
    row |= {"kendall": tau.get("value"), "low": tau.get("low"), "high": tau.get("high")}
    best = job.get("best", {})
    return {**row, "best": best.get("genotype"), "best_accuracy": best.get("accuracy")}


if __name__ == "__main__":
    main()
