"""Proxies by their option names, for a network that comes without a space and without a config."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra.utils import get_class
from omegaconf import OmegaConf

from zenlab.core import CombinedProxy, NetworkProxy, Proxy, SymbolicProxy
from zenlab.options import config_folder
from zenlab.proxies.size import Params
from zenlab.proxies.suite import Suite

Settings = Mapping[str, Mapping[str, Any]]
"""Parameters of proxies that differ from their YAML, by name."""


def make_proxies(names: Sequence[str] | str, settings: Settings, seed: int) -> dict[str, Proxy]:
    """Make proxies that can score a network alone.

    Raises:
        ValueError: a name is none, comes twice, or stands for a proxy that needs more than a
            network; or settings belong to nothing.
    """
    names = [names] if isinstance(names, str) else list(names)
    if not names or len(set(names)) < len(names):
        raise ValueError(f"proxies is {names}; wanted names of proxies, each once, such as ['zen']")
    unknown = set(settings) - set(names)
    if unknown:
        raise ValueError(f"settings has {', '.join(sorted(unknown))}, which is not among proxies")
    return {name: _make_alone(name, settings.get(name, {}), seed) for name in names}


def readers(proxies: Mapping[str, Proxy]) -> list[str]:
    """Return the names of those that read labels."""
    return [name for name, proxy in proxies.items() if getattr(proxy, "needs_labels", False)]


def _make_alone(name: str, settings: Mapping[str, Any], seed: int) -> Proxy:
    proxy = _make(name, settings, seed)
    if isinstance(proxy, Suite | CombinedProxy):
        members = ", ".join(repr(str(member)) for member in proxy.members)
        what = "stands for several proxies" if isinstance(proxy, Suite) else "ranks many networks"
        raise ValueError(f"proxy {name} {what}; name those that you want of its members: {members}")
    if isinstance(proxy, Params | NetworkProxy):
        return proxy
    bound = [option for option in _options() if _needs_space(_make(option, {}, seed))]
    raise ValueError(
        f"proxy {name} needs an architecture of a space, and a network isn't enough; so do "
        f"{', '.join(bound)}; of what needs no training at all, params works here"
    )


def _needs_space(proxy: Any) -> bool:
    return isinstance(proxy, SymbolicProxy) and not isinstance(proxy, Params)


def _make(name: str, settings: Mapping[str, Any], seed: int) -> Any:
    options = _options()
    if name not in options:
        raise ValueError(f"there is no proxy {name}; the options are {', '.join(options)}")
    config = OmegaConf.create({"seed": seed, "proxy": OmegaConf.load(options[name])})
    parameters: Any = OmegaConf.to_container(config.proxy, resolve=True)
    target = parameters.pop("_target_")
    for key in settings:
        if key not in parameters:
            known = ", ".join(parameters) or "no parameters"
            raise ValueError(f"settings has {key} for {name}; {name} has {known}")
    return get_class(target)(**{**parameters, **settings})


def _options() -> dict[str, Path]:
    return {path.stem: path for path in sorted((config_folder() / "proxy").glob("*.yaml"))}
