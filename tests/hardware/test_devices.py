"""Devices: what is there, what was asked for, and what can't be had."""

import os

import pytest
import torch

from zenlab.hardware.devices import Hardware, auto, cpu, cuda, ddp, ddp_cpu


def gpus(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


def test_the_cpu_has_one_worker_for_each_core_that_may_be_used() -> None:
    assert len(cpu().devices) == len(os.sched_getaffinity(0))
    assert cpu(workers=3).devices == ("cpu", "cpu", "cpu")


def test_every_visible_gpu_has_one_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 3)
    assert cuda().devices == ("cuda:0", "cuda:1", "cuda:2")
    assert cuda(workers=1).devices == ("cuda:0",)
    assert str(cuda()) == "3 x cuda"


def test_auto_takes_gpus_if_there_are_any(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 0)
    assert auto(workers=2).kind == "cpu"
    gpus(monkeypatch, 2)
    assert auto().kind == "cuda"


def test_cuda_without_a_gpu_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gpus(monkeypatch, 0)
    with pytest.raises(ValueError, match="sees no CUDA device; use hardware=cpu"):
        cuda()


@pytest.mark.parametrize("workers", [0, -1])
def test_no_workers_is_an_error(workers: int) -> None:
    with pytest.raises(ValueError, match=f"hardware.workers is {workers}; wanted at least 1"):
        cpu(workers)


def test_more_workers_than_gpus_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 1)
    with pytest.raises(ValueError, match=r"hardware.workers is 2, but there are 1 visible GPUs"):
        cuda(2)


def test_ddp_shares_each_training_among_all_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 4)
    assert ddp().together and ddp().devices == ("cuda:0", "cuda:1", "cuda:2", "cuda:3")
    assert not cuda().together


def test_ddp_can_be_tried_without_gpus() -> None:
    assert ddp_cpu().together and ddp_cpu().devices == ("cpu", "cpu")


def test_ddp_without_a_gpu_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(monkeypatch, 0)
    with pytest.raises(ValueError, match="hardware=ddp, but PyTorch sees no CUDA device"):
        ddp()


@pytest.mark.parametrize(
    ("precision", "message"),
    [
        ("8-mixed", "precision is '8-mixed'; wanted one of 32-true, bf16-mixed, 16-mixed"),
        ("16-mixed", "which CPUs can't train in; use bf16-mixed"),
    ],
)
def test_a_precision_that_cant_be_had_is_refused(precision: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Hardware(("cpu",), precision=precision)  # type: ignore[arg-type]
