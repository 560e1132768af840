"""Cells of NAS-Bench-201 as graphs: four nodes, six edges coloured by operation.

What lies on no path from input to output is faint, and `none` is hardly to be seen.
"""

import math
from collections.abc import Sequence
from functools import cache

from zenlab.report.drawings.picture import Picture, text
from zenlab.spaces.nb201.cell import EDGES, paths

WIDTH, HEIGHT = 340, 178
_NODES = tuple((26 + 96 * node, 106) for node in range(4))
_RADIUS, _ARROW, _APART = 14, 8, 11
_BENDS = {(0, 2): -86, (1, 3): 84, (0, 3): -156}
"""How far the control point of an edge lies below the nodes; the others are straight."""
_LABELS = {(0, 2): (122, 49), (1, 3): (218, 169), (0, 3): (170, 14)}
_COLOURS = {
    "nor_conv_3x3": "#d1495b",
    "nor_conv_1x1": "#3b82c4",
    "avg_pool_3x3": "#2f9663",
    "skip_connect": "#7f8a96",
}
_DASHES = {"skip_connect": "6 4", "avg_pool_3x3": "2 3"}
_WORDS = {
    "nor_conv_3x3": "3x3",
    "nor_conv_1x1": "1x1",
    "avg_pool_3x3": "pool",
    "skip_connect": "skip",
    "none": "none",
}

_Point = tuple[float, float]
Edges = Sequence[tuple[str, ...]]
"""The operations on each edge, in the order of the benchmark's edges."""


def cell_picture(title: str, edges: Edges) -> Picture:
    """Draw the operations on six edges; an edge may have several."""
    used = _used(edges)
    parts = [
        _edge(edge, operations, edge in used) for edge, operations in zip(EDGES, edges, strict=True)
    ]
    several = any(len(operations) > 1 for operations in edges)
    legend = [_legend()] if several else [] if used else [_dead()]
    return Picture(title, _described(edges, used), WIDTH, HEIGHT, (_nodes(), *parts, *legend))


def _used(edges: Edges) -> set[tuple[int, int]]:
    live = tuple("none" if left in ((), ("none",)) else "live" for left in edges)
    return {edge for path in paths(live) for edge in path}


@cache
def _edge(edge: tuple[int, int], operations: tuple[str, ...], used: bool) -> str:
    """Return one curve with a head and a label, or several, one for each operation, without."""
    bend = _BENDS.get(edge, 0)
    if operations in ((), ("none",)):
        drawn = _curve(edge, bend, _RADIUS)
        return f'<path {drawn} stroke="currentColor" opacity=".16" stroke-dasharray="1 4"/>'
    faint = "" if used else ' opacity=".45"'
    if len(operations) == 1:
        drawn = _line(edge, operations[0], bend, _RADIUS + _ARROW) + _head(
            edge, operations[0], bend
        )
        drawn += text(*_label_at(edge), _WORDS[operations[0]])
    else:
        first = bend - _APART * (len(operations) - 1)
        bends = [first + 2 * _APART * place for place in range(len(operations))]
        lines = zip(operations, bends, strict=True)
        drawn = "".join(_line(edge, name, bent, _RADIUS) for name, bent in lines)
    return f'<g stroke-width="2.4"{faint}>{drawn}</g>'


def _line(edge: tuple[int, int], operation: str, bend: float, gap: float) -> str:
    dash = f' stroke-dasharray="{_DASHES[operation]}"' if operation in _DASHES else ""
    return f'<path {_curve(edge, bend, gap)} stroke="{_COLOURS[operation]}"{dash}/>'


def _curve(edge: tuple[int, int], bend: float, gap: float) -> str:
    """Return a curve, bent downwards by so much, that ends so far from the middle of its node."""
    start, end = (_NODES[node] for node in edge)
    control = _control(edge, bend)
    first, last = _towards(start, control, _RADIUS), _towards(end, control, gap)
    return f'd="M{_at(first)}Q{_at(control)} {_at(last)}"'


def _head(edge: tuple[int, int], operation: str, bend: float) -> str:
    node, control = _NODES[edge[1]], _control(edge, bend)
    tip, neck = (_towards(node, control, gap) for gap in (_RADIUS, _RADIUS + _ARROW))
    side = ((neck[1] - tip[1]) / 2, (tip[0] - neck[0]) / 2)
    left, right = ((neck[0] + sign * side[0], neck[1] + sign * side[1]) for sign in (1, -1))
    return f'<path d="M{_at(tip)}L{_at(left)}L{_at(right)}Z" fill="{_COLOURS[operation]}"/>'


def _control(edge: tuple[int, int], bend: float) -> _Point:
    (x0, y0), (x1, y1) = (_NODES[node] for node in edge)
    return (x0 + x1) / 2, (y0 + y1) / 2 + bend


def _towards(point: _Point, other: _Point, length: float) -> _Point:
    away = math.dist(point, other)
    share = length / away
    return point[0] + share * (other[0] - point[0]), point[1] + share * (other[1] - point[1])


def _at(point: _Point) -> str:
    return f"{point[0]:.4g} {point[1]:.4g}"


def _label_at(edge: tuple[int, int]) -> _Point:
    straight = ((_NODES[edge[0]][0] + _NODES[edge[1]][0]) / 2, _NODES[0][1] - 6)
    return _LABELS.get(edge, straight)


@cache
def _nodes() -> str:
    circles = "".join(
        f'<circle cx="{x}" cy="{y}" r="{_RADIUS}" stroke="currentColor" stroke-width="1.4"/>'
        f"{text(x, y + 4, str(node))}"
        for node, (x, y) in enumerate(_NODES)
    )
    (first, y), (last, _) = _NODES[0], _NODES[-1]
    return f"{circles}{text(first, y + 28, 'in')}{text(last, y + 28, 'out')}"


def _legend() -> str:
    places = zip((40, 82, 124, 166), _COLOURS.items(), strict=True)
    return "".join(
        text(x, HEIGHT - 6, _WORDS[name], fill=colour, more=' font-weight="600"')
        for x, (name, colour) in places
    )


def _dead() -> str:
    return text(105, HEIGHT - 4, "dead: no path from input to output", more=' opacity=".7"')


def _described(edges: Edges, used: set[tuple[int, int]]) -> str:
    told = "; ".join(
        f"{i} to {j} {' and '.join(_WORDS[name] for name in left)}"
        for (i, j), left in zip(EDGES, edges, strict=True)
        if left not in ((), ("none",))
    )
    return f"cell with edges {told or 'none'}" + ("" if used else "; no path from input to output")
