"""The pass: every architecture once, known ones never again, answers in the order asked."""

from pathlib import Path

import torch

from tests.scoring.proxies import Counting, Failing
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
        with open_stored_scorer(
            {"m": measurement}, ["cpu"], tmp_path / "s.sqlite", {"m": {}}
        ) as scorer:
            scores = scorer.score(CELLS, seen.append)
        assert [score.genotype for score in scores] == CELLS
        assert [score.reused for score in scores] == [expected] * 4
    assert len(log.read_text().split()) == 3
    assert len(seen) == 6


def test_equal_random_functions_share_one_score_whoever_is_asked_first(tmp_path: Path) -> None:
    """Each value is that of the class's representative, also where it isn't asked itself."""
    alike = [cell for cell in SPACE if SPACE.representative(cell) == SPACE.parse("0")]
    assert len(alike) > 3
    log = tmp_path / "calls"
    proxy = Counting(str(log), share_equivalent=True)
    first = Measurement(SPACE, proxy, BATCH).score(SPACE.parse("0"))
    measurement = Measurement(SPACE, proxy, BATCH)
    for number, asked in enumerate((alike, alike[:0:-1])):
        seen: list[Score] = []
        store = tmp_path / f"{number}.sqlite"
        with open_stored_scorer({"m": measurement}, ["cpu"], store, {"m": {}}) as scorer:
            scores = scorer.score(asked, seen.append)
            again = scorer.score(asked[:2], seen.append)
        assert [score.genotype for score in scores] == asked
        assert {score.value for score in scores} == {first.value}
        assert [score.shared for score in scores] == [False] + [True] * (len(asked) - 1)
        assert [(score.reused, score.shared) for score in again] == [(True, False)] * 2
    assert len(log.read_text().split()) == 3


def test_a_space_without_classes_or_a_proxy_against_it_shares_nothing(tmp_path: Path) -> None:
    alike = [cell for cell in SPACE if SPACE.representative(cell) == SPACE.parse("0")][:3]
    log = tmp_path / "calls"
    measurement = Measurement(SPACE, Counting(str(log)), BATCH)
    with open_stored_scorer(
        {"m": measurement}, ["cpu"], tmp_path / "s.sqlite", {"m": {}}
    ) as scorer:
        scores = scorer.score(alike, lambda score: None)
    assert len({score.value for score in scores}) == 3
    assert not any(score.shared for score in scores)


def test_a_member_that_ends_the_worker_costs_the_others_nothing(tmp_path: Path) -> None:
    members = {
        "kills": Measurement(SPACE, Failing("kill"), BATCH),
        "counts": Measurement(SPACE, Counting(str(tmp_path / "calls")), BATCH),
    }
    identities = {name: {"name": name} for name in members}
    with open_stored_scorer(members, ["cpu"], tmp_path / "s.sqlite", identities) as scorer:
        scores = scorer.score_all(CELLS[:2], lambda score: None)
    assert [score.error for score in scores["counts"]] == [None, None]
    assert all("ended by signal 9" in (score.error or "") for score in scores["kills"])


def test_symbolic_scores_come_in_the_order_asked() -> None:
    seen: list[Score] = []
    for proxy, name in ((Params(), "params"), (Flops(), "flops")):
        scores = SymbolicScorer(SPACE, proxy).score(CELLS, seen.append)
        assert [score.value for score in scores] == [SPACE.describe(c)[name] for c in CELLS]
    assert len(seen) == 6
