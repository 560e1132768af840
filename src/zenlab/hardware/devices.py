"""Which devices compute: one worker process each; a CPU worker computes in one thread."""

import os
from dataclasses import dataclass
from typing import Literal, get_args

import torch

from zenlab.checks import require_one_of, require_whole

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


@dataclass(frozen=True)
class Hardware:
    """The devices of a run in PyTorch's spelling, one for each worker process.

    `together`: a training is shared by all devices, which take candidates one after another; else
    each device trains a candidate of its own. `precision` is that of trainings; scores are always
    computed in full precision. `deterministic` trainings give the same result each time.

    Raises:
        ValueError: there is no such precision, or the devices can't compute in it.
    """

    devices: tuple[str, ...]
    together: bool = False
    precision: Precision = "32-true"
    deterministic: bool = True

    def __post_init__(self) -> None:
        """Check the precision."""
        require_one_of("hardware.precision", self.precision, get_args(Precision))
        if self.precision == "16-mixed" and self.kind == "cpu":
            raise ValueError(
                "hardware.precision is 16-mixed, which CPUs can't train in; use bf16-mixed or "
                "32-true"
            )

    @property
    def kind(self) -> str:
        """The kind of the devices: `cpu` or `cuda`."""
        return self.devices[0].partition(":")[0]

    def __str__(self) -> str:
        """Say it as a person would: `2 x cpu`."""
        return f"{len(self.devices)} x {self.kind}"


def cpu(
    workers: int | None = None, *, precision: Precision = "32-true", deterministic: bool = True
) -> Hardware:
    """Use the CPU with `workers` processes of one thread; None means one for each core.

    Raises:
        ValueError: `workers` is less than 1.
    """
    devices = ("cpu",) * _checked(workers, default=_cores())
    return Hardware(devices, precision=precision, deterministic=deterministic)


def cuda(
    workers: int | None = None, *, precision: Precision = "32-true", deterministic: bool = True
) -> Hardware:
    """Use visible GPUs, one process each; None means all of them.

    Raises:
        ValueError: there is no GPU, or `workers` is less than 1 or more than there are.
    """
    return Hardware(_gpus("cuda", workers), precision=precision, deterministic=deterministic)


def auto(
    workers: int | None = None, *, precision: Precision = "32-true", deterministic: bool = True
) -> Hardware:
    """Use the GPUs if there are any, else the CPU; each device trains a candidate of its own."""
    choose = cuda if torch.cuda.is_available() else cpu
    return choose(workers=workers, precision=precision, deterministic=deterministic)


def ddp(
    workers: int | None = None, *, precision: Precision = "32-true", deterministic: bool = True
) -> Hardware:
    """Train each candidate on all visible GPUs together (distributed data parallel).

    Raises:
        ValueError: there is no GPU, or `workers` is less than 1 or more than there are.
    """
    return Hardware(_gpus("ddp", workers), True, precision, deterministic)


def ddp_cpu(
    workers: int = 2, *, precision: Precision = "32-true", deterministic: bool = True
) -> Hardware:
    """Train each candidate in `workers` processes of one thread together, to try `ddp`.

    Raises:
        ValueError: `workers` is less than 1.
    """
    devices = ("cpu",) * _checked(workers, default=2)
    return Hardware(devices, True, precision, deterministic)


def _gpus(option: str, workers: int | None) -> tuple[str, ...]:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise ValueError(
            f"hardware={option}, but PyTorch sees no CUDA device; use hardware=cpu, or install a "
            f"CUDA build of torch and check CUDA_VISIBLE_DEVICES"
        )
    wanted = _checked(workers, default=count)
    if wanted > count:
        raise ValueError(f"hardware.workers is {wanted}, but there are {count} visible GPUs")
    return tuple(f"cuda:{index}" for index in range(wanted))


def _checked(workers: int | None, *, default: int) -> int:
    if workers is not None:
        require_whole("hardware.workers", workers)
    return workers or default


def _cores() -> int:
    """Cores that this process may use: a cluster often grants fewer than there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
