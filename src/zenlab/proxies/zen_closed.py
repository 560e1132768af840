"""The expected Zen-score in closed form: no network, no random number, whole spaces in seconds.

In wide layers pre-activations are Gaussian and independent across channels, so a network with
N(0, 1) weights is described by a mean and two covariances at each point of its graph;
docs/closed_form_zen.md derives the rules and says how far they can be trusted.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal, get_args

import numpy as np

from zenlab.checks import require_one_of, require_positive, require_whole
from zenlab.core import Estimate, Genotype, Space
from zenlab.graphs.graph import Add, Block, Graph, Node, Relu, Traced
from zenlab.proxies.chain_form import ChainMemory, chain_terms
from zenlab.proxies.closed_form import Setting, closed_form_terms
from zenlab.proxies.expansion import Expander, Expansion
from zenlab.proxies.moments import Floats
from zenlab.proxies.shapes import Shape, resized

Statistics = Literal["fresh", "carried", "batch"]
_TOGETHER = 2048
"""Networks computed at once: more take more memory and are no faster."""


@dataclass(frozen=True)
class Chain:
    """Shape of the images, the blocks of a network, and whether it rectifies what they give."""

    shape: Shape
    blocks: tuple[Expansion, ...]
    rectified: bool

    @property
    def pools(self) -> bool:
        """Whether any map is pooled."""
        return any(block.pools for block in self.blocks)

    @property
    def outline(self) -> list[Hashable]:
        """The roles of the blocks, and the shapes between them."""
        shapes = [self.shape]
        for block in self.blocks:
            shapes.append(resized(shapes[-1], block.resizing))
        return [*shapes, *(block.role for block in self.blocks)]


@dataclass(frozen=True)
class ZenClosed:
    """The Zen-score expected over weights and inputs, with its additive terms.

    `lags` distances of pixels are kept (0 to lags - 1). `batch_size` enters only through the
    unbiased variance. `statistics` as in `Zen`; `repeats` matters for `carried` only.
    """

    lags: int = 10
    gamma: float = 0.01
    batch_size: int = 64
    repeats: int = 1
    statistics: Statistics = "fresh"
    _memory: ChainMemory = field(default_factory=ChainMemory, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: one of them is out of range.
        """
        for name in ("lags", "batch_size", "repeats"):
            require_whole(f"proxy.{name}", getattr(self, name))
        require_positive("proxy.gamma", self.gamma)
        require_one_of("proxy.statistics", self.statistics, get_args(Statistics))

    def evaluate(self, space: Space, genotypes: Sequence[Genotype]) -> list[Estimate]:
        """Score architectures; those that can't be told apart are computed once.

        Terms: `fan_in` and `growth` over the batch norms inside of blocks, `reduction` over those
        of reductions, `last` of the last one, and `log_difference`; their sum is the value.

        Raises:
            ValueError: the space tells no graph, or a graph has an operation without a rule.
        """
        setting = Setting(self.lags, self.gamma, self.batch_size, self._log_deviation)
        return [
            Estimate(sum(terms.values()), terms=terms)
            for terms in terms_of(space, genotypes, setting, Expander(), self._memory)
        ]

    def _log_deviation(self, variance: Floats, first: float) -> Floats:
        """Running variance moves by a tenth in each of the two passes of a draw."""
        draws = np.arange(1, self.repeats + 1) if self.statistics == "carried" else np.ones(1)
        weight = 0.9 ** (2 * draws[:, None]) * (self.statistics != "batch")  # (draws, 1)
        with np.errstate(divide="ignore"):
            deviation: Floats = np.log(weight * first + (1 - weight) * variance).mean(0) / 2
        return deviation


def terms_of(
    space: Space,
    genotypes: Sequence[Genotype],
    setting: Setting,
    expander: Expander,
    memory: ChainMemory,
) -> list[dict[str, float]]:
    """Return the terms of each genotype's closed-form score.

    Raises:
        ValueError: the space tells no graph, or a graph has an operation without a rule.
    """
    if not isinstance(space, Traced):
        raise ValueError(
            f"the closed form needs the graph of an architecture, which {type(space).__name__} "
            f"can't tell; proxy=zen, params and flops work without"
        )
    found: list[dict[str, float] | Chain] = []
    for genotype in genotypes:
        graph = space.graph(genotype)
        found.append(chain_terms(graph, setting, memory) or _chain(graph, expander))
    chains = dict.fromkeys(chain for chain in found if isinstance(chain, Chain))
    known = dict(_different(chains, setting, expander))
    return [known[made] if isinstance(made, Chain) else made for made in found]


def _chain(graph: Graph, expander: Expander) -> Chain:
    """Expand the blocks of a graph; a ReLU at the end is taken into the difference of features."""
    *first, last = graph.blocks
    rectified = bool(last.nodes) and isinstance(last.nodes[-1].operation, Relu)
    blocks = (*first, _without_relu(last)) if rectified else graph.blocks
    expanded = tuple(map(expander.expand, blocks))
    return Chain((graph.image_size, graph.channels), expanded, rectified)


@lru_cache(maxsize=1024)
def _without_relu(block: Block) -> Block:
    return Block(block.role, (*block.nodes[:-1], Node(Add(), block.nodes[-1].inputs)))


def _different(
    chains: Iterable[Chain], setting: Setting, expander: Expander
) -> Iterator[tuple[Chain, dict[str, float]]]:
    """Compute many chains at once, those whose blocks have the same roles and shapes together."""
    alike: dict[Hashable, list[Chain]] = defaultdict(list)
    for chain in chains:
        alike[chain.rectified, chain.pools, *chain.outline].append(chain)
    for members in alike.values():
        first = members[0]
        kept = setting if first.pools else replace(setting, lags=1)  # pooling alone mixes lags
        for start in range(0, len(members), _TOGETHER):
            part = members[start : start + _TOGETHER]
            blocks = [chain.blocks for chain in part]
            terms = closed_form_terms(
                blocks, first.shape, kept, expander, rectified=first.rectified
            )
            for row, chain in enumerate(part):
                yield chain, {name: float(term[row]) for name, term in terms.items()}
