"""Builds files in the exact layout of the official NAS-Bench-201 file, with invented numbers.

The authors' own classes make every trial's state, so that names, types and sharing are theirs.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from nas_201_api import ArchResults, ResultsCount

from zenlab.spaces.nb201.cell import official_order

Container = Literal["zip", "legacy"]

CLASSES = {"cifar10-valid": 10, "cifar10": 10, "cifar100": 100, "ImageNet16-120": 120}
SETS = {
    "cifar10-valid": ("x-valid", "ori-test"),
    "cifar10": ("ori-test",),
    "cifar100": ("ori-test", "x-valid", "x-test"),
    "ImageNet16-120": ("ori-test", "x-valid", "x-test"),
}
SEEDS = (777, 888, 999)


def write_official_file(path: Path, cells: int, *, container: Container) -> None:
    """Write a file with the results of the first `cells` architectures."""
    save(official_contents(cells), path, container=container)


def save(contents: object, path: Path, *, container: Container) -> None:
    """Save as torch does, in the zip container (since torch 1.6) or the older one."""
    torch.save(contents, path, _use_new_zipfile_serialization=container == "zip")


def official_contents(cells: int) -> dict[str, Any]:
    """Return what the file holds: all names, and the results of the first `cells` architectures.

    Among them are all the kinds that the real file has: one to three trials, a dataset that was
    never trained on (every 11th), a 12-epoch schedule of version 1.0 with `cifar10-valid` only
    (every 5th), and older trials, where only one set has all epochs (every 4th).
    """
    names = list(official_order())
    rng = np.random.default_rng(201)
    return {
        "meta_archs": names,
        "total_archs": len(names),
        "arch2infos": {
            index: {
                "full": _results(index, names[index], 200, _full_trials(index), rng),
                "less": _results(index, names[index], 12, _less_trials(index), rng),
            }
            for index in range(cells)
        },
        "evaluated_indexes": list(range(cells)),
    }


def _full_trials(index: int) -> Iterator[tuple[str, int]]:
    for dataset in SETS:
        if dataset != "ImageNet16-120" or index % 11:
            yield from ((dataset, seed) for seed in SEEDS[: 1 + index % 3])


def _less_trials(index: int) -> Iterator[tuple[str, int]]:
    yield from (("cifar10-valid", seed) for seed in SEEDS[:2])
    if index % 5:
        yield from ((dataset, SEEDS[0]) for dataset in list(SETS)[1:])


def _results(
    index: int,
    name: str,
    epochs: int,
    trials: Iterator[tuple[str, int]],
    rng: np.random.Generator,
) -> dict[str, Any]:
    results = ArchResults(index, name)
    for dataset, seed in trials:
        trial = _trial(dataset, name, seed, epochs, rng)
        add_sets = _add_older_sets if index % 4 == 0 else _add_sets
        add_sets(trial, SETS[dataset], rng)
        results.update(dataset, seed, trial)
    results.clear_params()
    state: dict[str, Any] = results.state_dict()
    return state


def _trial(
    dataset: str, name: str, seed: int, epochs: int, rng: np.random.Generator
) -> ResultsCount:
    config = {"channel": 16, "num_cells": 5, "arch_str": name, "class_num": CLASSES[dataset]}
    trial = ResultsCount(
        dataset,
        None,
        _curve(epochs, rng),
        _curve(epochs, rng),
        np.float64(rng.uniform(0.07, 1.5)),
        rng.uniform(7, 220),
        config,
        str(seed),
        epochs,
        None,
    )
    trial.update_latency([rng.uniform(0.01, 0.03)])
    trial.reset_pseudo_train_times(np.float64(rng.uniform(5, 30)))
    return trial


def _add_sets(trial: ResultsCount, sets: tuple[str, ...], rng: np.random.Generator) -> None:
    accuracies, losses, times = (_named_curves(sets, trial.epochs, rng) for _ in range(3))
    trial.update_eval(accuracies, losses, times)


def _add_older_sets(trial: ResultsCount, sets: tuple[str, ...], rng: np.random.Generator) -> None:
    """The last set has every epoch, the others only the last; one value is a numpy number."""
    for name in sets:
        accuracies, losses = _curve(trial.epochs, rng), _curve(trial.epochs, rng)
        if name != sets[-1]:
            last = trial.epochs - 1
            accuracies, losses = {last: np.float64(accuracies[last])}, {last: losses[last]}
        trial.update_OLD_eval(name, accuracies, losses)


def _curve(epochs: int, rng: np.random.Generator) -> dict[int, float]:
    return dict(enumerate(rng.uniform(10, 95, epochs).tolist()))


def _named_curves(sets: tuple[str, ...], epochs: int, rng: np.random.Generator) -> dict[str, float]:
    return {
        f"{name}@{epoch}": value for name in sets for epoch, value in _curve(epochs, rng).items()
    }
