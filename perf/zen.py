"""Measures Zen-scores on NAS-Bench-201: the closed form, and Monte Carlo, fast against plain.

Plain is what a straightforward program does: build the network of modules, draw into it, two
forward passes without gradients on contiguous maps. Fast is what `proxy=zen` does. Each runs in a
process of its own with one thread; they take turns cell by cell, so both meet the same machine.
Run with `python perf/zen.py` on an idle machine: about 25 minutes on two cores.
"""

import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import torch

from zenlab.core import Batch, Genotype
from zenlab.proxies.zen import Zen, draw_zen_scores
from zenlab.scoring.measure import Measurement, seed_of
from zenlab.scoring.workers import WorkerPool, keep_freed_memory
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
BATCH = Batch(torch.zeros(64, 3, 32, 32), torch.zeros(64, dtype=torch.long), synthetic=True)
FAST = Measurement(SPACE, Zen(), BATCH)
STRATA = ("count_nor_conv_3x3", "count_nor_conv_1x1", "count_avg_pool_3x3")
CLOSED = """
import json, sys, time
from pathlib import Path
from zenlab.proxies.zen_closed import ZenClosed
from zenlab.spaces.nb201 import NB201

def resident_mb(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1000

space = NB201()
cells = [space.parse(str(index)) for index in range(int(sys.argv[1]))]
imported, start, wall = resident_mb("VmRSS"), time.process_time(), time.perf_counter()
ZenClosed().evaluate(space, cells)
seconds = [time.process_time() - start, time.perf_counter() - wall]
print(json.dumps([*seconds, resident_mb("VmHWM") - imported]))
"""


def main() -> None:
    closed_form()
    plain_and_fast(stratified_sample(50))
    scaling(stratified_sample(50))
    workers(stratified_sample(50))


def stratified_sample(size: int) -> list[Genotype]:
    """Sort all live cells by their counts of operations, then take every n-th."""
    described = [(cell, SPACE.describe(cell)) for cell in SPACE]
    live = [(cell, numbers) for cell, numbers in described if not numbers["dead"]]
    live.sort(key=lambda pair: [pair[1][name] for name in STRATA])
    places = (np.arange(size) + 0.5) * len(live) / size
    return [live[int(place)][0] for place in places]


def closed_form() -> None:
    print("closed form          cells   CPU s  wall s  peak MB above imports (median of 3)")
    for cells in (100, 1_000, 15_625):
        runs = [json.loads(in_new_process(CLOSED, str(cells))) for _ in range(3)]
        cpu, wall, peak = np.median(runs, axis=0)
        print(f"{cells:26,}{cpu:8.2f}{wall:8.2f}{peak:8.0f}", flush=True)


def in_new_process(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    root = Path(__file__).parents[1]
    return subprocess.run(command, cwd=root, check=True, text=True, stdout=subprocess.PIPE).stdout


def plain(cell: Genotype) -> float:
    seed = seed_of(0, cell)
    torch.manual_seed(seed)
    network = SPACE.build(cell)
    images = torch.empty_like(BATCH.images)
    rng = torch.Generator().manual_seed(seed)
    draws = draw_zen_scores(network, images, iter([rng]), gamma=0.01, statistics="fresh")
    return next(draws)


def fast(cell: Genotype) -> float:
    return FAST.score(cell).value


def serve(pipe: Connection, score: Callable[[Genotype], float], keep: bool) -> None:
    torch.set_num_threads(1)
    if keep:
        keep_freed_memory()
    while cell := pipe.recv():
        start = time.perf_counter()
        value = score(cell)
        pipe.send((value, time.perf_counter() - start))


def plain_and_fast(cells: list[Genotype]) -> None:
    """Time both on the same cells in turn; the first cell warms up and doesn't count."""
    context = multiprocessing.get_context("spawn")
    pipes = []
    for score, keep in ((plain, False), (fast, True)):
        ours, theirs = context.Pipe()
        context.Process(target=serve, args=(theirs, score, keep), daemon=True).start()
        pipes.append(ours)
    values, seconds = [], []
    for cell in [cells[0], *cells]:
        answers = []
        for pipe in pipes:
            pipe.send(cell)
            answers.append(pipe.recv())
        values.append([value for value, _ in answers])
        seconds.append([took for _, took in answers])
    for pipe in pipes:
        pipe.send(None)
    of_plain, of_fast = np.array(seconds[1:]).T
    difference = np.abs(np.diff(values[1:])[:, 0] / np.array(values[1:])[:, 0]).max()
    classes = len({SPACE.representative(cell) for cell in SPACE})
    ratio = of_plain.sum() / of_fast.sum()
    print(f"\nMonte Carlo, one draw of {len(cells)} cells, one thread, in turn")
    print(f"plain          {1000 * of_plain.mean():8.0f} ms a cell")
    print(f"fast           {1000 * of_fast.mean():8.0f} ms a cell")
    print(
        f"ratio          {ratio:8.2f} of the sums, median cell {np.median(of_plain / of_fast):.2f}"
    )
    shared = ratio * len(SPACE) / classes
    print(f"ratio, shared  {shared:8.2f} for the whole space: {classes:,} classes")
    print(f"values differ  {difference:8.1e} relative, at most", flush=True)


def scaling(cells: list[Genotype]) -> None:
    """The same cells again and again, so that only the number grows."""
    print("\none worker     cells   cells/s  worker MB")
    with WorkerPool(FAST, ["cpu"]) as pool:
        list(pool.score(cells[:1]))
        start = time.perf_counter()
        for done, _ in enumerate(pool.score(cells * 40), start=1):
            if done in (100, 500, 1_000, 2_000):
                rate = done / (time.perf_counter() - start)
                print(f"{done:20,}{rate:10.2f}{worker_mb(pool):11.0f}", flush=True)


def worker_mb(pool: WorkerPool) -> float:
    status = Path(f"/proc/{pool._workers[0]._process.pid}/status").read_text()
    return next(int(x.split()[1]) for x in status.splitlines() if x.startswith("VmRSS")) / 1000


def workers(cells: list[Genotype]) -> None:
    print("\nworkers        cells/s (median of 3, in turn)")
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(3):
        for count in rates:
            with WorkerPool(FAST, ["cpu"] * count) as pool:
                list(pool.score(cells[:count]))
                start = time.perf_counter()
                list(pool.score(cells * 2))
                rates[count].append(2 * len(cells) / (time.perf_counter() - start))
    one, two = (statistics.median(found) for found in rates.values())
    ratio = statistics.median(b / a for a, b in zip(rates[1], rates[2], strict=True))
    print(f"1              {one:.2f}\n2              {two:.2f}\nratio          {ratio:.2f}")


if __name__ == "__main__":
    main()
