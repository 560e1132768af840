"""Blocks as random fields: which sources each value is made of, equal ones numbered alike.

What reaches a value on several paths adds in amplitude, different sources add in variance, so two
sources that were made in the same way are interchangeable for a closed form: they are interned as
one `Source`, and blocks with the same sources and output can't be told apart.
"""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass

from zenlab.graphs.graph import Add, Block, Convolution, Norm, Operation, Pool, Relu
from zenlab.graphs.superposition import UNIT_POOL, Mixture, Polynomial, Superposition, superpose
from zenlab.proxies.shapes import Resizing, resizing_of

Signal = tuple[tuple[int, Polynomial], ...]
"""Sources (0 is the block's input) with their polynomials, sorted; one source may come twice."""


@dataclass(frozen=True)
class Source:
    """What makes a random field: an operation on a signal; `response` as in `Maker`.

    `resizing` are the operations between the block's input and the signal that change the shape.
    """

    operation: Operation
    signal: Signal
    response: tuple[Operation, ...]
    resizing: Resizing


@dataclass(frozen=True, eq=False)
class Expansion:
    """A block as the sources that it makes, with their number, and its output.

    `resizing` are the operations up to the output that change the shape; `pools` says whether any
    map is pooled. An expander gives equal blocks one and the same object.
    """

    role: str
    sources: tuple[tuple[int, int], ...]
    output: Signal
    resizing: Resizing
    pools: bool


class Expander:
    """Expands blocks and numbers their sources, equal ones alike, from 1 on.

    `live_only` leaves out sources that no path leads through from a block's input to its output.
    """

    def __init__(self, *, live_only: bool = False) -> None:
        self._live_only = live_only
        self.sources: dict[int, Source] = {}  # number 0 is the input of any block
        self._numbers: dict[Source, int] = {}
        self._resizings: dict[int, Resizing] = {0: ()}  # up to a source and with its operation
        self._blocks: dict[int, tuple[Block, Expansion]] = {}  # by identity: hashing takes longer
        self._expansions: dict[tuple[Hashable, ...], Expansion] = {}

    def expand(self, block: Block) -> Expansion:
        """Return the expansion of a block, each source after those that it is made of.

        Raises:
            ValueError: an operation has no rule.
        """
        if id(block) not in self._blocks:
            self._blocks[id(block)] = block, self._expand(block)
        return self._blocks[id(block)][1]

    def _expand(self, block: Block) -> Expansion:
        for node in block.nodes:
            _check_rule(node.operation)
        superposition = superpose(block)
        numbers = [0]
        for maker in superposition.makers:
            signal = _signal(maker.entering, numbers)
            numbers.append(self._number(maker.operation, signal, maker.response))
        kept = _live(superposition) if self._live_only else range(1, len(numbers))
        counts = Counter(numbers[maker] for maker in kept)
        output = _signal(superposition.output, numbers)
        parts = (
            block.role,
            tuple(sorted(counts.items())),
            output,
            self._resizing(output),
            any(isinstance(node.operation, Pool) for node in block.nodes),
        )
        return self._expansions.setdefault(parts, Expansion(*parts))

    def _number(self, operation: Operation, signal: Signal, response: tuple[Operation, ...]) -> int:
        source = Source(operation, signal, response, self._resizing(signal))
        if source not in self._numbers:
            number = len(self.sources) + 1
            self._numbers[source], self.sources[number] = number, source
            self._resizings[number] = (*source.resizing, *resizing_of([operation]))
        return self._numbers[source]

    def _resizing(self, signal: Signal) -> Resizing:
        """What changes the shape up to a signal: all of its sources have the same one."""
        return self._resizings[signal[0][0]] if signal else ()


def _live(superposition: Superposition) -> set[int]:
    """The makers that the output is made of, the block's input (maker 0) aside."""
    live: set[int] = set()
    waiting = list(superposition.output)
    while waiting:
        maker = waiting.pop()
        if maker and maker not in live:
            live.add(maker)
            waiting += superposition.makers[maker - 1].entering
    return live


def _signal(mixture: Mixture, numbers: list[int]) -> Signal:
    return tuple(sorted((numbers[maker], polynomial) for maker, polynomial in mixture.items()))


def _check_rule(operation: Operation) -> None:
    if isinstance(operation, Pool):
        known = operation == UNIT_POOL or (operation.stride > 1 and not operation.padding)
    else:
        known = isinstance(operation, Convolution | Norm | Relu | Add)
    if not known:
        raise ValueError(
            f"zen_closed has no rule for {operation}; of pooling it knows {UNIT_POOL} and pooling "
            f"with a stride and without padding; proxy=zen, params and flops work without a rule"
        )
