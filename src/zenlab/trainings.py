"""Trainings of a run: made from its config, spread over its devices."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from zenlab.assembly import Parts
from zenlab.hardware.devices import Hardware
from zenlab.scoring.revision import revision_of
from zenlab.scoring.workers import WorkerPool
from zenlab.validation.archive import Trained
from zenlab.validation.together import train_together
from zenlab.validation.training import Training, TrainingTask, identity_of
from zenlab.validation.validation import Validation

OnEpochs = Callable[[TrainingTask, Sequence[Mapping[str, float]]], None]
"""Called with a training and its rows, one for each epoch so far."""


def make_training(config: DictConfig, parts: Parts, validation: Validation) -> Training:
    """Return what trains architectures of the run's space on the run's images.

    Raises:
        ValueError: there are no images to train on; says which data sets work offline.
    """
    hardware = parts.hardware
    code = (type(parts.space), type(parts.dataset), Training)
    sources = getattr(parts.space, "sources", ())
    identity = {
        "space": OmegaConf.to_container(config.space, resolve=True),
        "dataset": parts.dataset.name,
        **identity_of(parts.dataset, validation.recipe),
        "precision": hardware.precision,
        "device": hardware.kind,
        "processes": len(hardware.devices) if hardware.together else 1,
        "revision": revision_of({*(part.__module__ for part in code), *sources}),
    }
    training = Training(
        space=parts.space,
        dataset=parts.dataset,
        recipe=validation.recipe,
        home=Path(config.home).expanduser(),
        identity=identity,
        precision=hardware.precision,
        deterministic=hardware.deterministic,
        keep_weights=validation.keep_weights,
    )
    _ = training.shares  # what is wrong with the images shows before anything is scored
    return training


def train_all(
    training: Training,
    tasks: Sequence[TrainingTask],
    hardware: Hardware,
    on_epochs: OnEpochs | None = None,
) -> Iterator[Trained]:
    """Yield the results of `tasks` as they arrive: known ones first.

    `on_epochs` gets the rows of a training whenever there is another.
    """
    waiting = []
    for task in tasks:
        known = training.archive(task).known()
        if known is None:
            waiting.append(task)
        else:
            yield known
    follow = _Follower(training, waiting, on_epochs) if on_epochs else None
    if hardware.together:
        for task in waiting:
            yield train_together(training, task, hardware.devices, follow)
        return
    with WorkerPool(training, hardware.devices) as workers:
        yield from workers.score(waiting, follow)


class _Follower:
    """Looks at what trainings in other processes have written, and passes on what is new."""

    def __init__(
        self, training: Training, tasks: Sequence[TrainingTask], on_epochs: OnEpochs
    ) -> None:
        self._archives = {task: training.archive(task) for task in tasks}
        self._told = dict.fromkeys(tasks, 0)
        self._on_epochs = on_epochs

    def __call__(self) -> None:
        for task, archive in self._archives.items():
            rows = archive.epochs()
            if len(rows) > self._told[task]:
                self._told[task] = len(rows)
                self._on_epochs(task, rows)
