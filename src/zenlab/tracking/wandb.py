"""Streams a run to Weights & Biases; whatever happens to W&B, the run goes on."""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zenlab.tracking.none import NoStream
from zenlab.tracking.stream import WandbStream, in_a_line

if TYPE_CHECKING:
    import wandb  # takes a second, so it is imported where a run starts

_MODES = ("offline", "online", "disabled")
_SECONDS_TO_ANSWER = 6  # of the server, when it is asked about the key; W&B's own is 10
_SECONDS_TO_START = 10.0
_SECONDS_TO_FINISH = 60.0
_SECONDS_BETWEEN_WRITES = 1.0  # what a killed run loses at most; W&B's own is 15

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WandbTracking:
    """Where W&B puts a run: `group` replaces the run's own, `tags` come after the run's own.

    Raises:
        ValueError: `mode` is none of offline, online, disabled.
    """

    mode: str = "offline"
    project: str = "zenlab"
    entity: str | None = None
    group: str | None = None
    tags: Sequence[str] | None = None

    def __post_init__(self) -> None:
        if self.mode not in _MODES:
            raise ValueError(
                f"tracking.mode (WANDB_MODE) is one of {', '.join(_MODES)}; got {self.mode!r}"
            )

    @contextmanager
    def start(
        self,
        *,
        config: Mapping[str, Any],
        folder: Path,
        job_type: str,
        group: str | None = None,
        tags: Sequence[str] = (),
        name: str | None = None,
    ) -> Iterator[WandbStream | NoStream]:
        """Stream a run for as long as the context lasts; W&B's files go to `folder`/wandb.

        Online needs a key and a server that accepts it; without either the run goes on offline.

        Raises:
            ValueError: W&B doesn't take the name of the project, or a tag.
        """
        if self.mode == "disabled":
            yield NoStream()
            return
        settings = self._settings(
            root_dir=str(folder),
            run_group=self.group or group,
            run_job_type=job_type,
            run_tags=tuple(dict.fromkeys([*tags, *(self.tags or ())])),
            run_name=name,
        )
        open_stream = _open_online if self.mode == "online" else _open_offline
        stream = open_stream(settings, dict(config))
        exit_code = 1
        try:
            yield stream
            exit_code = 0
        finally:
            stream.close(exit_code)

    def _settings(self, **of_the_run: Any) -> "wandb.Settings":
        import wandb

        try:
            return wandb.Settings(
                project=self.project,
                entity=self.entity,
                silent=True,  # the terminal belongs to one place
                console="off",
                disable_git=True,  # W&B would keep a token that stands in the remote's address
                reinit="create_new",
                init_timeout=_SECONDS_TO_START,
                finish_timeout=_SECONDS_TO_FINISH,
                finish_timeout_raises=True,
                x_transaction_log_flush_interval=_SECONDS_BETWEEN_WRITES,
                **of_the_run,
            )
        except wandb.errors.UsageError as error:
            raise ValueError(f"tracking.project (WANDB_PROJECT): {error}") from error


def _open_online(settings: "wandb.Settings", config: dict[str, Any]) -> WandbStream | NoStream:
    try:
        log_in()
        return _open("online", settings, config)
    except Exception as error:  # any: W&B's own, the network's, those of its service process
        stream = _open_offline(settings, config)
        if isinstance(stream, WandbStream):
            _log.warning(
                "W&B can't go online: %s; the run goes on offline; upload it later with: "
                "wandb sync %s",
                in_a_line(error),
                stream.folder,
            )
        return stream


def log_in() -> None:
    """Find a key where W&B itself looks for one, and have the server accept it.

    Raises:
        wandb.Error: there is no key, no answer within six seconds (or what WANDB_HTTP_TIMEOUT
            says), or no welcome.
    """
    import wandb

    wandb.setup(wandb.Settings(mode="online", silent=True))
    try:
        with _impatient():
            found = wandb.login(prompt=False, verify=True)
    except wandb.errors.AuthenticationError as error:
        raise wandb.Error(f"no network, or the key is refused ({in_a_line(error)})") from error
    if not found:
        raise wandb.Error("there is no key (set WANDB_API_KEY or run `wandb login`)")


@contextmanager
def _impatient() -> Iterator[None]:
    """Let W&B wait less long for an answer, unless the user has said how long."""
    name = "WANDB_HTTP_TIMEOUT"
    if name in os.environ:
        yield
        return
    os.environ[name] = str(_SECONDS_TO_ANSWER)
    try:
        yield
    finally:
        del os.environ[name]


def _open_offline(settings: "wandb.Settings", config: dict[str, Any]) -> WandbStream | NoStream:
    try:
        return _open("offline", settings, config)
    except Exception as error:  # any: W&B's own, the disk's, those of its service process
        _log.warning("W&B can't start: %s; the run goes on without it", in_a_line(error))
        return NoStream()


def _open(
    mode: Literal["online", "offline"], settings: "wandb.Settings", config: dict[str, Any]
) -> WandbStream:
    import wandb

    run = wandb.init(mode=mode, config=config, settings=settings)
    return WandbStream(run, Path(settings.root_dir))
