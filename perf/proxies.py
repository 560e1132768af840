"""Measures what each proxy costs on NAS-Bench-201, beside plain passes of the same network.

A plain pass is what nobody can do without: the network of modules, run forward (F), or forward and
backward to all its parameters (B), on as many images of the same type. F is timed in the default
memory format, as a user writes it, and in channels_last, B in the format that the proxy runs in.
Passes and proxies take turns on the same cells, in one process with one thread, set up as a worker
is. Times are those of the processor, so that other programs disturb little. What counts is the
ratio: each cost class promises how many passes a proxy may take.
Run with `python perf/proxies.py` on an idle machine: about six minutes of one core.
"""

import copy
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from zenlab.core import Batch, Genotype, Network, NetworkProxy, SymbolicProxy
from zenlab.graphs.graph import GraphProxy
from zenlab.proxies.az_expressivity import AzExpressivity
from zenlab.proxies.az_progressivity import AzProgressivity
from zenlab.proxies.az_trainability import AzTrainability
from zenlab.proxies.epe_nas import EpeNas
from zenlab.proxies.fisher import Fisher
from zenlab.proxies.grad_norm import GradNorm
from zenlab.proxies.grasp import Grasp
from zenlab.proxies.jacob_cov import JacobCov
from zenlab.proxies.l2_norm import L2Norm
from zenlab.proxies.linear_regions import LinearRegions, draw_crops
from zenlab.proxies.meco import Meco
from zenlab.proxies.meco_opt import MecoOpt
from zenlab.proxies.naswot import Naswot
from zenlab.proxies.near import Near
from zenlab.proxies.ntk import Ntk
from zenlab.proxies.plain import Plain
from zenlab.proxies.size import Flops, Params
from zenlab.proxies.snip import Snip
from zenlab.proxies.swap import Swap
from zenlab.proxies.synflow import Synflow
from zenlab.proxies.vkdnw import Vkdnw
from zenlab.proxies.zen import Zen
from zenlab.proxies.zen_closed import ZenClosed
from zenlab.proxies.zico import Zico
from zenlab.scoring.measure import Measurement, Panel
from zenlab.scoring.workers import keep_freed_memory
from zenlab.spaces.nb201 import NB201

STRATA = ("count_nor_conv_3x3", "count_nor_conv_1x1", "count_avg_pool_3x3")
LAYOUTS = {"default": torch.contiguous_format, "channels_last": torch.channels_last}
LIMITS = {"F": (1.3, "F default"), "2F": (2.6, "F default"), "B": (1.3, "B"), "BB": (4.0, "B")}
"""How many passes of which kind a proxy of a cost class may take."""

HEADER = (
    f"{'proxy':17}{'shown':32}{'format':15}{'class':>5}{'s':>9}{'F dflt':>9}{'F c_last':>9}"
    f"{'B':>9}{'x F dflt':>10}{'x F c_last':>11}{'x B':>8}  limit"
)


@dataclass(frozen=True)
class Shown:
    """What proxies and passes are shown alike: networks of a space, and images in equal parts."""

    space: NB201
    images: int
    parts: int = 1
    dtype: torch.dtype = torch.float32
    thin: bool = False

    def __str__(self) -> str:
        """Say it in a few words."""
        if self.thin:
            return f"thin, {self.parts} x 1000 crops"
        each = self.images // self.parts
        images = f"{each} image{'s' if each > 1 else ''}" + (", float64" if self.double else "")
        times = f"{self.parts} x " if self.parts > 1 else ""
        return f"C={self.space.C} N={self.space.N} {times}{images}"

    @property
    def double(self) -> bool:
        """Whether numbers are of float64."""
        return self.dtype == torch.float64

    @property
    def rounds(self) -> int:
        """How often a cell is measured: more often where a pass takes milliseconds."""
        return 45 if self.thin or self.images < 16 else 1


@dataclass(frozen=True)
class Priced:
    """A proxy with its option and its cost class; `builds` the thin network within its time."""

    option: str
    cost: str
    proxy: NetworkProxy
    builds: bool = False


Timing = tuple[str, Callable[[], Any]]
"""What is timed, and how to run it once."""


