"""Verdicts follow the rules of docs/hypotheses.md, and say them with their numbers."""

from dataclasses import replace

import numpy as np
import pytest

from zenlab.hypotheses.part import Part, part_from
from zenlab.hypotheses.verdict import Verdict
from zenlab.laboratory import adjusted


def part(effect: float, half: float, *, smallest: float = 0.1, n: int = 100) -> Part:
    return Part(f"part {effect}", effect, effect - half, effect + half, n, smallest)


def verdict(*parts: Part) -> Verdict:
    return Verdict("claim", "Something is so.", "zen", parts)


@pytest.mark.parametrize(
    ("effect", "half", "word"),
    [
        (0.3, 0.2, "supported"),
        (0.3, 0.4, "undecided"),
        (0.05, 0.04, "refuted"),
        (0.05, 0.06, "undecided"),
        (-0.3, 0.2, "refuted"),
        (0.09, 0.005, "refuted"),
        (0.12, 0.1, "supported"),
    ],
)
def test_a_part_needs_an_interval_and_an_effect_that_matters(
    effect: float, half: float, word: str
) -> None:
    assert part(effect, half).word == word


def test_a_claim_is_what_its_parts_are_together() -> None:
    for_it, against, open_ = part(0.3, 0.1), part(-0.3, 0.1), part(0.1, 0.5)
    assert verdict(for_it, for_it).word == "supported"
    assert verdict(against).word == "refuted"
    assert verdict(for_it, against).word == "conditional"
    assert verdict(for_it, against, open_).word == "conditional"
    assert verdict(for_it, open_).word == "undecided"


def test_the_sentence_names_both_sides_with_their_numbers() -> None:
    sentence = verdict(part(0.3, 0.1), part(-0.3, 0.1)).sentence
    assert sentence.startswith(
        "Something is so. Conditional. It holds: part 0.3 +0.30 [0.20, 0.40]"
    )
    assert "It doesn't: part -0.3 -0.30 [-0.40, -0.20]." in sentence


def test_an_open_claim_says_how_many_would_decide() -> None:
    open_ = verdict(part(0.2, 0.4, n=100))
    assert open_.needed == 400  # the half-width must fall from 0.4 to 0.2
    assert "About 400 would decide." in open_.sentence
    assert verdict(part(0.3, 0.1)).row()["needed"] is None


def test_a_claim_that_doesnt_survive_its_company_is_undecided() -> None:
    alone = verdict(part(0.3, 0.29))
    assert alone.word == "supported" and 0.01 < alone.p < 0.05
    among = alone.adjusted(0.2)
    assert among.word == "undecided"
    assert "doesn't survive Holm's correction (p = 0.2)" in among.sentence


def test_an_undefined_part_says_why() -> None:
    undefined = Part("width", None, None, None, 40, 0.1, "tau", "all scores are tied")
    assert undefined.word == "undecided" and undefined.p == 1
    assert "width: undefined (all scores are tied)" in verdict(undefined).sentence


def test_a_part_can_be_made_again_from_its_row() -> None:
    made = verdict(part(0.3, 0.1), part(-0.3, 0.1))
    assert tuple(part_from(row) for row in made.part_rows()) == tuple(made.parts)


def test_open_claims_count_among_those_tested_together() -> None:
    lucky = verdict(part(0.3, 0.29))
    assert adjusted([lucky])[0].word == "supported"
    among = adjusted([lucky, *(named(f"open {i}", part(0.1, 0.5)) for i in range(19))])
    assert among[0].word == "undecided" and among[0].adjusted_p == pytest.approx(20 * lucky.p)
    assert {other.word for other in among} == {"undecided"}
    assert among[1].row()["p"] is None and among[1].row()["adjusted_p"] is None


def test_the_same_test_under_two_proxies_counts_once() -> None:
    lucky = verdict(part(0.3, 0.25))
    both = adjusted([lucky, replace(lucky, proxy="naswot")])
    assert [one.adjusted_p for one in both] == [None, None]
    with_another = adjusted([lucky, replace(lucky, proxy="naswot"), named("other", part(0.5, 0.1))])
    assert with_another[0].adjusted_p == pytest.approx(lucky.p)
    assert with_another[2].adjusted_p == pytest.approx(with_another[2].p * 2)


def test_what_holm_takes_back_says_what_it_was_and_how_many_would_decide() -> None:
    alone = verdict(part(0.3, 0.29, n=100))
    among = alone.adjusted(10 * alone.p)
    assert "Undecided. By itself it would hold: part 0.3" in among.sentence
    needed = among.needed
    assert needed is not None and 100 < needed < 1000
    shrunk = part(0.3, 0.29 * np.sqrt(100 / needed), n=needed)
    assert 10 * shrunk.p == pytest.approx(0.05, rel=0.05)


def test_more_than_there_are_cant_decide() -> None:
    open_ = replace(part(0.2, 0.4, n=100), most=300)
    assert "part 0.2 would take about 400 networks; there are 300." in verdict(open_).sentence
    few = replace(part(0.3, 0.1), most=50)
    assert "About 400 would decide." in verdict(few, replace(open_, most=500)).sentence


def named(name: str, *parts: Part) -> Verdict:
    return replace(verdict(*parts), claim=name)
