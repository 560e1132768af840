"""Which devices score: one worker process each; a CPU worker computes in one thread."""

import os
from dataclasses import dataclass

import torch

from zenlab.checks import require_whole


@dataclass(frozen=True)
class Hardware:
    """The devices of a run in PyTorch's spelling, one for each worker process."""

    devices: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The kind of the devices: `cpu` or `cuda`."""
        return self.devices[0].partition(":")[0]

    def __str__(self) -> str:
        """Say it as a person would: `2 x cpu`."""
        return f"{len(self.devices)} x {self.kind}"


def cpu(workers: int | None = None) -> Hardware:
    """Use the CPU with `workers` processes of one thread; None means one for each core.

    Raises:
        ValueError: `workers` is less than 1.
    """
    return Hardware(("cpu",) * _checked(workers, default=_cores()))


def cuda(workers: int | None = None) -> Hardware:
    """Use visible GPUs, one process each; None means all of them.

    Raises:
        ValueError: there is no GPU, or `workers` is less than 1 or more than there are.
    """
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise ValueError(
            "hardware=cuda, but PyTorch sees no CUDA device; use hardware=cpu, or install a CUDA "
            "build of torch and check CUDA_VISIBLE_DEVICES"
        )
    wanted = _checked(workers, default=count)
    if wanted > count:
        raise ValueError(f"hardware.workers is {wanted}, but there are {count} visible GPUs")
    return Hardware(tuple(f"cuda:{index}" for index in range(wanted)))


def auto(workers: int | None = None) -> Hardware:
    """Use the GPUs if there are any, else the CPU."""
    return cuda(workers) if torch.cuda.is_available() else cpu(workers)


def _checked(workers: int | None, *, default: int) -> int:
    if workers is not None:
        require_whole("hardware.workers", workers)
    return workers or default


def _cores() -> int:
    """Cores that this process may use: a cluster often grants fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
