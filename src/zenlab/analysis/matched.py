"""What one edit does to accuracy and to a score, everything else held fixed.

An effect over matched pairs is that of an intervention: no other choice can stand behind it, as it
can behind the contrast of two subsets. Pairs with the same context share what that context is like,
so they are one piece of evidence: intervals and p-values resample whole contexts, never pairs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.checked import require_draws, require_rows
from zenlab.analysis.clustered import mean_of_pairs, median_of_pairs, null_chance, share_of_pairs
from zenlab.analysis.pairs import Pairs
from zenlab.analysis.ranked import Floats


@dataclass(frozen=True)
class Change:
    """How one quantity moves from before an edit to after.

    `raised` and `lowered` are shares of the pairs; in the others it stays. `p_value` is that of a
    mean of zero.
    """

    mean: Bounded
    median: Bounded
    raised: Bounded
    lowered: Bounded
    p_value: float


@dataclass(frozen=True)
class SignAgreement:
    """The share of pairs in which score and accuracy move to the same side.

    Only `pairs` in which both move count. `by_chance` is the share if the score didn't know which
    of these pairs are raised, but raised as many: a proxy that always favours the edit is right as
    often as the edit helps, without knowing where.
    """

    pairs: int
    share: Bounded
    by_chance: float | None


@dataclass(frozen=True)
class Effect:
    """What the edits of some pairs do.

    `accuracy` is in percentage points. `place` is the score's rank among all rows, from 0 (lowest)
    to 100; ties, minus infinities among them, are in the middle of theirs.
    `score` is the mean change of the score itself over the `finite` pairs in which it isn't minus
    infinity. Without scores the last four are None, zero, None, None.
    """

    pairs: int
    contexts: int
    accuracy: Change
    place: Change | None = None
    finite: int = 0
    score: Bounded | None = None
    agreement: SignAgreement | None = None


@dataclass(frozen=True)
class Matched:
    """Effects over all pairs, by edit, by factor, and by each labelling of contexts."""

    overall: Effect
    by_edit: Mapping[str, Effect]
    by_factor: Mapping[str, Effect]
    by_context: Mapping[str, Mapping[str, Effect]]


def matched_effects(
    pairs: Pairs,
    accuracies: ArrayLike,
    scores: ArrayLike | None = None,
    *,
    labels: Mapping[str, ArrayLike] | None = None,
    draws: int,
    rng: np.random.Generator,
) -> Matched:
    """Judge the edits on pairs of rows: all of them, and parts of them.

    The 95 % intervals are of more contexts like these (`clustered.py`); where the rows are a
    complete space, the values themselves are exact. Over several factors a row is in several
    contexts; in a complete space the effects of different factors are orthogonal, so the noise of
    single rows doesn't tie them together.

    Args:
        pairs: rows before and after an edit, from `find_pairs`.
        accuracies: (n,), in percent.
        scores: (n,), higher is better; minus infinities tie in the last place.
        labels: by name, the kind of context of each pair (p,), such as the number of other skips or
            whether the row before is dead; text or numbers.
        draws: how often the signs are turned for a p-value; 1,000 are enough.
        rng: decides them.

    Raises:
        ValueError: arrays that don't fit together or hold nan; `draws` below 2.
    """
    require_draws(draws)
    moves = _moves(pairs, accuracies, scores)
    alone, by_edit, by_factor, by_label = rng.spawn(4)
    kinds = {name: _kinds(name, label, len(pairs)) for name, label in (labels or {}).items()}
    edits = [str(edit) for edit in pairs.edits]
    factors, factor = np.unique([edit.factor for edit in pairs.edits], return_inverse=True)
    return Matched(
        _judge(moves, draws, alone),
        _judge_by(edits, pairs.edit, moves, draws, by_edit),
        _judge_by(list(factors), factor[pairs.edit], moves, draws, by_factor),
        {
            name: _judge_by(*kind, moves, draws, own)
            for (name, kind), own in zip(kinds.items(), by_label.spawn(len(kinds)), strict=True)
        },
    )


@dataclass(frozen=True)
class _Moves:
    """By pair (p,): the changes of accuracy, of the score's place and of the score, and contexts.

    The change of the score is nan where one of the two is minus infinity.
    """

    accuracy: Floats
    place: Floats | None
    score: Floats | None
    context: NDArray[np.intp]

    def take(self, rows: NDArray[np.intp]) -> "_Moves":
        place = None if self.place is None else self.place[rows]
        score = None if self.score is None else self.score[rows]
        return _Moves(self.accuracy[rows], place, score, self.context[rows])


def _moves(pairs: Pairs, accuracies: ArrayLike, scores: ArrayLike | None) -> _Moves:
    if scores is None:
        (measured,) = require_rows({"accuracies": accuracies})
        _require_inside(pairs, len(measured))
        return _Moves(_change(measured, pairs), None, None, pairs.context)
    measured, values = require_rows({"accuracies": accuracies, "scores": scores})
    _require_inside(pairs, len(measured))
    places = (stats.rankdata(values) - 1) / max(len(values) - 1, 1) * 100
    score = _change(np.where(np.isneginf(values), np.nan, values), pairs)
    return _Moves(_change(measured, pairs), _change(places, pairs), score, pairs.context)


def _require_inside(pairs: Pairs, count: int) -> None:
    last = int(max(pairs.before.max(), pairs.after.max()))
    if last >= count:
        raise ValueError(f"accuracies have {count} rows, but a pair has row {last}")


def _change(values: Floats, pairs: Pairs) -> Floats:
    changes: Floats = values[pairs.after] - values[pairs.before]
    return changes


def _kinds(name: str, label: ArrayLike, count: int) -> tuple[list[str], NDArray[np.intp]]:
    """The names of the kinds of context, in the order of the labels, and which each pair is."""
    labels = np.asarray(label)
    if labels.shape != (count,):
        raise ValueError(f"labels {name} are {labels.shape}; wanted one for each pair ({count},)")
    distinct, numbers = np.unique(labels, return_inverse=True)
    is_text = distinct.dtype.kind in "UO"
    return [str(kind) if is_text else f"{kind:g}" for kind in distinct], numbers


def _judge_by(
    names: list[str],
    numbers: NDArray[np.intp],
    moves: _Moves,
    draws: int,
    rng: np.random.Generator,
) -> dict[str, Effect]:
    """Judge the pairs of each kind that has some, by its name."""
    rows = [np.flatnonzero(numbers == number) for number in range(len(names))]
    return {
        str(name): _judge(moves.take(own), draws, for_own)
        for name, own, for_own in zip(names, rows, rng.spawn(len(names)), strict=True)
        if len(own)
    }


def _judge(moves: _Moves, draws: int, rng: np.random.Generator) -> Effect:
    contexts = np.unique(moves.context, return_inverse=True)[1]
    for_accuracy, for_place = rng.spawn(2)
    accuracy = _judge_change(moves.accuracy, contexts, draws, for_accuracy)
    effect = Effect(len(contexts), int(contexts.max()) + 1, accuracy)
    if moves.place is None or moves.score is None:
        return effect
    finite = ~np.isnan(moves.score)
    return replace(
        effect,
        place=_judge_change(moves.place, contexts, draws, for_place),
        finite=int(finite.sum()),
        score=mean_of_pairs(moves.score, contexts, among=finite),
        agreement=_agreement(moves.accuracy, moves.place, contexts),
    )


def _judge_change(
    change: Floats, contexts: NDArray[np.intp], draws: int, rng: np.random.Generator
) -> Change:
    return Change(
        mean_of_pairs(change, contexts),
        median_of_pairs(change, contexts),
        share_of_pairs(change > 0, contexts),
        share_of_pairs(change < 0, contexts),
        null_chance(change, contexts, draws=draws, rng=rng),
    )


def _agreement(accuracy: Floats, place: Floats, contexts: NDArray[np.intp]) -> SignAgreement:
    both = (accuracy != 0) & (place != 0)
    share = share_of_pairs((accuracy > 0) == (place > 0), contexts, among=both)
    if not both.any():
        return SignAgreement(0, share, None)
    ours, theirs = (float((change[both] > 0).mean()) for change in (accuracy, place))
    return SignAgreement(int(both.sum()), share, ours * theirs + (1 - ours) * (1 - theirs))
