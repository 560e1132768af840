"""What is told of a NAS-Bench-201 cell: counts, edges and paths (Dong and Yang, ICLR 2020)."""

from collections import Counter

from zenlab.spaces.nb201.cell import EDGES, OPERATIONS, Cell, paths

_INDICATORS = tuple(
    {
        chosen: {f"edge_{i}{j}_{operation}": float(operation == chosen) for operation in OPERATIONS}
        for chosen in OPERATIONS
    }
    for i, j in EDGES
)


def describe_cell(cell: Cell) -> dict[str, float]:
    """Return counts, edge indicators and paths of a cell.

    `count_<operation>`; `edge_<ij>_<operation>` = 0 or 1; `paths`, `longest_path` and
    `shortest_path` in edges over paths without `none` (0 for a dead cell); `dead` = 1 if there
    is no such path; `reachable` = 1 if every operation but `none` lies on one.
    """
    counts = Counter(cell)
    return {
        **{f"count_{operation}": float(counts[operation]) for operation in OPERATIONS},
        **_edge_indicators(cell),
        **_path_descriptors(cell),
    }


def _edge_indicators(cell: Cell) -> dict[str, float]:
    told: dict[str, float] = {}
    for indicators, on_edge in zip(_INDICATORS, cell, strict=True):
        told |= indicators[on_edge]
    return told


def _path_descriptors(cell: Cell) -> dict[str, float]:
    found = paths(cell)
    lengths = [len(path) for path in found]
    on_a_path = {edge for path in found for edge in path}
    live = {edge for edge, operation in zip(EDGES, cell, strict=True) if operation != "none"}
    return {
        "paths": float(len(found)),
        "longest_path": float(max(lengths, default=0)),
        "shortest_path": float(min(lengths, default=0)),
        "dead": float(not found),
        "reachable": float(live == on_a_path),
    }
