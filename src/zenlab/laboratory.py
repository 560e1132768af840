"""The story of a hypothesis: a claim made beforehand, the evidence, and what follows from it."""

import logging
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from zenlab.analysis.multiplicity import holm
from zenlab.assembly import choices
from zenlab.checks import require_whole
from zenlab.hypotheses.claim import Claim, Claims
from zenlab.hypotheses.part import Part
from zenlab.hypotheses.population import Population
from zenlab.hypotheses.verdict import Verdict
from zenlab.populating import compose_option, populate
from zenlab.report.applicability import draw_applicability
from zenlab.report.files import write_scores, write_summary, write_text
from zenlab.report.page import write_page
from zenlab.report.terminal import Terminal
from zenlab.report.verdict_page import verdict_page
from zenlab.report.verdicts import draw_parts, draw_sweep
from zenlab.stage import Log, streamed

_FORESEEN = (
    ValueError,
    ArithmeticError,
    OSError,
    sqlite3.Error,
    HydraException,
    OmegaConfBaseException,
)

_log = logging.getLogger(__name__)


@dataclass
class _Judged:
    """What became of the claims: verdicts, why others failed, and what each claimed, as YAML."""

    verdicts: list[Verdict] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    written: dict[str, Any] = field(default_factory=dict)


def judge_hypothesis(config: DictConfig) -> float | None:
    """Test a claim, or several, with the job's proxy.

    Writes `verdicts.csv`, `parts.csv`, `summary.json` and figures. A claim that can't be tested is
    told and leaves the others alone.

    Returns:
        The leading effect of the first claim, for Hydra's sweepers.

    Raises:
        ValueError: not one claim could be tested; says why.
    """
    terminal = Terminal()
    name, proxy = choices()["hypothesis"], choices()["proxy"]
    require_whole("analysis.claim_draws", config.analysis.claim_draws, least=2)
    claims = _claims(config, name)
    folder = Path(HydraConfig.get().runtime.output_dir)
    with streamed(config, folder) as stream:
        judged = _judge(config, claims, proxy, terminal, stream.log)
        verdicts, failures = adjusted(judged.verdicts), judged.failures
        if not verdicts:
            raise ValueError("; ".join(failures.values()))
        summary = summarise(verdicts, failures)
        summary |= {"hypothesis": name, "proxy": proxy, "seed": config.seed}
        rows = pd.DataFrame(summary["verdicts"])
        write_summary(folder / "summary.json", summary)
        write_scores(folder / "verdicts.csv", rows)
        write_scores(folder / "parts.csv", pd.DataFrame(summary["parts"]))
        written = OmegaConf.to_yaml(config, resolve=True)
        write_text(folder / "config.yaml", written)
        write_text(folder / "claims.yaml", OmegaConf.to_yaml(judged.written, resolve=True))
        figures = _draw(folder, verdicts)
        overrides = HydraConfig.get().overrides.task
        page = verdict_page(f"{name}, {proxy}", summary, figures, written, overrides)
        write_page(folder / "report.html", page)
        stream.finish(summary, rows, figures)
    for verdict in verdicts:
        terminal.show_verdict(verdict.part_rows(), verdict.sentence, verdict.notes)
    for claim, reason in failures.items():
        terminal.say(f"{claim} could not be tested: {reason}")
    terminal.say(
        f"written to {folder}: report.html, summary.json, verdicts.csv, parts.csv, claims.yaml, "
        f"figures/"
    )
    terminal.say_tracked(stream.url or stream.folder)
    return verdicts[0].leading.effect


def summarise(verdicts: Sequence[Verdict], failures: Mapping[str, str]) -> dict[str, Any]:
    """Return verdicts with their parts and evidence, and what could not be tested."""
    return {
        "verdicts": [verdict.row() for verdict in verdicts],
        "parts": [row for verdict in verdicts for row in verdict.part_rows()],
        "notes": {verdict.claim: list(verdict.notes) for verdict in verdicts if verdict.notes},
        "evidence": {verdict.claim: verdict.evidence for verdict in verdicts},
        "failures": dict(failures),
    }


