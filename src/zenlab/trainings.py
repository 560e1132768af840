"""Trainings of a run: made from its config, spread over its devices."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from zenlab.assembly import Parts
from zenlab.scoring.revision import revision_of
from zenlab.scoring.workers import WorkerPool
from zenlab.validation.archive import Trained
from zenlab.validation.training import Training, TrainingTask, identity_of
from zenlab.validation.validation import Validation


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
    return Training(
        space=parts.space,
        dataset=parts.dataset,
        recipe=validation.recipe,
        home=Path(config.home).expanduser(),
        identity=identity,
        accelerator="gpu" if hardware.kind == "cuda" else "cpu",
        devices=_devices(hardware.devices),
        precision=hardware.precision,
        deterministic=hardware.deterministic,
        keep_weights=validation.keep_weights,
    )


def _devices(devices: Sequence[str]) -> tuple[int, ...] | int:
    numbers = [device.partition(":")[2] for device in devices]
    return tuple(map(int, numbers)) if all(numbers) else len(devices)


def train_all(training: Training, tasks: Sequence[TrainingTask], parts: Parts) -> Iterator[Trained]:
    """Yield the results of `tasks` as they arrive: known ones first."""
    waiting = []
    for task in tasks:
        known = training.archive(task).known()
        if known is None:
            waiting.append(task)
        else:
            yield known
    if parts.hardware.together:
        yield from (training.score(task) for task in waiting)
        return
    with WorkerPool(training, parts.hardware.devices) as workers:
        yield from workers.score(waiting)
