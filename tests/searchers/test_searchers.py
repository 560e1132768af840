"""Searchers ask for what they promise: uniformly, completely, or as a file lists it."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from zenlab.core import Genotype, Searcher
from zenlab.searchers.admitted import draw_admitted
from zenlab.searchers.exhaustive import ExhaustiveSearcher
from zenlab.searchers.listed import ListedSearcher
from zenlab.searchers.random import RandomSearcher
from zenlab.searchers.stratified import StratifiedSearcher
from zenlab.spaces.nb201 import NB201

SPACE = NB201()


class Unlisted:
    """A space that can draw but not be walked through: two letters."""

    def sample(self, rng: np.random.Generator) -> Genotype:
        return Genotype("".join(rng.choice(list("ab"), size=2)))

    def canonical(self, genotype: Genotype) -> str:
        return "".join(sorted(genotype))


def asked(searcher: Searcher) -> list[Genotype]:
    everything = []
    while batch := searcher.ask():
        everything += batch
        searcher.tell([])
    return everything


def test_a_random_search_asks_for_its_budget_without_repeats() -> None:
    genotypes = asked(RandomSearcher(SPACE, budget=300))
    assert len(genotypes) == len(set(genotypes)) == 300


def test_a_larger_budget_begins_with_the_same_architectures() -> None:
    small, large = (asked(RandomSearcher(SPACE, budget=b, seed=4)) for b in (10, 50))
    assert large[:10] == small


def test_seeds_give_different_samples() -> None:
    one, other = (asked(RandomSearcher(SPACE, budget=10, seed=seed)) for seed in (0, 1))
    assert one != other


def test_a_random_sample_is_uniform_over_genotypes() -> None:
    """Each of 2,000 samples holds a given cell with probability 1/125: 25 times 125 expected."""
    counts = Counter(g for seed in range(200) for g in asked(RandomSearcher(SPACE, seed=seed)))
    mean_of_squares = sum(count**2 for count in counts.values()) / len(SPACE)
    assert mean_of_squares == pytest.approx(1.28 * (1 - 1 / 125) + 1.28**2, rel=0.05)


def test_unique_canonical_asks_for_no_two_duplicates_and_names_its_population() -> None:
    searcher = RandomSearcher(SPACE, budget=1_000, unique="canonical")
    classes = [SPACE.canonical(genotype) for genotype in asked(searcher)]
    assert len(set(classes)) == 1_000
    assert searcher.population == "canonical classes"
    assert RandomSearcher(SPACE).population == "all genotypes"


@pytest.mark.parametrize("where", ["live", "reachable", "edge_03_skip_connect"])
def test_a_sample_may_be_drawn_from_a_part_of_the_space(where: str) -> None:
    searcher = RandomSearcher(SPACE, budget=200, where=where)
    described = [SPACE.describe(genotype) for genotype in asked(searcher)]
    if where == "live":
        assert all(numbers["dead"] == 0 for numbers in described)
    else:
        assert all(numbers[where] == 1 for numbers in described)
    assert searcher.population == f"all genotypes that are {where}"
    with pytest.raises(ValueError, match=r"searcher.where is 'nice'; wanted live, .* reachable"):
        RandomSearcher(SPACE, where="nice")


def test_a_space_that_can_not_be_listed_is_drawn_from_until_nothing_is_new() -> None:
    assert sorted(asked(RandomSearcher(Unlisted(), budget=4))) == ["aa", "ab", "ba", "bb"]
    with pytest.raises(ValueError, match="only 4 different architectures"):
        RandomSearcher(Unlisted(), budget=5)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"budget": 0}, "searcher.budget is 0; wanted at least 1"),
        ({"budget": 15_626}, "only 15625 different architectures .* use searcher=exhaustive"),
        ({"unique": "yes"}, "searcher.unique is 'yes'; wanted one of genotype, canonical"),
    ],
)
def test_bad_parameters_are_refused(parameters: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RandomSearcher(SPACE, **parameters)


def test_an_exhaustive_search_walks_the_whole_space_in_its_order() -> None:
    assert asked(ExhaustiveSearcher(SPACE)) == list(SPACE)


def test_an_exhaustive_search_needs_a_space_that_can_be_listed() -> None:
    with pytest.raises(ValueError, match="Unlisted is too large to be walked through"):
        ExhaustiveSearcher(Unlisted())


def test_a_list_keeps_order_and_spelling_of_its_file(tmp_path: Path) -> None:
    path = tmp_path / "cells.txt"
    loose = "|none~0| + |none~0|none~1| + |none~0|none~1|skip_connect~2|"
    path.write_text(f"# my cells\n6111\n\n  {loose}  \n6111\n")
    searcher = ListedSearcher(SPACE, path=str(path))
    assert searcher.spellings == ["6111", loose, "6111"]
    assert asked(searcher) == [SPACE.parse("6111"), SPACE.parse(loose), SPACE.parse("6111")]
    assert searcher.population == "the list cells.txt"


def test_a_malformed_genotype_is_refused_with_file_line_and_position(tmp_path: Path) -> None:
    path = tmp_path / "cells.txt"
    path.write_text("6111\n|none~0|+|bad~0|\n")
    with pytest.raises(ValueError, match=r"cells\.txt, line 2: .* at position 10 wanted one of"):
        ListedSearcher(SPACE, path=str(path))


def test_a_list_that_is_missing_or_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("# nothing\n")
    for path, message in [
        (None, "searcher=listed needs searcher.path"),
        (str(tmp_path / "no.txt"), "can't read .*no.txt"),
        (str(tmp_path / "empty.txt"), "names no architecture"),
    ]:
        with pytest.raises(ValueError, match=message):
            ListedSearcher(SPACE, path=path)


def small(genotype: Genotype) -> bool:
    return SPACE.describe(genotype)["params"] < 500_000


def test_a_constraint_narrows_a_random_sample_and_the_words_for_it() -> None:
    searcher = RandomSearcher(SPACE, admit=small, budget=200)
    assert all(small(genotype) for genotype in asked(searcher))
    assert searcher.population == "all genotypes, within the constraint"


def test_a_constraint_leaves_the_rest_of_a_walk_in_its_order() -> None:
    searcher = ExhaustiveSearcher(SPACE, admit=small)
    assert asked(searcher) == [genotype for genotype in SPACE if small(genotype)]
    assert searcher.population == "all genotypes, within the constraint"


def test_a_constraint_leaves_lines_of_a_list_out_with_their_spellings(tmp_path: Path) -> None:
    path = tmp_path / "cells.txt"
    path.write_text("6111\n0\n1462\n")
    kept = [text for text in ("6111", "0", "1462") if small(SPACE.parse(text))]
    searcher = ListedSearcher(SPACE, admit=small, path=str(path))
    assert searcher.spellings == kept != ["6111", "0", "1462"]
    assert asked(searcher) == [SPACE.parse(text) for text in kept]
    assert searcher.population == "the list cells.txt, within the constraint"


def test_a_constraint_that_lets_nothing_through_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cells.txt"
    path.write_text("6111\n")
    with pytest.raises(ValueError, match="the constraint rejects the whole space"):
        ExhaustiveSearcher(SPACE, admit=lambda genotype: False)
    with pytest.raises(ValueError, match=r"rejects all architectures of .*cells\.txt"):
        ListedSearcher(SPACE, admit=lambda genotype: False, path=str(path))
    with pytest.raises(ValueError, match="only 0 different architectures"):
        RandomSearcher(Unlisted(), admit=lambda genotype: False)
    with pytest.raises(ValueError, match="rejected 100,000 architectures in a row"):
        draw_admitted(lambda: Genotype("a"), lambda genotype: False)


KNOWN = [SPACE.parse(str(index)) for index in range(100, 200)]


def test_a_random_search_draws_from_what_is_known() -> None:
    searcher = RandomSearcher(SPACE, known=KNOWN, budget=60)
    assert set(asked(searcher)) <= set(KNOWN)
    assert searcher.population == "100 genotypes the benchmark knows"
    everything = RandomSearcher(SPACE, known=KNOWN, budget=60, population="all")
    assert asked(everything) == asked(RandomSearcher(SPACE, budget=60))


def test_more_than_is_known_is_an_error_with_the_cure() -> None:
    with pytest.raises(ValueError, match=r"only 100 .*set searcher\.population=all"):
        RandomSearcher(SPACE, known=KNOWN, budget=101)


def test_an_exhaustive_search_asks_for_all_that_is_known_in_the_order_of_the_space() -> None:
    searcher = ExhaustiveSearcher(SPACE, known=KNOWN[::-1])
    assert asked(searcher) == KNOWN
    assert searcher.population == "100 genotypes the benchmark knows"
    assert len(asked(ExhaustiveSearcher(SPACE, known=KNOWN, population="all"))) == len(SPACE)


def test_a_stratified_search_asks_for_one_live_member_of_each_class() -> None:
    genotypes = asked(StratifiedSearcher(SPACE, budget=None))
    classes = [SPACE.canonical(genotype) for genotype in genotypes]
    live = {SPACE.canonical(cell) for cell in SPACE if not SPACE.describe(cell)["dead"]}
    assert len(set(classes)) == len(classes) and set(classes) == live
    assert genotypes[:300] == asked(StratifiedSearcher(SPACE, budget=300))


def test_every_stratum_has_its_share_of_a_stratified_search() -> None:
    def stratum(genotype: Genotype) -> float:
        return SPACE.describe(genotype)["count_nor_conv_3x3"]

    everything = Counter(map(stratum, asked(StratifiedSearcher(SPACE, budget=None))))
    sample = Counter(map(stratum, asked(StratifiedSearcher(SPACE, budget=1000, seed=3))))
    for value, count in everything.items():
        expected = 1000 * count / everything.total()
        assert abs(sample[value] - expected) < 0.15 * expected + 5


def test_strata_that_a_space_doesnt_have_are_refused() -> None:
    with pytest.raises(ValueError, match=r"searcher\.by is 'width_', but no descriptor"):
        StratifiedSearcher(SPACE, by="width_")
