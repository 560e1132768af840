"""The options of conf/ as files, for whoever needs one without composing a run."""

from pathlib import Path


def config_folder() -> Path:
    """Return conf/: the wheel carries it inside the package; a checkout has it at the top."""
    here = Path(__file__).resolve().parent
    installed = here / "conf"
    return installed if installed.is_dir() else here.parents[1] / "conf"
