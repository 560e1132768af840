"""The command line: `python -m zenlab GROUP=OPTION ... KEY=VALUE ...`, composed by Hydra."""

import os
import sys
from pathlib import Path
from typing import Any

import hydra
import platformdirs
from dotenv import find_dotenv, load_dotenv
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

_VARIABLES = (
    "NB201_PATH",
    "ZENLAB_DATA",
    "ZENLAB_HOME",
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
    except (HydraException, OmegaConfBaseException, ValueError, OSError) as error:
        told = error.__cause__ if isinstance(error, InstantiationException) else None
        sys.exit(f"zenlab: {told if isinstance(told, ValueError | OSError) else error}")
    except KeyboardInterrupt:
        sys.exit("zenlab: stopped; what was scored is kept, and the same command goes on from it")


def _load_environment() -> None:
    """Read .env from here upwards; what is empty counts as not set."""
    load_dotenv(find_dotenv(usecwd=True))
    for name in _VARIABLES:
        if os.environ.get(name) == "":
            del os.environ[name]
    os.environ.setdefault("ZENLAB_HOME", platformdirs.user_data_dir("zenlab", appauthor=False))


def _config_folder() -> str:
    """The wheel carries conf/ inside the package; a checkout has it at the top."""
    here = Path(__file__).resolve()
    packaged = here.parent / "conf"
    return str(packaged if packaged.is_dir() else here.parents[2] / "conf")


@hydra.main(version_base="1.3", config_path=_config_folder(), config_name="config")
def _run_job(config: DictConfig) -> Any:
    return hydra.utils.instantiate(config.job)(config)


if __name__ == "__main__":
    main()
