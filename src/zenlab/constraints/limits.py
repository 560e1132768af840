"""Limits on the size and the latency of architectures: what a search may not ask for."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from zenlab.abilities import Counted
from zenlab.checks import require_one_of, require_positive
from zenlab.core import Admit, Genotype, Score, Space, admit_all

Latency = Callable[[Genotype], float | None]
"""Returns milliseconds, or None for an architecture that was not measured."""

_SIZES = ("layers", "params", "flops")  # in the order of the checks; latency, the dearest, is last


@dataclass(frozen=True)
class Limits:
    """The most that an architecture may have of each quantity; None doesn't limit it.

    `counting` says whose counts are limited: `true`, those of the network as it is built, or
    `official`, those that the authors of the space count. `device` says where latency is measured.

    Raises:
        ValueError: a limit is not a positive number, or latency is limited on no device.
    """

    counting: str | bool = "true"
    max_layers: float | None = None
    max_params: float | None = None
    max_flops: float | None = None
    max_latency_ms: float | None = None
    device: str | None = None

    def __post_init__(self) -> None:
        """Check the parameters; Hydra reads the word true as a boolean."""
        if self.counting is not True:
            require_one_of("constraint.counting", self.counting, ("true", "official"))
        for name in ("max_layers", "max_params", "max_flops", "max_latency_ms"):
            if getattr(self, name) is not None:
                require_positive(f"constraint.{name}", getattr(self, name))
        if self.max_latency_ms is not None and self.device is None:
            raise ValueError(
                f"constraint.max_latency_ms is {self.max_latency_ms}, but on which device? set "
                f"constraint.device to here, or to a device of a table"
            )

    @property
    def sizes(self) -> dict[str, float]:
        """The limits on sizes that are set, by quantity, in the order in which they are checked."""
        limits = {name: getattr(self, f"max_{name}") for name in _SIZES}
        return {name: limit for name, limit in limits.items() if limit is not None}


class Gate:
    """Lets architectures of a space through that keep to the limits, and counts the others.

    `rejected` counts them by the limit that they break first, such as `max_params`;
    `latency_unknown` are those that the device of the limit was not measured with.

    Raises:
        ValueError: official counts are limited in a space that has none.
    """

    def __init__(self, limits: Limits, space: Space, latency_ms: Latency | None = None) -> None:
        if limits.counting == "official" and not isinstance(space, Counted):
            raise ValueError(
                f"constraint.counting=official, but {type(space).__name__} has no counts of its "
                f"authors; use constraint.counting=true"
            )
        self._latency_ms = latency_ms
        self.rejected: Counter[str] = Counter()
        self._limits, self._sizes = limits, limits.sizes
        self._space = space

    @property
    def admit(self) -> Admit:
        """What a searcher asks before it proposes an architecture."""
        limited = self._sizes or self._limits.max_latency_ms is not None
        return self._admits if limited else admit_all

    def with_latency(self, scores: Sequence[Score]) -> list[Score]:
        """Return scores with their latency as a term, where a device is named and knows it."""
        if self._latency_ms is None:
            return list(scores)
        priced = []
        for score in scores:
            latency = self._latency_ms(score.genotype)
            terms = {} if latency is None else {"latency_ms": latency}
            priced.append(replace(score, terms={**score.terms, **terms}))
        return priced

    def _admits(self, genotype: Genotype) -> bool:
        reason = self._excess(genotype) or self._slowness(genotype)
        if reason is not None:
            self.rejected[reason] += 1
        return reason is None

    def _excess(self, genotype: Genotype) -> str | None:
        """Return the first limit on a size that an architecture breaks."""
        if not self._sizes:
            return None
        counts = self._counts(genotype)
        for name, limit in self._sizes.items():
            if name not in counts:
                raise ValueError(
                    f"constraint.max_{name} is {limit:g}, but {type(self._space).__name__} counts "
                    f"no {name}; it counts {', '.join(counts)}"
                )
            if counts[name] > limit:
                return f"max_{name}"
        return None

    def _counts(self, genotype: Genotype) -> Mapping[str, float]:
        if self._limits.counting == "official" and isinstance(self._space, Counted):
            return self._space.official(genotype)
        return self._space.describe(genotype)

    def _slowness(self, genotype: Genotype) -> str | None:
        limit = self._limits.max_latency_ms
        if limit is None or self._latency_ms is None:
            return None
        measured = self._latency_ms(genotype)
        if measured is None:
            return "latency_unknown"
        return "max_latency_ms" if measured > limit else None
