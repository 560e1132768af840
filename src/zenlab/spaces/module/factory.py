"""A class or function by its import path, `package.module:callable`, and the network it makes."""

import importlib
import sys
import sysconfig
import traceback
from collections.abc import Callable, Mapping
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

_STARTED = ("__main__", "__mp_main__")
"""What the interpreter was started with: not imported, so it decides nothing."""


def call_factory(path: str | None, arguments: Mapping[str, Any]) -> nn.Module:
    """Import what `path` names and call it with `arguments`.

    Raises:
        ValueError: it can't be imported or called, raises something, or returns no network.
    """
    factory = _find(path)
    try:
        made = factory(**arguments)
    except Exception as error:  # somebody else's code, which may raise anything
        called = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
        raise ValueError(
            f"space.factory={path} fails when called with {called or 'no arguments'} "
            f"(space.arguments): {_in_a_line(error)}"
        ) from error
    if isinstance(made, nn.Module):
        return made
    raise ValueError(f"space.factory={path} returns a {type(made).__name__}; wanted an nn.Module")


def sources_of(path: str) -> tuple[str, ...]:
    """Return the module of a factory that was called, and all loaded ones from the same folder.

    The folder is the one from which the factory is imported. What is installed doesn't count.
    """
    name = path.partition(":")[0]
    own = _file(sys.modules[name])
    if own is None:
        return (name,)
    place = own.parent if own.name == "__init__.py" else own
    folder = place.parents[name.count(".")]
    return tuple(
        other
        for other, module in sorted(sys.modules.items())
        if (file := _file(module))
        and file.is_relative_to(folder)
        and not _is_installed(file)
        and other not in _STARTED
    )


def _find(path: str | None) -> Callable[..., Any]:
    if path is None:
        raise ValueError("space=module needs space.factory, such as space.factory=mynet:SmallNet")
    name, _, attribute = path.partition(":") if isinstance(path, str) else ("", "", "")
    if not name or not attribute:
        raise ValueError(
            f"space.factory is {path!r}; wanted package.module:callable, such as mynet:SmallNet"
        )
    module = _import(name, path)
    try:
        found = attrgetter(attribute)(module)
    except AttributeError as error:
        raise ValueError(f"space.factory={path}: {error}") from error
    if isinstance(found, nn.Module) or not callable(found):
        raise ValueError(
            f"space.factory={path} is a {type(found).__name__}; wanted a class or function that "
            f"makes a network"
        )
    return found  # type: ignore[no-any-return]


def _import(name: str, path: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:  # somebody else's code, which may raise anything
        missing = isinstance(error, ModuleNotFoundError) and name.startswith(str(error.name))
        advice = "; `python -m zenlab` finds what is installed or lies in the current folder"
        raise ValueError(
            f"space.factory={path}: can't import {name}: {_in_a_line(error)}"
            f"{advice if missing else ''}"
        ) from error


def _in_a_line(error: Exception) -> str:
    """Say what was raised, and where in code that isn't installed or ours."""
    said = f"{type(error).__name__}: {error}".splitlines()[0]
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if _is_theirs(Path(frame.filename))]
    return (
        f"{said} ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})" if theirs else said
    )


def _is_theirs(file: Path) -> bool:
    return file.is_file() and file != Path(__file__) and not _is_installed(file)


def _is_installed(file: Path) -> bool:
    places = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    return any(file.resolve().is_relative_to(place.resolve()) for place in places)


def _file(module: ModuleType) -> Path | None:
    """The source of a module; what stands in for one (`torch.ops`) has none."""
    origin = getattr(getattr(module, "__spec__", None), "origin", None)
    return Path(origin).resolve() if origin and origin.endswith(".py") else None
