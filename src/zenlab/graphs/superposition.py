"""Blocks as superpositions: which fields each value of a block is a linear combination of.

Sums and pooling with stride 1 are linear: a value is a sum of fields, each under a polynomial in
the pooling operator P. All other operations make a new field.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from zenlab.graphs.graph import Add, Block, Convolution, Node, Norm, Operation, Pool, Relu

Polynomial = tuple[int, ...]
"""Coefficients of 1, P, P^2 ..., P being average pooling with stride 1."""

Mixture = Mapping[int, Polynomial]
"""A value as a sum of makers' fields (0 is the block's input); empty: zero."""

UNIT_POOL = Pool(3, stride=1, padding=1)


@dataclass(frozen=True)
class Maker:
    """What makes a field: an operation on a mixture.

    `response` is there for a batch norm: the operations between it and the last ReLU before it,
    which tell the variance that it sees where one unit enters that ReLU.
    """

    operation: Operation
    entering: Mixture
    response: tuple[Operation, ...] = ()


@dataclass(frozen=True)
class Superposition:
    """The makers of a block, from 1 on, each after those that it is made of, and its output."""

    makers: tuple[Maker, ...]
    output: Mixture


def superpose(block: Block) -> Superposition:
    """Write every value of a block as a mixture of what its operations make.

    Nothing is made of zero, except by batch norms, which count in a Zen-score whatever they see.
    ReLU and pooling of equal mixtures are one field; two convolutions of one mixture are two.
    """
    makers: list[Maker] = []
    values: list[Mixture] = [{0: (1,)}]
    for place, (operation, inputs) in enumerate(block.nodes):
        if isinstance(operation, Add):
            values.append(_sum([values[source] for source in inputs]))
            continue
        entering = values[inputs[0]]
        if operation == UNIT_POOL:
            values.append({maker: (0, *p) for maker, p in entering.items()})
        elif isinstance(operation, Norm):
            makers.append(Maker(operation, entering, _response(block.nodes, place)))
            values.append({len(makers): (1,)} if entering else {})
        elif entering:
            made = Maker(operation, entering)
            if isinstance(operation, Convolution) or made not in makers:
                makers.append(made)
            known = len(makers) if isinstance(operation, Convolution) else 1 + makers.index(made)
            values.append({known: (1,)})
        else:
            values.append({})
    return Superposition(tuple(makers), values[-1])


def _response(nodes: tuple[Node, ...], place: int) -> tuple[Operation, ...]:
    """Walk back from a batch norm over convolutions to the ReLU before them."""
    passed: list[Operation] = []
    source = nodes[place].inputs[0]
    while source > 0 and isinstance(nodes[source - 1].operation, Convolution | Relu):
        operation, inputs = nodes[source - 1]
        passed.insert(0, operation)
        source = 0 if isinstance(operation, Relu) else inputs[0]
    return tuple(passed)


def _sum(values: list[Mixture]) -> Mixture:
    total = dict(values[0]) if values else {}
    for value in values[1:]:
        for maker, polynomial in value.items():
            total[maker] = _add(total[maker], polynomial) if maker in total else polynomial
    return total


def _add(one: Polynomial, other: Polynomial) -> Polynomial:
    short, long = sorted((one, other), key=len)
    return tuple(a + b for a, b in zip(short, long, strict=False)) + long[len(short) :]
