"""Which blocks are the same random function, where the weights of each convolution are i.i.d."""

import itertools
from collections.abc import Hashable, Iterator

from zenlab.graphs.graph import Block, Operation
from zenlab.graphs.superposition import Maker, Polynomial, Superposition, superpose

_Entering = tuple[tuple[int, Polynomial], ...]


class Forms:
    """Gives blocks forms: those with the same form are the same random function.

    Forms of one `Forms` can be compared with each other, not with those of another.
    """

    def __init__(self) -> None:
        self._kinds: dict[tuple[Operation, _Entering], int] = {}

    def of(self, block: Block) -> Hashable:
        """Return the form of a block.

        The fields of a block are a graph: operations, each on a mixture of others. Blocks are the
        same random function if one graph becomes the other by renaming fields. Fields whose
        ancestors look different can't stand for each other, so only those that look alike are
        renamed, and the smallest result is the form.
        """
        superposition = superpose(block)
        kinds = self._kinds_of(superposition)
        orders = _orders(kinds)
        return min(_renamed(superposition, kinds, order) for order in orders)

    def _kinds_of(self, superposition: Superposition) -> list[int]:
        """Number what each maker looks like; an ancestor always has a lower number."""
        kinds = [0]
        for maker in superposition.makers:
            seen = tuple(sorted((kinds[child], p) for child, p in maker.entering.items()))
            key = (maker.operation, seen)
            kinds.append(self._kinds.setdefault(key, len(self._kinds) + 1))
        return kinds


def _orders(kinds: list[int]) -> Iterator[list[int]]:
    """Yield the orders of makers by kind: all that differ among makers of one kind."""
    by_kind = sorted(range(1, len(kinds)), key=lambda maker: kinds[maker])
    alike = [list(group) for _, group in itertools.groupby(by_kind, key=lambda m: kinds[m])]
    for permuted in itertools.product(*map(itertools.permutations, alike)):
        yield [0, *itertools.chain.from_iterable(permuted)]


def _renamed(
    superposition: Superposition, kinds: list[int], order: list[int]
) -> tuple[tuple[tuple[int, _Entering], ...], _Entering]:
    names = {maker: name for name, maker in enumerate(order)}

    def entering(maker: Maker) -> _Entering:
        return tuple(sorted((names[child], p) for child, p in maker.entering.items()))

    made = tuple((kinds[m], entering(superposition.makers[m - 1])) for m in order[1:])
    return made, tuple(sorted((names[child], p) for child, p in superposition.output.items()))