def main(space: NB201 | None = None, cells: int = 5) -> None:
    """Measure all proxies; another space and fewer cells make a quick trial."""
    torch.set_num_threads(1)
    keep_freed_memory()
    space = space or NB201()
    sample = stratified_sample(space, cells)
    print(f"medians over {cells} live cells of NAS-Bench-201; one draw, one thread, seconds")
    print("F: plain forward pass, in the default format and in channels_last; B: forward and")
    print("backward, in the proxy's own format; x: the proxy in multiples of them. Networks are")
    print("built beforehand, the graph of zen is not; linear_regions: without and with building\n")
    print(HEADER, flush=True)
    for shown, priced in everything(space):
        measure(shown, priced, sample)
    no_networks(space, sample)
    building(space, sample)
    panels(space, sample)


def everything(space: NB201) -> Iterator[tuple[Shown, list[Priced]]]:
    """All options that look at networks."""
    yield (
        Shown(space, 64),
        [
            Priced("naswot", "F", Naswot(batch_size=64)),
            Priced("jacob_cov", "B", JacobCov(batch_size=64)),
            Priced("epe_nas", "B", EpeNas(batch_size=64)),
            *(Priced(name, "B", proxy) for name, proxy in four().items()),
            Priced("grasp", "BB", Grasp(batch_size=64)),
            Priced("zen", "2F", Zen(batch_size=64)),
        ],
    )
    yield Shown(space, 64, 2, torch.float64), [Priced("zico", "B", Zico(batch_size=64))]
    yield (
        Shown(space, 32),
        [
            Priced(name, "B" if name == "az_trainability" else "F", proxy)
            for name, proxy in az_nas().items()
        ],
    )
    yield (
        Shown(space, 16),
        [
            Priced("swap", "F", Swap(repeats=1, batch_size=16)),
            Priced("near", "F", Near(batch_size=16)),
            Priced("ntk", "S", Ntk(batch_size=16)),
        ],
    )
    yield Shown(NB201(C=3, N=1), 32), [Priced("ntk", "S", Ntk(batch_size=32))]
    yield Shown(space, 4), [Priced("vkdnw", "S", Vkdnw(batch_size=4))]
    yield (
        Shown(space, 1),
        [
            Priced("meco", "F", Meco()),
            Priced("meco_opt", "F", MecoOpt()),
            Priced("l2_norm", "0", L2Norm()),
        ],
    )
    yield Shown(space, 1, dtype=torch.float64), [Priced("synflow", "B", Synflow())]
    regions = LinearRegions(repeats=1, batch_size=64)
    yield (
        Shown(space, 64, parts=3, thin=True),
        [
            Priced("linear_regions", "F", regions),
            Priced("  and its network", "-", regions, builds=True),
        ],
    )


def four() -> dict[str, NetworkProxy]:
    """The proxies that judge one look at the gradients of the loss."""
    return {
        "snip": Snip(batch_size=64),
        "grad_norm": GradNorm(batch_size=64),
        "plain": Plain(batch_size=64),
        "fisher": Fisher(batch_size=64),
    }


def az_nas() -> dict[str, NetworkProxy]:
    """The members of AZ-NAS that look at networks; two of them share a look."""
    return {
        "az_expressivity": AzExpressivity(batch_size=32),
        "az_progressivity": AzProgressivity(batch_size=32),
        "az_trainability": AzTrainability(batch_size=32),
    }


def measure(shown: Shown, priced: Sequence[Priced], cells: Sequence[Genotype]) -> None:
    """Time passes and proxies in turn, and print a row for each proxy.

    The first cell warms up, and tells the memory format that each proxy runs in.
    """
    layouts = {one.option: layout_of(shown, one.proxy, cells[0]) for one in priced}
    needed = dict.fromkeys(layout for layout in layouts.values() if layout)
    for _, run in timings(shown, [], list(needed), cells[0]):
        run()
    taken = [medians(shown, priced, list(needed), cell) for cell in cells]
    for one in priced:
        print(row(shown, one, layouts[one.option], taken), flush=True)