def adjusted(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Return the verdicts corrected for their number, open ones counted; a single one stays.

    Claims of which all parts are the same, such as one about accuracies alone that was tested with
    several proxies, are one test.
    """
    tests: dict[tuple[str, tuple[Part, ...]], str] = {}
    for verdict in verdicts:
        tests.setdefault(_test_of(verdict), str(len(tests)))
    corrected = holm({tests[_test_of(verdict)]: verdict.p for verdict in verdicts})
    if len(corrected) < 2:
        return list(verdicts)
    return [verdict.adjusted(corrected[tests[_test_of(verdict)]]) for verdict in verdicts]


def _test_of(verdict: Verdict) -> tuple[str, tuple[Part, ...]]:
    return verdict.claim, tuple(verdict.parts)


def _claims(config: DictConfig, name: str) -> dict[str, Any]:
    """Return the configs of the claims by name; None where an option must be composed."""
    made = instantiate(config.hypothesis, _convert_="all")
    if isinstance(made, Claims):
        return dict.fromkeys(made.members)
    return {name: config.hypothesis}


def _judge(
    config: DictConfig, claims: Mapping[str, Any], proxy: str, terminal: Terminal, log: Log
) -> _Judged:
    """Test each claim; populations that several need are scored once."""
    scored: dict[str, Population] = {}
    judged = _Judged()
    for name, node in claims.items():
        try:
            written = compose_option("hypothesis", name) if node is None else node
            claim = instantiate(written, _convert_="all")
            judged.written[name] = written
            verdict = _test(config, name, claim, proxy, scored, terminal, log)
            verdict.row()  # what can't be told has failed, too
            judged.verdicts.append(verdict)
        except Exception as error:  # any: the other claims go on, and the end tells
            _log.debug("%s failed", name, exc_info=True)
            judged.failures[name] = _in_a_line(error)
    return judged


def _test(
    config: DictConfig,
    name: str,
    claim: object,
    proxy: str,
    scored: dict[str, Population],
    terminal: Terminal,
    log: Log,
) -> Verdict:
    if not isinstance(claim, Claim):
        raise ValueError(f"hypothesis {name} is a {type(claim).__name__}, which is no claim")
    terminal.say(f"zenlab: hypothesis {name}, proxy {proxy}: {claim.statement}")
    for where, source in claim.sources.items():
        if repr(source) not in scored:
            scored[repr(source)] = populate(config, where, source, terminal, log)
    populations = {where: scored[repr(source)] for where, source in claim.sources.items()}
    rng = np.random.default_rng(config.analysis.seed)
    return claim.test(name, proxy, populations, draws=config.analysis.claim_draws, rng=rng)


def _in_a_line(error: Exception) -> str:
    """Say what went wrong; what nobody foresaw with its kind."""
    cause = error.__cause__ if isinstance(error.__cause__, ValueError) else error
    told = str(cause).splitlines()[0] if str(cause) else "no reason given"
    return told if isinstance(cause, _FORESEEN) else f"{type(cause).__name__}: {told}"


def _draw(folder: Path, verdicts: Sequence[Verdict]) -> dict[str, Path]:
    figures = {}
    for verdict in verdicts:
        figures[verdict.claim] = folder / "figures" / f"{verdict.claim}.png"
        title = f"{verdict.claim}, {verdict.proxy}: {verdict.word}"
        draw_parts(figures[verdict.claim], verdict.part_rows(), title=title)
        for where, regions in verdict.maps.items():
            name = f"map_{verdict.claim}_{where}"
            figures[name] = folder / "figures" / f"{name}.png"
            draw_applicability(figures[name], regions, title=f"{verdict.proxy} on {where}")
    if len(verdicts) > 1:
        figures["verdicts"] = folder / "figures" / "verdicts.png"
        draw_sweep(figures["verdicts"], [v.row() for v in verdicts], title="claims by proxy")
    return figures
