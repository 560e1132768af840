"""Pairs are all those, and only those, that differ by an edit."""

import itertools

import numpy as np
import pytest

from zenlab.analysis.pairs import Edit, choices_of, count_elsewhere, edits_to, find_pairs, steps
from zenlab.core import Genotype
from zenlab.spaces.nb201.space import NB201
from zenlab.spaces.nb201_width.space import NB201Width
from zenlab.spaces.nb_macro.space import NBMacro

OPTIONS = {"edge": ("none", "skip", "conv"), "width": (8, 16, 24), "links": (False, True)}


def complete(*, keep: float = 1.0) -> dict[str, np.ndarray]:
    """All 18 choices in a random order, or a part of them."""
    rows = list(itertools.product(*OPTIONS.values()))
    order = np.random.default_rng(5).permutation(len(rows))[: round(keep * len(rows))]
    return {
        name: np.array([rows[row][place] for row in order]) for place, name in enumerate(OPTIONS)
    }


@pytest.mark.parametrize("keep", [1.0, 0.6])
def test_pairs_equal_those_found_by_comparing_all_rows(keep: float) -> None:
    choices = complete(keep=keep)
    edits = [*edits_to(OPTIONS, "skip"), *steps({"width": (8, 16, 24)}), Edit("links", False, True)]
    pairs = find_pairs(choices, edits)
    expected = {
        (before, after, place)
        for place, edit in enumerate(edits)
        for before, after in itertools.permutations(range(len(choices["edge"])), 2)
        if choices[edit.factor][before] == edit.before
        and choices[edit.factor][after] == edit.after
        and all(choices[n][before] == choices[n][after] for n in OPTIONS if n != edit.factor)
    }
    found = list(zip(pairs.before, pairs.after, pairs.edit, strict=True))
    assert len(found) == len(pairs) == len(expected) and set(found) == expected


def test_pairs_share_a_context_where_factor_and_all_other_choices_are_equal() -> None:
    choices = complete()
    pairs = find_pairs(choices, [*edits_to(OPTIONS, "skip"), *steps({"width": (8, 16, 24)})])
    contexts: dict[tuple[object, ...], set[int]] = {}
    for before, edit, context in zip(pairs.before, pairs.edit, pairs.context, strict=True):
        factor = pairs.edits[edit].factor
        key = (factor, *(choices[name][before] for name in OPTIONS if name != factor))
        contexts.setdefault(key, set()).add(context)
    assert all(len(numbers) == 1 for numbers in contexts.values())
    numbers = sorted(number for (number,) in contexts.values())
    assert numbers == list(range(6 + 6))


def test_choices_of_a_space_are_those_that_compose_the_genotype() -> None:
    space = NBMacro()
    genotypes = [space.sample(np.random.default_rng(seed)) for seed in range(20)]
    choices = choices_of(space, genotypes)
    for row, genotype in enumerate(genotypes):
        assert space.compose({name: str(column[row]) for name, column in choices.items()}) == (
            genotype
        )


def test_nb201_has_3125_contexts_for_each_of_24_edits_to_a_skip() -> None:
    space = NB201()
    edits = edits_to(space.factors(), "skip_connect")
    pairs = find_pairs(choices_of(space, list(space)), edits)
    assert len(edits) == 24
    assert np.bincount(pairs.edit).tolist() == [3125] * 24
    assert np.bincount(pairs.context).tolist() == [4] * (6 * 3125)


def test_options_elsewhere_leave_out_the_factor_of_the_pair() -> None:
    choices = {"a": np.array(["s", "n", "n", "s"]), "b": np.array(["s", "s", "n", "n"])}
    pairs = find_pairs(choices, edits_to({"a": "ns", "b": "ns"}, "s"))
    others = count_elsewhere(choices, pairs, "s")
    assert dict(zip(zip(pairs.before, pairs.after, strict=True), others, strict=True)) == {
        (1, 0): 1,
        (2, 3): 0,
        (3, 0): 1,
        (2, 1): 0,
    }


def test_edits_are_spelt_for_a_reader() -> None:
    assert str(Edit("edge_03", "none", "skip_connect")) == "edge_03: none -> skip_connect"
    assert [str(edit) for edit in steps({"width": (8, 16, 24)})] == [
        "width: 8 -> 16",
        "width: 16 -> 24",
    ]


@pytest.mark.parametrize(
    ("edits", "match"),
    [
        ([], "edits are none; wanted each once"),
        ([Edit("width", 8, 16)] * 2, "wanted each once"),
        ([Edit("depth", 8, 16)], "no factor depth; there are edge, width, links"),
        ([Edit("edge", "none", "pool")], "edge is never 'pool'; it is one of conv, none, skip"),
        ([Edit("width", 8, 8)], "width: 8 -> 8 changes nothing"),
    ],
)
def test_edits_that_can_not_be_made_are_refused(edits: list[Edit], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        find_pairs(complete(), edits)


def test_a_sample_without_a_pair_is_refused() -> None:
    choices = {"edge": np.array(["none", "skip"]), "width": np.array([8, 16])}
    with pytest.raises(ValueError, match="no two architectures differ by just edge: none -> skip"):
        find_pairs(choices, [Edit("edge", "none", "skip")])


def test_an_architecture_that_comes_twice_is_refused() -> None:
    choices = {name: np.append(column, column[3]) for name, column in complete().items()}
    with pytest.raises(ValueError, match="rows 3 and 18 made the same choices"):
        find_pairs(choices, [Edit("edge", "none", "skip")])


def test_columns_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match=r"choices are a \(2,\), b \(3,\)"):
        find_pairs({"a": [1, 2], "b": [1, 2, 3]}, [Edit("a", 1, 2)])


def test_an_option_that_no_factor_has_is_refused() -> None:
    with pytest.raises(ValueError, match="no factor of edge, width, links has an option 'pool'"):
        edits_to(OPTIONS, "pool")


def test_spaces_too_large_to_walk_through_and_strangers_are_refused() -> None:
    with pytest.raises(ValueError, match="the space has 8,000,000 architectures, too many"):
        choices_of(NB201Width(), [])
    with pytest.raises(ValueError, match="'0000' is no architecture of the space"):
        choices_of(NBMacro(), [Genotype("0000")])
