"""Blocks as random fields: which independent sources each value is a linear combination of.

Convolution, batch norm, ReLU and pooling with a stride make a new source. Sums and pooling with
stride 1 are linear: a value is a sum of sources, each under a polynomial in the pooling operator.
What reaches a value on several paths adds in amplitude, different sources add in variance, so two
sources that were made in the same way are interchangeable: they are interned as one `Source`, and
blocks with the same sources and output can't be told apart.
"""

from collections import Counter
from dataclasses import dataclass

from zenlab.graph import Add, Block, Norm, Operation, Pool

Polynomial = tuple[int, ...]
"""Coefficients of 1, P, P^2 ..., P being average pooling with stride 1."""

Signal = tuple[tuple[int, Polynomial], ...]
"""Sources (0 is the block's input) with their polynomials, sorted; one source may come twice."""

UNIT_POOL = Pool(3, stride=1, padding=1)


@dataclass(frozen=True)
class Source:
    """What makes an independent random field: an operation on a signal."""

    operation: Operation
    signal: Signal


@dataclass(frozen=True)
class Expansion:
    """A block as the sources that it makes, with their number, and its output."""

    role: str
    sources: tuple[tuple[int, int], ...]
    output: Signal


class Expander:
    """Expands blocks and numbers their sources, equal ones alike, from 1 on.

    `live_only` leaves out sources that no path leads through from a block's input to its output.
    """

    def __init__(self, *, live_only: bool = False) -> None:
        self._live_only = live_only
        self.sources: dict[int, Source] = {}  # number 0 is the input of any block
        self._numbers: dict[Source, int] = {}
        self._expansions: dict[Block, Expansion] = {}

    def expand(self, block: Block) -> Expansion:
        """Return the expansion of a block, each source after those that it is made of.

        Raises:
            ValueError: an operation has no rule.
        """
        if block not in self._expansions:
            self._expansions[block] = self._expand(block)
        return self._expansions[block]

    def _expand(self, block: Block) -> Expansion:
        made = [0]  # the source behind each maker; equal numbers may be different fields
        inputs: list[dict[int, Polynomial]] = [{}]  # what each maker is made of
        values: list[dict[int, Polynomial]] = [{0: (1,)}]
        for node in block.nodes:
            match node.operation:
                case Add():
                    values.append(_sum([values[i] for i in node.inputs]))
                case Pool(stride=1) if node.operation == UNIT_POOL:
                    shifted = {maker: (0, *p) for maker, p in values[node.inputs[0]].items()}
                    values.append(shifted)
                case operation:
                    _check_rule(operation)
                    entering = values[node.inputs[0]]
                    if entering or isinstance(operation, Norm):  # a norm of zero still counts
                        inputs.append(entering)
                        made.append(self._number(operation, _signal(entering, made)))
                    values.append({len(made) - 1: (1,)} if entering else {})
        kept = _live(inputs, values[-1]) if self._live_only else set(range(1, len(made)))
        counts = Counter(made[maker] for maker in kept)
        return Expansion(block.role, tuple(sorted(counts.items())), _signal(values[-1], made))

    def _number(self, operation: Operation, signal: Signal) -> int:
        source = Source(operation, signal)
        if source not in self._numbers:
            self._numbers[source] = len(self.sources) + 1
            self.sources[len(self.sources) + 1] = source
        return self._numbers[source]


def _live(inputs: list[dict[int, Polynomial]], output: dict[int, Polynomial]) -> set[int]:
    """The makers that the output is made of, the block's input (maker 0) aside."""
    live: set[int] = set()
    waiting = list(output)
    while waiting:
        maker = waiting.pop()
        if maker not in live:
            live.add(maker)
            waiting += inputs[maker]
    return live - {0}


def _sum(values: list[dict[int, Polynomial]]) -> dict[int, Polynomial]:
    total: dict[int, Polynomial] = {}
    for value in values:
        for maker, polynomial in value.items():
            total[maker] = _add(total.get(maker, ()), polynomial)
    return total


def _add(one: Polynomial, other: Polynomial) -> Polynomial:
    short, long = sorted((one, other), key=len)
    return tuple(a + b for a, b in zip(short, long, strict=False)) + long[len(short) :]


def _signal(value: dict[int, Polynomial], made: list[int]) -> Signal:
    return tuple(sorted((made[maker], polynomial) for maker, polynomial in value.items()))


def _check_rule(operation: Operation) -> None:
    if isinstance(operation, Pool) and (operation.stride == 1 or operation.padding):
        raise ValueError(
            f"zen_closed has no rule for {operation}; it knows {UNIT_POOL} and pooling with a "
            f"stride and without padding; proxy=zen, params and flops work without a closed form"
        )
