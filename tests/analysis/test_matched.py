"""Effects of edits over matched pairs: equal to a brute-force twin, and to the public tables."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from zenlab.analysis.matched import Effect, matched_effects
from zenlab.analysis.pairs import Edit, Pairs, choices_of, count_elsewhere, edits_to, find_pairs
from zenlab.analysis.ranked import Floats
from zenlab.benchmarks.nb201 import NB201Benchmark
from zenlab.spaces.nb201.space import NB201

OPTIONS = {f"edge_{place}": ("conv", "none", "skip") for place in range(3)}
EDITS = edits_to(OPTIONS, "skip")


def made_up() -> tuple[dict[str, np.ndarray], Floats, Floats, np.ndarray]:
    """27 architectures, their accuracies and scores, and which of them are dead."""
    rows = np.array(list(itertools.product(*OPTIONS.values())))
    rng = np.random.default_rng(6)
    accuracies = np.round(85 + 3 * (rows == "conv").sum(1) + 2 * rng.normal(size=27))
    scores = np.round((rows == "conv").sum(1) + rng.normal(size=27), 1)
    dead = (rows == "none").sum(1) >= 2
    accuracies[dead], scores[dead] = 10, -math.inf
    return dict(zip(OPTIONS, rows.T, strict=True)), accuracies, scores, dead


def judge(pairs: Pairs, accuracies: Floats, scores: Floats | None = None, **options: Any) -> Any:
    return matched_effects(
        pairs, accuracies, scores, draws=200, rng=np.random.default_rng(0), **options
    )


def check(found: Effect, rows: list[tuple[int, int]], accuracies: Floats, scores: Floats) -> None:
    """Compare with what is computed pair by pair."""
    places = 100 * (stats.rankdata(scores) - 1) / (len(scores) - 1)
    gains = [accuracies[after] - accuracies[before] for before, after in rows]
    moves = [places[after] - places[before] for before, after in rows]
    finite = [
        scores[after] - scores[before]
        for before, after in rows
        if math.inf not in (-scores[before], -scores[after])
    ]
    both = [(g > 0, m > 0) for g, m in zip(gains, moves, strict=True) if g != 0 and m != 0]
    assert found.pairs == len(rows)
    for change, values in ((found.accuracy, gains), (found.place, moves)):
        assert change is not None
        assert change.mean.value == pytest.approx(np.mean(values))
        assert change.median.value == pytest.approx(np.median(values))
        assert change.raised.value == pytest.approx(np.mean([value > 0 for value in values]))
        assert change.lowered.value == pytest.approx(np.mean([value < 0 for value in values]))
    assert found.finite == len(finite) and found.score is not None
    assert found.score.value == (pytest.approx(np.mean(finite)) if finite else None)
    assert found.agreement is not None and found.agreement.pairs == len(both)
    if both:
        assert found.agreement.share.value == pytest.approx(np.mean([g == m for g, m in both]))
        ours, theirs = np.mean(both, axis=0)
        assert found.agreement.by_chance == pytest.approx(ours * theirs + (1 - ours) * (1 - theirs))


def test_effects_equal_a_brute_force_twin() -> None:
    choices, accuracies, scores, dead = made_up()
    pairs = find_pairs(choices, EDITS)
    others, before = count_elsewhere(choices, pairs, "skip"), dead[pairs.before]
    labels = {"other skips": others, "dead before": before}
    found = judge(pairs, accuracies, scores, labels=labels)
    rows: dict[tuple[str, str], list[tuple[int, int]]] = {}
    cells = list(zip(*choices.values(), strict=True))
    for first, second in itertools.permutations(range(27), 2):
        differ = [p for p in range(3) if cells[first][p] != cells[second][p]]
        if len(differ) == 1 and cells[second][differ[0]] == "skip":
            factor, option = f"edge_{differ[0]}", cells[first][differ[0]]
            skips = sum(operation == "skip" for operation in cells[first])
            for key in (
                ("all", ""),
                ("edit", f"{factor}: {option} -> skip"),
                ("factor", factor),
                ("other skips", str(skips)),
                ("dead before", str(int(dead[first]))),
            ):
                rows.setdefault(key, []).append((first, second))
    effects = {
        ("all", ""): found.overall,
        **{("edit", name): effect for name, effect in found.by_edit.items()},
        **{("factor", name): effect for name, effect in found.by_factor.items()},
        **{
            (label, name): effect
            for label, kinds in found.by_context.items()
            for name, effect in kinds.items()
        },
    }
    assert effects.keys() == rows.keys() and len(rows) == 1 + 6 + 3 + 3 + 2
    for key, effect in effects.items():
        check(effect, rows[key], accuracies, scores)
    assert found.overall.contexts == 27 and found.by_factor["edge_0"].contexts == 9


def test_contexts_not_pairs_decide_how_sure_an_effect_is() -> None:
    """The interval over two edits that do the same is that over either one."""
    rng = np.random.default_rng(0)
    choices = {
        "edge": np.tile(["none", "pool", "skip"], 100),
        "rest": np.repeat(np.arange(100), 3),
    }
    gains = np.round(rng.normal(1, 3, size=100))
    accuracies = np.where(choices["edge"] == "skip", 50 + np.repeat(gains, 3), 50.0)
    edits = [Edit("edge", "none", "skip"), Edit("edge", "pool", "skip")]
    found = judge(find_pairs(choices, edits), accuracies)
    alone = found.by_edit["edge: none -> skip"].accuracy
    assert found.overall.pairs == 200 and found.overall.contexts == 100
    assert found.overall.accuracy.mean == alone.mean
    assert found.overall.accuracy.raised == alone.raised
    expected = stats.ttest_1samp(gains, 0).confidence_interval()
    assert (alone.mean.low, alone.mean.high) == pytest.approx(tuple(expected))


def test_places_and_signs_are_those_of_any_increasing_function_of_the_score() -> None:
    choices, accuracies, scores, _ = made_up()
    pairs = find_pairs(choices, EDITS)
    ours, curved = (judge(pairs, accuracies, own).overall for own in (scores, scores + scores**3))
    assert curved.place == ours.place and curved.agreement == ours.agreement
    assert curved.score.value != pytest.approx(ours.score.value)


def test_a_dead_network_that_comes_to_life_rises_and_two_dead_ones_stay() -> None:
    choices = {"a": np.tile(["none", "skip"], 3), "b": np.repeat(["x", "y", "z"], 2)}
    accuracies = np.array([10.0, 90, 10, 10, 90, 80])
    scores = np.array([-np.inf, 1, -np.inf, -np.inf, 5, 4])
    effect = judge(find_pairs(choices, [Edit("a", "none", "skip")]), accuracies, scores).overall
    assert effect.place.raised.value == effect.place.lowered.value == pytest.approx(1 / 3)
    assert effect.finite == 1 and effect.score.value == -1
    assert effect.agreement.pairs == 2 and effect.agreement.share.value == 1


def test_without_scores_only_accuracy_is_judged() -> None:
    choices, accuracies, _, _ = made_up()
    effect = judge(find_pairs(choices, EDITS), accuracies).overall
    assert (effect.place, effect.finite, effect.score, effect.agreement) == (None, 0, None, None)


def test_labels_change_nothing_elsewhere_and_keep_their_order() -> None:
    choices, accuracies, scores, _ = made_up()
    pairs = find_pairs(choices, EDITS)
    labels = np.arange(len(pairs)) % 12
    with_labels = judge(pairs, accuracies, scores, labels={"number": labels})
    without = judge(pairs, accuracies, scores)
    assert list(with_labels.by_context["number"]) == [str(number) for number in range(12)]
    assert with_labels.overall == without.overall and with_labels.by_edit == without.by_edit


def test_what_does_not_fit_the_pairs_is_refused() -> None:
    choices, accuracies, _, _ = made_up()
    pairs = find_pairs(choices, EDITS)
    with pytest.raises(ValueError, match=r"labels kind are \(3,\); wanted one for each pair"):
        judge(pairs, accuracies, labels={"kind": [1, 2, 3]})
    with pytest.raises(ValueError, match="accuracies have 5 rows, but a pair has row 26"):
        judge(pairs, accuracies[:5])
    with pytest.raises(ValueError, match="scores holds nan in row 0"):
        judge(pairs, accuracies, np.full(27, np.nan))
    with pytest.raises(ValueError, match="draws is 1"):
        matched_effects(pairs, accuracies, draws=1, rng=np.random.default_rng(0))


def test_skips_on_edge_03_of_nb201_do_what_the_public_tables_say(
    real_tables: Path, tmp_path: Path
) -> None:
    """CIFAR-10 test accuracy after 200 epochs; accuracies after 12 stand in for a score."""
    space = NB201()
    tables = [
        NB201Benchmark(str(tmp_path), data=str(real_tables), schedule=epochs).load(space, "cifar10")
        for epochs in (200, 12)
    ]
    accuracies, scores = ([table.values[genotype] for genotype in space] for table in tables)
    choices = choices_of(space, list(space))
    edits = [edit for edit in edits_to(space.factors(), "skip_connect") if "03" in edit.factor]
    found = judge(find_pairs(choices, edits), np.array(accuracies), np.array(scores))
    change = {edit.before: found.by_edit[str(edit)].accuracy for edit in edits}
    assert change["none"].mean.value == pytest.approx(9.1, abs=0.05)
    assert change["none"].median.value == pytest.approx(1.4, abs=0.05)
    assert change["avg_pool_3x3"].mean.value == pytest.approx(3.05, abs=0.005)
    assert change["nor_conv_3x3"].mean.value == pytest.approx(-3.4, abs=0.05)
    assert all(effect.pairs == effect.contexts == 3125 for effect in found.by_edit.values())
    without = np.all([column != "skip_connect" for column in choices.values()], axis=0)
    assert np.max(np.array(accuracies)[without]) == pytest.approx(93.98, abs=0.005)
