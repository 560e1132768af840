"""The store remembers exactly what was computed, for exactly what decided it."""

import math
import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from zenlab.core import Genotype, Score
from zenlab.scoring.store import ScoreStore

A, B = Genotype("a"), Genotype("b")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "scores.sqlite"


def test_a_score_comes_back_to_the_bit_and_marked_as_reused(path: Path) -> None:
    score = Score(A, 0.1 + 0.2, 1e-300, 1.5, terms={"growth": 2 / 3})
    with ScoreStore(path, {"seed": 0}) as store:
        store.add(score)
    with ScoreStore(path, {"seed": 0}) as store:
        (found,) = store.known([A, B]).values()
    assert (found.value, found.stderr, found.seconds) == (0.1 + 0.2, 1e-300, 1.5)
    assert found.reused and not score.reused
    assert found.terms == {"growth": 2 / 3}


def test_minus_infinity_is_a_legal_score(path: Path) -> None:
    with ScoreStore(path, {}) as store:
        store.add(Score(A, -math.inf))
        assert store.known([A])[A].value == -math.inf


def test_a_failed_score_is_tried_again(path: Path) -> None:
    with ScoreStore(path, {}) as store:
        store.add(Score(A, math.nan, error="out of memory"))
        assert store.known([A]) == {}


def test_another_identity_knows_nothing_of_it(path: Path) -> None:
    with ScoreStore(path, {"seed": 0, "revision": "x"}) as store:
        store.add(Score(A, 1.0))
    for other in ({"seed": 1, "revision": "x"}, {"seed": 0, "revision": "y"}):
        with ScoreStore(path, other) as store:
            assert store.known([A]) == {}


def test_the_order_in_which_an_identity_is_written_does_not_matter(path: Path) -> None:
    with ScoreStore(path, {"a": 1, "b": {"c": 2, "d": 3}}) as store:
        store.add(Score(A, 1.0))
    with ScoreStore(path, {"b": {"d": 3, "c": 2}, "a": 1}) as store:
        assert A in store.known([A])


def test_several_writers_lose_nothing(path: Path) -> None:
    def write(writer: int) -> None:
        with ScoreStore(path, {}) as store:
            for number in range(50):
                store.add(Score(Genotype(f"{writer}-{number}"), float(number)))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(write, range(4)))
    with ScoreStore(path, {}) as store:
        everything = [Genotype(f"{w}-{n}") for w in range(4) for n in range(50)]
        assert len(store.known(everything)) == 200


def open_and_add(path: Path, number: int) -> None:
    with ScoreStore(path, {}) as store:
        store.add(Score(Genotype(str(number)), float(number)))


@pytest.mark.parametrize("attempt", range(8))
def test_processes_that_begin_a_new_store_together_lose_nothing(path: Path, attempt: int) -> None:
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=open_and_add, args=(path, number)) for number in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 6
    with ScoreStore(path, {}) as store:
        assert len(store.known([Genotype(str(number)) for number in range(6)])) == 6


def test_a_file_that_is_no_store_is_refused_with_its_name(tmp_path: Path) -> None:
    wrong = tmp_path / "scores.sqlite"
    wrong.write_text("this is no database, but long enough to be mistaken for one" * 20)
    with pytest.raises(ValueError, match=r"can't use the score store .*move the file away"):
        ScoreStore(wrong, {})


def test_a_home_that_can_not_be_made_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ValueError, match=r"can't use the score store .*set ZENLAB_HOME"):
        ScoreStore(tmp_path / "file" / "home" / "scores.sqlite", {})


def test_every_score_is_on_disk_as_soon_as_it_is_added(path: Path) -> None:
    with ScoreStore(path, {}) as store:
        store.add(Score(A, 1.0))
        other = sqlite3.connect(path)
        assert other.execute("SELECT count(*) FROM scores").fetchone() == (1,)
        other.close()
