"""The story of a benchmark of one's own: train architectures, write a table of their accuracies."""

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from zenlab.abilities import Indexed, Learning, Refining
from zenlab.assembly import Parts, assemble
from zenlab.checks import require_whole
from zenlab.core import Genotype
from zenlab.report.files import write_summary, write_text
from zenlab.report.terminal import Terminal
from zenlab.stage import streamed
from zenlab.tracking.metrics import TRAININGS
from zenlab.trainings import make_training, train_all
from zenlab.validation.archive import Trained
from zenlab.validation.validation import Validation

_PACKAGES = ("zenlab", "torch", "pytorch-lightning", "torchmetrics", "numpy")


def build_benchmark(config: DictConfig) -> None:
    """Train what the searcher asks for, with every seed, and write `benchmark.parquet` as it grows.

    Finished trainings are kept in ZENLAB_HOME, so the same command goes on where it was cut off.
    The table has a row for each architecture that all seeds have finished.

    Raises:
        ValueError: something in `config` can't be used; says what.
    """
    terminal = Terminal()
    parts = assemble(config)
    terminal.say(f"zenlab: benchmark of {parts}")
    validation = instantiate(config.validation, _convert_="all")
    if not isinstance(validation, Validation):
        raise ValueError("a benchmark needs trainings: set validation=short, full or embedded")
    require_whole("build.every", config.build.every)
    genotypes = _asked(parts)
    training = make_training(config, parts, validation)
    folder = Path(HydraConfig.get().runtime.output_dir)
    path = Path(config.build.path).expanduser() if config.build.path else _default(folder)
    described = _description(config, parts, validation, training.identity)
    tasks = [(genotype, seed) for genotype in genotypes for seed in range(validation.seeds)]
    results: dict[Genotype, list[Trained]] = {genotype: [] for genotype in genotypes}
    failed: list[Trained] = []
    with (
        streamed(config, folder, parts.searcher) as stream,
        terminal.trainings(len(tasks)) as progress,
    ):
        for count, trained in enumerate(train_all(training, tasks, parts.hardware), 1):
            progress.add(trained)
            (failed if trained.error else results[trained.genotype]).append(trained)
            stream.log(_metrics(count, trained))
            if count % config.build.every == 0:
                write_table(path, table_rows(parts, results, validation.seeds), described)
        rows = table_rows(parts, results, validation.seeds)
        write_table(path, rows, described)
        summary = _summary(rows, failed, described)
        write_summary(folder / "summary.json", summary)
        write_text(folder / "config.yaml", OmegaConf.to_yaml(config, resolve=True))
        stream.finish(summary, rows, {})
    terminal.say(
        f"{len(rows):,} of {len(genotypes):,} architectures trained with {validation.seeds} seeds, "
        f"{len(failed):,} trainings failed; {summary['training_seconds'] / 3600:.2f} hours"
    )
    for reason in summary["failures"]:
        terminal.say(reason)
    terminal.say(f"written to {path}; use it with benchmark=table benchmark.path={path}")
    terminal.say_tracked(stream.url or stream.folder)


def _metrics(count: int, trained: Trained) -> dict[str, float]:
    """Return what is streamed of a training that has ended."""
    ended = {TRAININGS: float(count)}
    if trained.error is None:
        ended["training/accuracy"] = trained.tested["accuracy"]
        ended["training/seconds"] = trained.seconds
    return ended


def _default(folder: Path) -> Path:
    return folder / "benchmark.parquet"


def _asked(parts: Parts) -> list[Genotype]:
    if isinstance(parts.searcher, Learning | Refining):
        raise ValueError(
            "a benchmark is built of architectures known beforehand: use searcher=stratified, "
            "random, exhaustive or listed"
        )
    genotypes: list[Genotype] = []
    while asked := parts.searcher.ask():
        genotypes += asked
        parts.searcher.tell([])
    return list(dict.fromkeys(genotypes))


def table_rows(
    parts: Parts, results: Mapping[Genotype, Sequence[Trained]], seeds: int
) -> pd.DataFrame:
    """Return a row for each architecture that all seeds have finished: means, spread, each seed."""
    space = parts.space
    rows = []
    for genotype, made in results.items():
        if len(made) < seeds:
            continue
        by_seed = sorted(made, key=lambda trained: trained.seed)
        row: dict[str, Any] = {"genotype": genotype}
        if isinstance(space, Indexed):
            row["index"] = space.index(genotype)
        for name in ("accuracy", "loss"):
            values = np.array([trained.tested[name] for trained in by_seed])
            row[name] = values.mean()
            row[f"{name}_std"] = values.std(ddof=1) if seeds > 1 else np.nan
            row |= {f"{name}_seed_{t.seed}": t.tested[name] for t in by_seed}
        for epoch in range(len(by_seed[0].epochs)):
            losses = [trained.epochs[epoch]["train_loss"] for trained in by_seed]
            row[f"train_loss_epoch_{epoch + 1}"] = float(np.mean(losses))
        row["seconds"] = sum(trained.seconds for trained in by_seed)
        rows.append(row)
    return pd.DataFrame(rows)


def write_table(path: Path, rows: pd.DataFrame, described: Mapping[str, Any]) -> None:
    """Write the table whole or not at all, in single precision, with its description inside."""
    if rows.empty:
        return
    floats = {name: "float32" for name in rows.select_dtypes("float64").columns}
    table = pa.Table.from_pandas(rows.astype(floats), preserve_index=False)
    content = hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest()
    metadata = {**described, "rows": len(rows), "sha256_of_rows": content}
    table = table.replace_schema_metadata({b"zenlab": json.dumps(metadata).encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    pq.write_table(table, unfinished, compression="zstd")
    unfinished.replace(path)


def _description(
    config: DictConfig, parts: Parts, validation: Validation, identity: Mapping[str, Any]
) -> dict[str, Any]:
    epochs = "epoch" if validation.epochs == 1 else "epochs"
    label = f"{parts.dataset.name} test accuracy after {validation.epochs} {epochs} (%)"
    return {
        "column": "accuracy",
        "label": config.build.label or label,
        "space": OmegaConf.to_container(config.space, resolve=True),
        "population": parts.searcher.population,
        "seeds": validation.seeds,
        "recipe": asdict(validation.recipe),
        "identity": dict(identity),
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in _PACKAGES},
        },
    }


def _summary(
    rows: pd.DataFrame, failed: Sequence[Trained], described: Mapping[str, Any]
) -> dict[str, Any]:
    reasons: dict[str, list[Trained]] = {}
    for trained in failed:
        reasons.setdefault(str(trained.error), []).append(trained)
    return {
        **described,
        "architectures": len(rows),
        "training_seconds": float(rows["seconds"].sum()) if len(rows) else 0.0,
        "failures": [
            f"{len(found)} failed, such as {found[0].genotype}: {reason}"
            for reason, found in reasons.items()
        ],
    }
