"""The best candidates of a run, trained: what picking by their accuracy is worth and costs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hydra.utils import instantiate
from omegaconf import DictConfig

from zenlab.abilities import Indexed
from zenlab.assembly import Parts
from zenlab.core import Genotype, Score, Table
from zenlab.picks import compare_picks
from zenlab.report.files import write_scores
from zenlab.report.terminal import Terminal
from zenlab.report.validation import draw_validation
from zenlab.trainings import make_training, train_all
from zenlab.validation.archive import Trained
from zenlab.validation.training import Training, TrainingTask
from zenlab.validation.validation import Validation

Log = Callable[[Mapping[str, float]], None]

_LOGGED = ("train_loss", "learning_rate", "held_out_accuracy", "held_out_loss")


class Validator:
    """Trains the best candidates of a run and says what came of it."""

    def __init__(self, parts: Parts, validation: Validation, training: Training) -> None:
        self._parts = parts
        self._validation = validation
        self._training = training

    def validate(
        self,
        summary: dict[str, Any],
        scores: Sequence[Score],
        table: Table | None,
        *,
        folder: Path,
        log: Log,
        terminal: Terminal,
    ) -> dict[str, Path]:
        """Train the candidates with the highest scores; put what came of it into `summary`.

        Writes `validation.csv` and `validation_epochs.csv`; returns the figure by name. A candidate
        that fails has an error in its place.
        """
        chosen = best_scores(scores, self._validation.top_k)
        ranks = {score.genotype: rank for rank, score in enumerate(chosen, 1)}
        trained = self._train(ranks, folder, log, terminal)
        candidates = [self._candidate(score, ranks, trained, table) for score in chosen]
        write_scores(folder / "validation.csv", pd.DataFrame(candidates))
        write_scores(folder / "validation_epochs.csv", _epoch_rows(ranks, trained))
        found = summary["validation"] = {
            "label": self._label,
            "recipe": asdict(self._validation.recipe),
            "batch_size": self._validation.batch_size_for(len(self._training.shares.train[0])),
            "seeds": self._validation.seeds,
            "picked_by": self._picked_by,
            "candidates": [
                {**candidate, "epochs": _mean_epochs(trained[candidate["genotype"]])}
                for candidate in candidates
            ],
            "training_seconds": sum(t.seconds for found in trained.values() for t in found),
            "remarks": [
                f"candidate {ranks[t.genotype]}: {t.remark}"
                for found in trained.values()
                for t in found
                if t.remark
            ],
            **compare_picks(candidates, scores, table),
        }
        if found["pick"] is None:
            return {}
        figure = folder / "figures" / "validation.png"
        title = f"the best candidates by {self._parts.names['proxy']}, trained"
        draw_validation(figure, found, title=title)
        return {"validation": figure}

    @property
    def _label(self) -> str:
        epochs = self._validation.epochs
        plural = "epoch" if epochs == 1 else "epochs"
        return f"{self._parts.dataset.name} test accuracy after {epochs} {plural} (%)"

    @property
    def _picked_by(self) -> str:
        held_out = len(self._training.shares.held_out[0])
        if held_out:
            return f"the accuracy on {held_out:,} training images held out"
        return "the test accuracy itself, for validation.holdout is 0"

    def _train(
        self, ranks: Mapping[Genotype, int], folder: Path, log: Log, terminal: Terminal
    ) -> dict[Genotype, list[Trained]]:
        seeds = range(self._validation.seeds)
        tasks = [(genotype, seed) for genotype in ranks for seed in seeds]
        found: dict[Genotype, list[Trained]] = {genotype: [] for genotype in ranks}
        curves = Curves(ranks, self._validation.seeds, log)
        with terminal.trainings(len(tasks)) as progress:
            hardware = self._parts.hardware
            for trained in train_all(self._training, tasks, hardware, curves.add):
                task = (trained.genotype, trained.seed)
                curves.add(task, trained.epochs)
                name = f"rank_{ranks[trained.genotype]}_seed_{trained.seed}"
                self._training.archive(task).copy_to(folder / "weights", name)
                found[trained.genotype].append(trained)
                progress.add(trained)
        return found

    def _candidate(
        self,
        score: Score,
        ranks: Mapping[Genotype, int],
        trained: Mapping[Genotype, Sequence[Trained]],
        table: Table | None,
    ) -> dict[str, Any]:
        """Return the row of a candidate: means over its seeds."""
        space, found = self._parts.space, trained[score.genotype]
        finished = [one for one in found if one.error is None]
        errors = {one.error: one.seed for one in found if one.error is not None}
        return {
            "rank": ranks[score.genotype],
            "genotype": score.genotype,
            "index": space.index(score.genotype) if isinstance(space, Indexed) else None,
            "score": score.value,
            "measured": table.values.get(score.genotype) if table else None,
            "held_out_accuracy": _mean([one.held_out("accuracy") for one in finished]),
            "held_out_loss": _mean([one.held_out("loss") for one in finished]),
            "test_accuracy": _mean([one.tested["accuracy"] for one in finished]),
            "test_accuracy_std": _spread([one.tested["accuracy"] for one in finished]),
            "test_top5": _mean([one.tested["top5"] for one in finished]),
            "test_loss": _mean([one.tested["loss"] for one in finished]),
            "calibration_error": _mean([one.tested["calibration_error"] for one in finished]),
            "seeds": len(finished),
            "seconds": sum(one.seconds for one in found),
            "images_per_second": _mean([one.images_per_second for one in finished]),
            "reused": sum(one.reused for one in found),
            "resumed_at": max((one.resumed_at for one in found), default=0),
            "error": "; ".join(f"seed {seed}: {error}" for error, seed in errors.items()) or None,
        }


def open_validation(config: DictConfig, parts: Parts) -> Validator | None:
    """Return what trains the best candidates, None where nothing is to be trained.

    Raises:
        ValueError: there are no images to train on, or they can't be used.
    """
    validation = instantiate(config.validation, _convert_="all")
    if not isinstance(validation, Validation):
        return None
    return Validator(parts, validation, make_training(config, parts, validation))


def best_scores(scores: Sequence[Score], count: int) -> list[Score]:
    """Return the `count` highest scores of different architectures, ties in the order asked.

    Failed and dead ones are left out.
    """
    different = {score.genotype: score for score in scores if np.isfinite(score.value)}
    return sorted(different.values(), key=lambda score: -score.value)[:count]


class Curves:
    """Sends each epoch of each training once, as soon as it is known."""

    def __init__(self, ranks: Mapping[Genotype, int], seeds: int, log: Log) -> None:
        self._ranks = ranks
        self._seeds = seeds
        self._log = log
        self._sent: dict[TrainingTask, int] = {}

    def add(self, task: TrainingTask, epochs: Sequence[Mapping[str, float]]) -> None:
        """Send the rows of a training that haven't been sent."""
        genotype, seed = task
        name = f"validation/rank_{self._ranks[genotype]}"
        name += f"/seed_{seed}" if self._seeds > 1 else ""
        for row in epochs[self._sent.get(task, 0) :]:
            metrics = {f"{name}/{key}": row[key] for key in _LOGGED if key in row}
            self._log({"validation/epoch": row["epoch"], **metrics})
        self._sent[task] = max(len(epochs), self._sent.get(task, 0))


def _epoch_rows(
    ranks: Mapping[Genotype, int], trained: Mapping[Genotype, Sequence[Trained]]
) -> pd.DataFrame:
    rows = [
        {"rank": ranks[genotype], "seed": one.seed, **row}
        for genotype, found in trained.items()
        for one in sorted(found, key=lambda one: one.seed)
        for row in one.epochs
    ]
    return pd.DataFrame(rows, columns=list(dict.fromkeys(key for row in rows for key in row)))


def _mean_epochs(trained: Sequence[Trained]) -> list[dict[str, float]]:
    """Return the mean row of each epoch that all seeds have finished."""
    finished = [one.epochs for one in trained if one.error is None]
    return [
        {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        for rows in zip(*finished, strict=True)
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None


def _spread(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None
