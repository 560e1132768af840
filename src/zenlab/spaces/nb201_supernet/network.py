"""The NAS-Bench-201 network with a supernet cell: edges are means of the operations left on them.

TE-NAS (Chen et al., ICLR 2021). Struck operations stay in the network, so that whoever draws
weights gives the same ones to what is left; they are never run.
"""

from torch import Tensor, nn

from zenlab.spaces.nb201.cell import EDGES, NODES
from zenlab.spaces.nb201.network import CellModule, StagedNetwork
from zenlab.spaces.nb201_supernet.cell import OPERATIONS, Edges

_NONE = ("none",) * len(EDGES)


class NB201SupernetNetwork(StagedNetwork):
    """Stem, three stages of N equal supernet cells at widths C, 2C, 4C, and the classifier.

    Shapes are those of `StagedNetwork`.
    """

    def __init__(self, edges: Edges, *, C: int, N: int, channels: int, num_classes: int) -> None:  # noqa: N803
        without_cells = [(C,), (2 * C,), (4 * C,)]
        super().__init__(_NONE, stages=without_cells, channels=channels, num_classes=num_classes)
        first, second = self.cells  # the reductions

        def stage(width: int) -> list[nn.Module]:
            return [SupernetCell(edges, width) for _ in range(N)]

        self.cells = nn.Sequential(*stage(C), first, *stage(2 * C), second, *stage(4 * C))
        self._edges = edges

    def thin(self) -> nn.Module:
        """Return one cell of width 1 with batch norm and ReLU behind it; takes (n, 1, h, w)."""
        return nn.Sequential(SupernetCell(self._edges, 1), nn.BatchNorm2d(1), nn.ReLU())


class SupernetCell(nn.Module):
    """One cell: a node is the sum of its edges, an edge the mean of the operations left on it."""

    def __init__(self, edges: Edges, width: int) -> None:
        super().__init__()
        self.operations = nn.ModuleDict(
            {
                f"{edge}_{name}": operation
                for name in OPERATIONS
                for edge, operation in CellModule((name,) * len(EDGES), width).operations.items()
            }
        )
        self._edges = dict(zip(EDGES, edges, strict=True))

    def forward(self, features: Tensor) -> Tensor:
        """Return the output node, of the same shape as the input node."""
        nodes = [features]
        for node in range(1, NODES):
            incoming = [self._mixed(source, node, nodes[source]) for source in range(node)]
            nodes.append(sum(incoming[1:], incoming[0]))
        return nodes[-1]

    def _mixed(self, source: int, node: int, features: Tensor) -> Tensor:
        left = self._edges[source, node]
        outputs = [self.operations[f"{source}{node}_{name}"](features) for name in left]
        total: Tensor = sum(outputs[1:], outputs[0])
        return total / len(left)
