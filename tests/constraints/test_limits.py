"""What is more than a limit is rejected and counted; what equals it passes."""

from collections.abc import Mapping

import pytest

from zenlab.constraints.limits import Gate, Limits
from zenlab.core import Genotype, Score, admit_all
from zenlab.spaces.nb201 import NB201

SPACE = NB201()
CELL = SPACE.parse("6111")
KNOWN = SPACE.describe(CELL)


class Counting:
    """A space whose authors count otherwise."""

    def official(self, genotype: Genotype) -> Mapping[str, float]:
        return {"params": 100.0, "flops": 2e6, "layers": 7.0}

    def describe(self, genotype: Genotype) -> Mapping[str, float]:
        return {"params": 150.0, "flops": 1e6, "dead": 0.0}

    parse = sample = mutate = build = canonical = describe


def gate(space: object = SPACE, **limits: object) -> Gate:
    return Gate(Limits(**limits), space)


def test_without_limits_everything_is_admitted_and_nothing_asked() -> None:
    assert gate().admit is admit_all
    assert gate(device="here").admit is admit_all


@pytest.mark.parametrize("name", ["params", "flops"])
def test_equality_passes_and_more_is_rejected(name: str) -> None:
    exact, less = (gate(**{f"max_{name}": limit}) for limit in (KNOWN[name], KNOWN[name] - 1))
    assert exact.admit(CELL) and not exact.rejected
    assert not less.admit(CELL)
    assert less.rejected == {f"max_{name}": 1}


def test_the_first_limit_broken_is_the_reason_in_the_order_of_the_checks() -> None:
    reasons = ["max_layers", "max_params", "max_flops", "max_latency_ms"]
    for place, reason in enumerate(reasons):
        tight = Limits(counting="official", device="here", **dict.fromkeys(reasons[place:], 1.0))
        official = Gate(tight, Counting(), lambda genotype: 2.0)
        assert not official.admit(Genotype("a"))
        assert official.rejected == {reason: 1}


def test_official_and_true_counts_differ_in_what_they_let_through() -> None:
    assert gate(Counting(), counting="official", max_params=120).admit(Genotype("a"))
    assert not gate(Counting(), counting="true", max_params=120).admit(Genotype("a"))
    assert not gate(Counting(), counting="official", max_flops=1.5e6).admit(Genotype("a"))
    assert gate(Counting(), counting=True, max_flops=1.5e6).admit(Genotype("a"))


def test_a_space_without_official_counts_or_layers_says_so() -> None:
    with pytest.raises(ValueError, match=r"counting=official, but NB201 has no counts of its auth"):
        gate(counting="official")
    with pytest.raises(ValueError, match=r"max_layers is 3, but NB201 counts no layers; it counts"):
        gate(max_layers=3).admit(CELL)


def test_slow_and_unmeasured_architectures_are_rejected_for_their_own_reasons() -> None:
    table = {CELL: 5.0}
    limited = Gate(Limits(max_latency_ms=5.0, device="fpga"), SPACE, table.get)
    tight = Gate(Limits(max_latency_ms=4.9, device="fpga"), SPACE, table.get)
    assert limited.admit(CELL) and not tight.admit(CELL)
    assert not limited.admit(SPACE.parse("0"))
    assert limited.rejected == {"latency_unknown": 1} and tight.rejected == {"max_latency_ms": 1}


def test_scores_carry_the_latency_where_it_is_known() -> None:
    scores = [Score(CELL, 1.0, terms={"a": 2.0}), Score(SPACE.parse("0"), 3.0)]
    known, unknown = Gate(Limits(device="fpga"), SPACE, {CELL: 5.0}.get).with_latency(scores)
    assert known.terms == {"a": 2.0, "latency_ms": 5.0}
    assert unknown == scores[1]
    assert gate().with_latency(scores) == scores


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"counting": "mine"}, "constraint.counting is 'mine'; wanted one of true, official$"),
        ({"max_params": 0}, "constraint.max_params is 0; wanted a positive number"),
        ({"max_flops": "1G"}, "constraint.max_flops is '1G'; wanted a positive number"),
        ({"max_latency_ms": 3}, r"but on which device\? set constraint.device"),
    ],
)
def test_bad_limits_are_refused(limits: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Limits(**limits)