def layout_of(shown: Shown, proxy: NetworkProxy, cell: Genotype) -> str | None:
    """Run a proxy once; return the memory format that its first layer met, None if it met nothing.

    A graph runs in channels_last. A thin network has a single plane, and both formats at once.
    """
    if isinstance(proxy, GraphProxy):
        return "channels_last"
    seen: list[str] = []
    network = fresh(shown.space, cell)

    def see(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        (images,) = inputs
        last = images.is_contiguous(memory_format=torch.channels_last)
        seen.append("channels_last" if last else "default")

    first = next(module for module in network.modules() if isinstance(module, nn.Conv2d))
    first.register_forward_pre_hook(see)
    proxy.measure(network, batch_of(shown), rng=torch.Generator().manual_seed(0))
    if shown.thin:
        return "default"
    return seen[0] if seen else None


def medians(
    shown: Shown, priced: Sequence[Priced], layouts: Sequence[str], cell: Genotype
) -> dict[str, float]:
    """Return the seconds of each pass and proxy for one cell, medians over its rounds."""
    taken: dict[str, list[float]] = {}
    for _ in range(shown.rounds):
        for name, run in timings(shown, priced, layouts, cell):
            taken.setdefault(name, []).append(seconds_of(run))
    return {name: statistics.median(found) for name, found in taken.items()}


def timings(
    shown: Shown, priced: Sequence[Priced], layouts: Sequence[str], cell: Genotype
) -> Iterator[Timing]:
    """Yield what is timed in turn: passes of warm networks, then proxies on fresh ones.

    `layouts` are the memory formats in which a backward pass is wanted.
    """
    for layout in LAYOUTS:
        network, parts = prepared(shown, cell, layout)
        forward(network, parts)
        yield f"F {layout}", partial(forward, network, parts)
        if layout in layouts and not shown.thin:  # a thin network returns no logits
            yield f"B {layout}", partial(forward_backward, network, parts)
    for one in priced:
        yield one.option, scoring(shown, one, cell)


def scoring(shown: Shown, one: Priced, cell: Genotype) -> Callable[[], Any]:
    """Return what scores a cell once, as a worker does; networks are ready, graphs are not."""
    proxy, rng = one.proxy, torch.Generator().manual_seed(0)
    if isinstance(proxy, GraphProxy):
        return lambda: proxy.measure_graph(shown.space.graph(cell), batch_of(shown), rng=rng)
    network = fresh(shown.space, cell)
    if shown.thin and not one.builds:
        ready = network.thin()
        network.thin = lambda: ready
    return partial(proxy.measure, network, batch_of(shown), rng=rng)


def prepared(shown: Shown, cell: Genotype, layout: str) -> tuple[nn.Module, list[Batch]]:
    """Return what a plain pass runs: a network, and what it is shown."""
    network: nn.Module = fresh(shown.space, cell)
    batch = batch_of(shown)
    if shown.thin:
        network = network.thin()
        rng = torch.Generator().manual_seed(0)
        images = torch.cat([draw_crops(batch.images, rng) for _ in range(shown.parts)])
    else:
        images = batch.images
    wanted = {"dtype": shown.dtype, "memory_format": LAYOUTS[layout]}
    pairs = zip(images.chunk(shown.parts), batch.labels.chunk(shown.parts), strict=True)
    parts = [Batch(part.to(**wanted), labels, synthetic=False) for part, labels in pairs]
    return network.to(**wanted), parts


@torch.no_grad()
def forward(network: nn.Module, parts: Sequence[Batch]) -> None:
    for part in parts:
        network(part.images)


def forward_backward(network: nn.Module, parts: Sequence[Batch]) -> None:
    for part in parts:
        loss = cross_entropy(network(part.images), part.labels)
        torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)


def row(shown: Shown, one: Priced, layout: str | None, taken: Sequence[dict[str, float]]) -> str:
    """Return a line of the table; a ratio is the median over cells of the cells' own."""
    cells = [
        f"{middle(found[one.option] for found in taken):9.3f}",
        *(f"{middle(found[f'F {name}'] for found in taken):9.3f}" for name in LAYOUTS),
    ]
    ratios = {f"F {name}": ratio(taken, one.option, f"F {name}") for name in LAYOUTS}
    ratios["B"] = ratio(taken, one.option, f"B {layout}")
    backward = [found.get(f"B {layout}") for found in taken]
    cells.append(f"{middle(backward):9.3f}" if None not in backward else f"{'-':>9}")
    for times, width in zip(ratios.values(), (10, 11, 8), strict=True):
        cells.append(f"{'-':>{width}}" if times is None else f"{times:{width}.2f}")
    verdict = ""
    if one.cost in LIMITS:
        most, kind = LIMITS[one.cost]
        times = ratios[kind]
        verdict = f"  {most} {kind}" + ("  EXCEEDED" if times is not None and times > most else "")
    return f"{one.option:17}{shown!s:32}{layout or '-':15}{one.cost:>5}{''.join(cells)}{verdict}"


