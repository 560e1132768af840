"""The picture of an applicability map: a tree of regions, coloured by how well scores rank there.

It grows from left to right, since conditions are wider than they are high.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from zenlab.analysis.regions import Region

_COLOURS = "RdBu"  # red: ranks the wrong way round, white: not at all, blue: well
_NORM = Normalize(-1, 1)
_DARK = 0.7  # from here on, white letters can be read better
_INK = "#222222"
_WIDTH = 3.1  # inches of a level
_HEIGHT = 0.8  # inches of a leaf
_REMARK = "dashed: the half that confirms doesn't confirm the difference"


@dataclass(frozen=True)
class _Box:
    """A region at its place: leaves below each other, any other in the middle of its parts.

    `condition` is what sets it apart from its sibling.
    """

    region: Region
    depth: int
    row: float
    condition: str
    parent: "_Box | None"


def draw_applicability(path: Path, root: Region, *, title: str) -> None:
    """Draw the regions with n and Kendall's tau [low, high] of the confirming half into a PNG file.

    A dashed line leads into a split that the confirming half doesn't confirm.
    """
    boxes = list(_place(root))
    levels, rows = max(box.depth for box in boxes) + 1, len(list(root.leaves()))
    size = max(_WIDTH * levels, 5), _HEIGHT * max(rows, 2) + 1.3
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    for box in boxes:
        _draw_line(axes, box)
        _draw_box(axes, box)
    axes.set(xlim=(-0.5, levels - 0.5), ylim=(rows - 0.5, -0.5))
    axes.axis("off")
    _draw_legend(figure, axes, dashed=any(_doubted(box.region) for box in boxes))
    figure.suptitle(title, x=0.02, ha="left", fontsize=11)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160)
    plt.close(figure)


def _place(root: Region) -> Iterator[_Box]:
    """Give every region a place, those above before those below."""
    rows = {id(leaf): float(number) for number, leaf in enumerate(root.leaves())}

    def middle(region: Region) -> float:
        if region.split is None:
            return rows[id(region)]
        return (middle(region.split.low) + middle(region.split.high)) / 2

    def walk(region: Region, depth: int, condition: str, parent: _Box | None) -> Iterator[_Box]:
        box = _Box(region, depth, middle(region), condition, parent)
        yield box
        if region.split:
            for part in (region.split.low, region.split.high):
                yield from walk(part, depth + 1, str(part.conditions[-1]), box)

    return walk(root, 0, root.rule, None)


def _doubted(region: Region) -> bool:
    return region.split is not None and not region.split.confirmed


def _draw_line(axes: Axes, box: _Box) -> None:
    if box.parent is None:
        return
    middle = (box.parent.depth + box.depth) / 2
    axes.plot(
        [box.parent.depth, middle, middle, box.depth],
        [box.parent.row, box.parent.row, box.row, box.row],
        "--" if _doubted(box.parent.region) else "-",
        color="0.55",
        linewidth=1.4,
        zorder=1,
    )


def _draw_box(axes: Axes, box: _Box) -> None:
    tau = box.region.kendall.value
    axes.text(
        box.depth,
        box.row,
        f"{box.condition}\nn = {box.region.n:,}: {_tau(box.region)}",
        ha="center",
        va="center",
        fontsize=9,
        linespacing=1.5,
        color="white" if abs(tau or 0) > _DARK else _INK,
        bbox={
            "boxstyle": "round,pad=0.5",
            "facecolor": "0.92" if tau is None else plt.get_cmap(_COLOURS)(_NORM(tau)),
            "edgecolor": "0.4",
        },
        zorder=2,
    )


def _draw_legend(figure: Figure, axes: Axes, *, dashed: bool) -> None:
    bar = figure.colorbar(
        ScalarMappable(_NORM, _COLOURS), ax=axes, location="bottom", shrink=0.6, aspect=40, pad=0.02
    )
    label = "Kendall's tau of scores and accuracies [95 % interval], in the half that confirms"
    bar.set_label(f"{label}\n{_REMARK}" if dashed else label, fontsize=9)
    bar.ax.tick_params(labelsize=8)


def _tau(region: Region) -> str:
    kendall = region.kendall
    if kendall.value is None:
        return "tau undefined"
    if kendall.low is None or kendall.high is None:
        return f"tau {kendall.value:.2f}"
    return f"tau {kendall.value:.2f} [{kendall.low:.2f}, {kendall.high:.2f}]"
