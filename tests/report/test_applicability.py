"""The picture of a map says everything that the map says."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot as plt
import pytest
from matplotlib.figure import Figure

from zenlab.analysis.bounded import Bounded
from zenlab.analysis.regions import Condition, Region, Split
from zenlab.report.applicability import draw_applicability

SKIPS, MANY = (Condition("skips", 1.5, below=below) for below in (True, False))
LOW = Region((SKIPS,), 700, 0.6, 690, Bounded(0.61, 0.57, 0.65), None)
HIGH = Region((MANY,), 200, None, 210, Bounded(None, None, None, "tied"), None)
DIFFERENCE = Bounded(-0.5, -0.6, -0.4)


def root(*, confirmed: bool) -> Region:
    split = Split("skips", 1.5, LOW, HIGH, DIFFERENCE, confirmed)
    return Region((), 900, 0.4, 1900, Bounded(0.38, 0.31, 0.45), split)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Figure]]:
    """Keeps the figures that would be closed, so that a test can look at them."""
    kept: list[Figure] = []
    with monkeypatch.context() as patched:
        patched.setattr(plt, "close", kept.append)
        yield kept
    for figure in kept:
        plt.close(figure)


def test_every_region_shows_its_condition_rows_and_interval(
    drawn: list[Figure], tmp_path: Path
) -> None:
    draw_applicability(tmp_path / "map.png", root(confirmed=True), title="zen on nb201")
    assert [text.get_text() for text in drawn[0].axes[0].texts] == [
        "all architectures\nn = 1,900: tau 0.38 [0.31, 0.45]",
        "skips <= 1.5\nn = 690: tau 0.61 [0.57, 0.65]",
        "skips > 1.5\nn = 210: tau undefined",
    ]


@pytest.mark.parametrize("confirmed", [True, False])
def test_a_split_that_is_not_confirmed_is_dashed_and_explained(
    drawn: list[Figure], tmp_path: Path, confirmed: bool
) -> None:
    draw_applicability(tmp_path / "map.png", root(confirmed=confirmed), title="zen on nb201")
    tree, bar = drawn[0].axes
    assert {line.get_linestyle() for line in tree.lines} == {"-" if confirmed else "--"}
    assert ("dashed" in bar.get_xlabel()) is not confirmed


@pytest.mark.parametrize("region", [root(confirmed=True), LOW])
def test_the_file_is_a_picture_also_of_a_single_region(region: Region, tmp_path: Path) -> None:
    path, before = tmp_path / "figures" / "map.png", plt.get_fignums()
    draw_applicability(path, region, title="zen on nb201")
    height, width, _ = matplotlib.image.imread(path).shape
    assert width > 700 and height > 300
    assert plt.get_fignums() == before
