"""Worker processes that score architectures, one device each, and whose death costs one task.

A worker holds one task at a time and gets the next when its result has been taken, so
that whoever commits results as they arrive loses at most one computation per worker at a kill.
"""

import ctypes
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

import torch

Task = TypeVar("Task")
Result = TypeVar("Result")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)
_KEPT_BYTES = 1 << 30
_SECONDS_OF_WAITING = 1.0

LOST = "the worker"
"""How the reason begins where a worker's process ended over its task."""


class Measuring(Protocol[Task, Result]):
    """What workers do, task by task: a `Measurement` of genotypes, or a `Panel`."""

    def to(self, device: torch.device) -> "Measuring[Task, Result]":
        """Return the same on another device."""

    def score(self, task: Task) -> Result:
        """Do one task."""

    def failed(self, task: Task, reason: str) -> Result:
        """Return the result of a task that ended its worker."""


class WorkerPool(Generic[Task, Result]):
    """Scores architectures on `devices`, one process each; use it as a context manager."""

    def __init__(self, measuring: Measuring[Task, Result], devices: Sequence[str]) -> None:
        self._measuring = measuring
        self._devices = list(devices)
        self._workers: list[_Worker[Task, Result]] = []

    def __enter__(self) -> "WorkerPool[Task, Result]":
        """Start nothing yet: processes start when there is something to score."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all processes, busy or not."""
        for worker in self._workers:
            worker.stop()

    def score(
        self, tasks: Sequence[Task], while_waiting: Callable[[], None] | None = None
    ) -> Iterator[Result]:
        """Yield the results of `tasks` as they arrive; `while_waiting` is called every second.

        Raises:
            RuntimeError: a worker could not start, or met an error that is not one network's own.
        """
        waiting = deque(tasks)
        self._start(min(len(waiting), len(self._devices)))
        for worker in self._workers:
            worker.give(waiting)
        while busy := [worker for worker in self._workers if worker.holds]:
            ready = wait(
                [worker.results for worker in busy], _SECONDS_OF_WAITING if while_waiting else None
            )
            if while_waiting:
                while_waiting()
            for worker in busy:
                if worker.results in ready and worker.holds:
                    yield worker.take(worker.holds)
                    self._living(worker).give(waiting)

    def _start(self, count: int) -> None:
        missing = self._devices[len(self._workers) : count]
        started = [_Worker(self._measuring, device) for device in missing]
        for worker in started:
            worker.wait_until_ready()
        self._workers += started

    def _living(self, worker: "_Worker[Task, Result]") -> "_Worker[Task, Result]":
        """The worker itself or, where it died, another in its place."""
        if worker.alive:
            return worker
        successor = _Worker(self._measuring, worker.device)
        successor.wait_until_ready()
        self._workers[self._workers.index(worker)] = successor
        return successor


class _Worker(Generic[Task, Result]):
    """One process, the task that it holds, and the pipe to it."""

    def __init__(self, measuring: Measuring[Task, Result], device: str) -> None:
        self.device = device
        self.holds: Task | None = None
        self._measuring = measuring
        self.alive = True
        context = fresh_processes()
        self.results, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, measuring, device), daemon=True
        )
        self._process.start()
        theirs.close()

    def wait_until_ready(self) -> None:
        try:
            self.results.recv()
        except EOFError:
            raise RuntimeError(f"a worker on {self.device} {self._end()} at its start") from None

    def give(self, waiting: deque[Task]) -> None:
        self.holds = waiting.popleft() if waiting else None
        if self.holds:
            self.results.send(self.holds)

    def take(self, task: Task) -> Result:
        """Take the result of what the worker holds; being killed over it is that result's error."""
        self.holds = None
        try:
            result: Result = self.results.recv()
        except EOFError:
            self.alive = False
            return self._measuring.failed(task, f"{LOST} {self._end()}")
        return result

    def stop(self) -> None:
        self._process.terminate()
        self._process.join()
        self.results.close()

    def _end(self) -> str:
        """Say which signal ended the process; an exit of its own is a bug that ends the run."""
        self._process.join()
        code = self._process.exitcode or 0
        if code >= 0:
            raise RuntimeError(
                f"a worker on {self.device} ended with exit code {code}; its traceback is above"
            )
        likely = ", probably because memory ran out" if code == -signal.SIGKILL else ""
        return f"was ended by signal {-code}{likely}"


def fresh_processes() -> (
    multiprocessing.context.ForkServerContext | multiprocessing.context.SpawnContext
):
    """Fresh processes without threads of ours; on Linux they share one import of PyTorch."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    return context


def keep_freed_memory() -> None:
    """Let this process use freed memory again, where glibc would give it back to the system.

    A worker makes and frees maps of the same few sizes all the time; fetching fresh pages for each
    takes a quarter of its time. Does nothing on other systems.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        for parameter in (_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD):
            mallopt(parameter, _KEPT_BYTES)


def _serve(connection: Connection, measuring: Measuring[Any, Any], device: str) -> None:
    """Score what comes through the pipe until it closes (also when the run has been killed)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    try:
        here = measuring.to(torch.device(device))
        connection.send(None)
        while True:
            connection.send(here.score(connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
