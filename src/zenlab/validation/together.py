"""One training by several processes together: distributed data parallel on one machine."""

import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait

import torch

from zenlab.scoring.workers import fresh_processes, keep_freed_memory
from zenlab.validation.archive import Trained
from zenlab.validation.place import Place
from zenlab.validation.training import Training, TrainingTask

_SECONDS_OF_WAITING = 1.0


def train_together(
    training: Training,
    task: TrainingTask,
    devices: Sequence[str],
    while_waiting: Callable[[], None] | None = None,
) -> Trained:
    """Train one architecture on all `devices`, one process each, and return what came of it.

    The first process to end says what came of it: the others can't go on without it.
    """
    context = fresh_processes()
    port = _free_port()
    processes, connections = [], []
    for number, device in enumerate(devices):
        ours, theirs = context.Pipe()
        here = replace(training, place=Place(number, len(devices), port))
        process = context.Process(target=_train, args=(theirs, here, task, device), daemon=True)
        process.start()
        theirs.close()
        processes.append(process)
        connections.append(ours)
    try:
        return _first(training, task, connections, while_waiting)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _first(
    training: Training,
    task: TrainingTask,
    connections: Sequence[Connection],
    while_waiting: Callable[[], None] | None,
) -> Trained:
    """Return the result of the first process, or the first error of any."""
    waiting = list(connections)
    while True:
        ready = wait(waiting, _SECONDS_OF_WAITING)
        for connection in [one for one in waiting if one in ready]:
            try:
                trained: Trained = connection.recv()
            except EOFError:
                return training.failed(task, "a process that shared the training was ended")
            if connection is connections[0] or trained.error is not None:
                return trained
            waiting.remove(connection)
        if while_waiting:
            while_waiting()


def _train(connection: Connection, training: Training, task: TrainingTask, device: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_freed_memory()
    torch.set_num_threads(1)
    connection.send(training.to(torch.device(device)).score(task))
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def _free_port() -> int:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))
        return int(opened.getsockname()[1])
