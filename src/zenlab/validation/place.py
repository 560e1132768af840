"""Where a process stands among those that share a training."""

from dataclasses import dataclass

from lightning_fabric.plugins.environments.cluster_environment import ClusterEnvironment
from lightning_fabric.plugins.environments.lightning import LightningEnvironment


@dataclass(frozen=True)
class Place:
    """The number of a process, from 0 on, and of how many; they meet at `port` of this machine."""

    process: int
    processes: int
    port: int

    def environment(self) -> ClusterEnvironment:
        """Return it as Lightning wants it, so that it starts no processes of its own."""
        return _Placed(self)


class _Placed(LightningEnvironment):
    def __init__(self, place: Place) -> None:
        super().__init__()
        self._place = place

    @property
    def creates_processes_externally(self) -> bool:
        return True

    @property
    def main_address(self) -> str:
        return "127.0.0.1"

    @property
    def main_port(self) -> int:
        return self._place.port

    def world_size(self) -> int:
        return self._place.processes

    def set_world_size(self, size: int) -> None:
        """It is what it is."""

    def global_rank(self) -> int:
        return self._place.process

    def set_global_rank(self, rank: int) -> None:
        """It is what it is."""

    def local_rank(self) -> int:
        return self._place.process

    def node_rank(self) -> int:
        return 0
