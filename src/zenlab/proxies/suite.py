"""A suite: several proxies on the same architectures, each network and look paid once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Suite:
    """Names the options of conf/proxy that are scored side by side.

    `settings` changes parameters of members, by name: `{naswot: {batch_size: 32}}`. A searcher is
    guided by the first member.
    """

    members: Sequence[str]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the parameters.

        Raises:
            ValueError: there are no members, one comes twice, or settings belong to none.
        """
        if isinstance(self.members, str) or not self.members:
            raise ValueError(
                f"proxy.members is {self.members!r}; wanted a list of proxies, such as "
                f"proxy.members=[zen_closed,naswot,snip]"
            )
        if len(set(self.members)) < len(self.members):
            raise ValueError(f"proxy.members names one twice: {', '.join(self.members)}")
