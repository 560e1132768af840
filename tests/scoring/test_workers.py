"""Worker processes: results don't depend on them, and their death costs one score."""

from pathlib import Path

import pytest
import torch

from tests.scoring.proxies import Counting, Failing
from zenlab.core import Batch, Genotype, NetworkProxy
from zenlab.proxies.zen import Zen
from zenlab.scoring.measure import Measurement
from zenlab.scoring.workers import WorkerPool
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=2, N=1, image_size=8)
BATCH = Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long), synthetic=True)
CELLS = [SPACE.parse(str(index)) for index in range(20, 32)]


def scores(
    proxy: NetworkProxy, workers: int, cells: list[Genotype] = CELLS
) -> dict[Genotype, tuple[float, str | None]]:
    with WorkerPool(Measurement(SPACE, proxy, BATCH), ["cpu"] * workers) as pool:
        return {score.genotype: (score.value, score.error) for score in pool.score(cells)}


def test_scores_do_not_depend_on_the_number_of_workers() -> None:
    one, two = scores(Zen(batch_size=4), 1), scores(Zen(batch_size=4), 2)
    assert one == two
    assert set(one) == set(CELLS)


def test_all_workers_work(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    scores(Counting(str(log), seconds=0.02), 2)
    assert len(log.read_text().split()) == len(CELLS)
    assert len(set(log.read_text().split())) == 2


def test_a_worker_that_is_killed_costs_its_one_score_and_the_others_go_on() -> None:
    small, large = SPACE.parse("857"), SPACE.parse("6111")
    limit = int(SPACE.describe(small)["params"])
    assert SPACE.describe(large)["params"] > limit
    found = scores(Failing("kill", limit), 1, [small, large, SPACE.parse("0")])
    value, error = found[large]
    assert value != value
    assert error is not None and "ended by signal 9, probably because memory ran out" in error
    assert [found[small], found[SPACE.parse("0")]] == [(1.0, None), (1.0, None)]


def test_a_bug_in_a_proxy_ends_the_run_and_is_no_failed_score() -> None:
    with pytest.raises(RuntimeError, match="ended with exit code 1; its traceback is above"):
        scores(Failing("bug"), 1)


def test_no_process_is_started_where_nothing_is_to_be_scored() -> None:
    assert scores(Zen(), 2, []) == {}
