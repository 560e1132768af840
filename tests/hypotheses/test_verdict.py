"""Verdicts follow the rules of docs/hypotheses.md, and say them with their numbers."""

import numpy as np
import pytest

from zenlab.hypotheses.verdict import Part, Verdict, part_from


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


def test_a_null_claim_is_rarely_called_supported() -> None:
    """2,000 simulations of no effect: at most 5 % plus two standard errors."""
    rng = np.random.default_rng(20261124)
    effects = rng.standard_normal(2000) * 0.1
    called = sum(part(effect, 0.196).word == "supported" for effect in effects)
    assert called / 2000 <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 2000)