def ratio(taken: Sequence[dict[str, float]], option: str, name: str) -> float | None:
    if name not in taken[0]:
        return None
    return middle(found[option] / found[name] for found in taken)


def no_networks(space: NB201, cells: Sequence[Genotype]) -> None:
    """What needs no network, one cell at a time; all cells at once are faster: perf/zen.py."""
    options: dict[str, SymbolicProxy] = {
        "params": Params(),
        "flops": Flops(),
        "zen_closed": ZenClosed(),
    }
    for option, proxy in options.items():
        took = middle(seconds_of(partial(proxy.evaluate, space, [cell])) for cell in cells)
        print(f"{option:17}{'no network':32}{'-':15}{'0':>5}{took:9.5f}")


def building(space: NB201, cells: Sequence[Genotype]) -> None:
    """What the table leaves out: networks are there before the clock starts."""
    built = middle(seconds_of(partial(space.build, cell)) for cell in cells)
    copied = middle(seconds_of(partial(fresh, space, cell)) for cell in cells)
    print(f"\nbuilding a network {built:.3f} s, once; a copy for each look {copied:.3f} s")


def panels(space: NB201, cells: Sequence[Genotype]) -> None:
    """Combinations cost their members, less what those share; networks are built and copied."""
    panel(space, "four of the loss", four(), 64, cells)
    panel(space, "az_nas", az_nas(), 32, cells)


def panel(
    space: NB201,
    name: str,
    proxies: dict[str, NetworkProxy],
    images: int,
    cells: Sequence[Genotype],
) -> None:
    """Score with all of them together and with each alone, in turn."""
    batch = batch_of(Shown(space, images))
    together = Panel({name: Measurement(space, proxy, batch) for name, proxy in proxies.items()})
    names, members = tuple(together.members), together.members.values()
    together.score((cells[0], names))
    taken = [
        (
            seconds_of(partial(together.score, (cell, names))),
            [seconds_of(partial(member.score, cell)) for member in members],
        )
        for cell in cells
    ]
    of_sum = middle(panel / sum(alone) for panel, alone in taken)
    of_dearest = middle(panel / max(alone) for panel, alone in taken)
    print(
        f"{name} ({', '.join(names)}) as a panel: {middle(panel for panel, _ in taken):.3f} s, "
        f"{of_sum:.2f} x the sum of its members, {of_dearest:.2f} x the dearest"
    )


def stratified_sample(space: NB201, size: int) -> list[Genotype]:
    """Sort all live cells by their counts of operations, then take every n-th."""
    described = [(cell, space.describe(cell)) for cell in space]
    live = [(cell, numbers) for cell, numbers in described if not numbers["dead"]]
    live.sort(key=lambda pair: [pair[1][name] for name in STRATA])
    places = (np.arange(size) + 0.5) * len(live) / size
    return [live[int(place)][0] for place in places]


def fresh(space: NB201, cell: Genotype) -> Network:
    """Return a network that has not run yet."""
    return copy.deepcopy(_built(space, cell))


@lru_cache(maxsize=16)
def _built(space: NB201, cell: Genotype) -> Network:
    torch.manual_seed(0)
    return space.build(cell)


@lru_cache(maxsize=16)
def batch_of(shown: Shown) -> Batch:
    """Return noise with labels; called real, or epe_nas would warn."""
    images = torch.randn(shown.images, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    return Batch(images, torch.arange(shown.images) % 10, synthetic=False)


def seconds_of(run: Callable[[], Any]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def middle(numbers: Any) -> float:
    return statistics.median(numbers)


if __name__ == "__main__":
    main()
