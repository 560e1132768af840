"""The pass: every architecture once, known ones never again, answers in the order asked."""

from pathlib import Path

import torch

from tests.scoring.proxies import Counting
from zenlab.core import Batch, Score
from zenlab.proxies.size import Flops, Params
from zenlab.scoring.measure import Measurement
from zenlab.scoring.scorer import SymbolicScorer, open_stored_scorer
from zenlab.spaces.nb201 import NB201

SPACE = NB201(C=2, N=1, image_size=8)
BATCH = Batch(torch.zeros(2, 3, 8, 8), torch.zeros(2, dtype=torch.long), synthetic=True)
CELLS = [SPACE.parse(str(index)) for index in (5, 3, 5, 9)]


def test_the_store_answers_what_is_known(tmp_path: Path) -> None:
    log = tmp_path / "calls"
    measurement = Measurement(SPACE, Counting(str(log)), BATCH)
    seen: list[Score] = []
    for expected in (False, True):
        with open_stored_scorer(measurement, ["cpu"], tmp_path / "s.sqlite", {}) as scorer:
            scores = scorer.score(CELLS, seen.append)
        assert [score.genotype for score in scores] == CELLS
        assert [score.reused for score in scores] == [expected] * 4
    assert len(log.read_text().split()) == 3
    assert len(seen) == 6


def test_symbolic_scores_come_in_the_order_asked() -> None:
    seen: list[Score] = []
    for proxy, name in ((Params(), "params"), (Flops(), "flops")):
        scores = SymbolicScorer(SPACE, proxy).score(CELLS, seen.append)
        assert [score.value for score in scores] == [SPACE.describe(c)[name] for c in CELLS]
    assert len(seen) == 6
