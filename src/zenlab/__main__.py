"""The command line: `python -m zenlab GROUP=OPTION ... KEY=VALUE ...`, composed by Hydra."""

import os
import sqlite3
import sys
from typing import Any

import hydra
import platformdirs
from dotenv import find_dotenv, load_dotenv
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, InstantiationException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from zenlab.options import config_folder

_TOLD_PLAINLY = (
    HydraException,
    OmegaConfBaseException,
    ValueError,
    RuntimeError,
    OSError,
    sqlite3.Error,
)
_PATHS = ("NB201_PATH", "ZENLAB_DATA", "ZENLAB_HOME")
_VARIABLES = (
    *_PATHS,
    "WANDB_MODE",
    "WANDB_API_KEY",
    "WANDB_PROJECT",
    "WANDB_ENTITY",
)


def main() -> None:
    """Load the environment, let Hydra compose the config, run the job, and tell errors plainly.

    With HYDRA_FULL_ERROR=1 an error in what the user gave comes with its traceback.
    """
    _load_environment()
    if os.environ.get("HYDRA_FULL_ERROR") == "1":
        _run_job()
        return
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises, and we decide what is shown
    try:
        _run_job()
    except _TOLD_PLAINLY as error:
        sys.exit(f"zenlab: {_in_words(error)}")
    except KeyboardInterrupt:
        sys.exit("zenlab: stopped; what was scored is kept, and the same command goes on from it")


def _load_environment() -> None:
    """Read .env from here upwards; what is empty counts as not set."""
    load_dotenv(find_dotenv(usecwd=True))
    for name in _VARIABLES:
        if os.environ.get(name) == "":
            del os.environ[name]
    for name in _PATHS:
        if name in os.environ:
            os.environ[name] = os.path.expanduser(os.environ[name])
    os.environ.setdefault("ZENLAB_HOME", platformdirs.user_data_dir("zenlab", appauthor=False))


def _in_words(error: BaseException) -> str:
    """What went wrong, without Hydra's wrapping and its advice to add keys that nothing reads.

    What nobody foresaw is told with its kind.
    """
    if isinstance(error, InstantiationException) and isinstance(
        error.__cause__, ValueError | OSError
    ):
        return str(error.__cause__)
    if not isinstance(error, _TOLD_PLAINLY) or not str(error):
        return f"{type(error).__name__}: {error}".removesuffix(": ")
    lines = str(error).splitlines()
    return "\n".join(line for line in lines if not line.startswith("To append to your config"))


def _refuse_unknown_options() -> None:
    """Hydra lets an optional group pass whose option doesn't exist.

    Raises:
        ValueError: the user named such an option; lists those that exist.
    """
    hydra_config = HydraConfig.get()
    named = {word.lstrip("+").partition("=")[0] for word in hydra_config.overrides.task}
    for group in ("benchmark", "experiment"):
        chosen = hydra_config.runtime.choices.get(group)
        options = GlobalHydra.instance().config_loader().get_group_options(group)
        if group in named and chosen not in (None, "null", *options):
            raise ValueError(f"there is no {group}={chosen}; the options are {', '.join(options)}")


def _start_job(config: DictConfig) -> Any:
    _refuse_unknown_options()
    return hydra.utils.instantiate(config.job)(config)


@hydra.main(version_base="1.3", config_path=str(config_folder()), config_name="config")
def _run_job(config: DictConfig) -> Any:
    if HydraConfig.get().mode is not RunMode.MULTIRUN:
        return _start_job(config)
    from zenlab.sweeping import begin_job, keep_failure

    begin_job()
    try:
        return _start_job(config)
    except Exception as error:  # any: the other jobs of the sweep go on, and its end tells all
        keep_failure(error, _in_words(error))
        return None


if __name__ == "__main__":
    main()
