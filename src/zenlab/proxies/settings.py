"""Settings that many proxies share, and what may be set."""

from typing import Literal, get_args

from zenlab.checks import require_one_of, require_whole
from zenlab.proxies.initialisation import Initialisation

Precision = Literal["float32", "float64"]
Input = Literal["noise", "batch"]
"""What a network is shown: images from N(0, 1), or the batch."""


def check_settings(proxy: object) -> None:
    """Check the settings that these proxies share, as far as this one has them.

    Raises:
        ValueError: one of them is out of range.
    """
    settings = vars(proxy)
    for name, least in (("batch_size", 1), ("repeats", 1), ("seed", 0)):
        if name in settings:
            require_whole(f"proxy.{name}", settings[name], least=least)
    options: dict[str, tuple[object, ...]] = {
        "initialisation": get_args(Initialisation),
        "dtype": get_args(Precision),
        "input": get_args(Input),
        "share_equivalent": (True, False),
    }
    for name in options.keys() & settings.keys():
        require_one_of(f"proxy.{name}", settings[name], options[name])
