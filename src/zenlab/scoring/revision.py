"""The revision of the code that decides a score: a mended bug must never leave old scores valid."""

import ast
import hashlib
import importlib.util
from collections.abc import Iterable, Iterator
from pathlib import Path


def revision_of(modules: Iterable[str]) -> str:
    """Hash the syntax trees of `modules` and of what they import from their own packages.

    Comments, docstrings and layout don't count; outside libraries don't either.

    Raises:
        ValueError: the source of a module can't be found.
    """
    trees = {name: tree for name, tree in _with_imports(sorted(modules))}
    text = "\n".join(f"{name} {ast.dump(trees[name])}" for name in sorted(trees))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _with_imports(modules: list[str]) -> Iterator[tuple[str, ast.Module]]:
    waiting, seen = list(modules), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        tree = _without_docstrings(ast.parse(_source(name)))
        yield name, tree
        waiting += [other for other in _imported(tree) if _same_package(name, other)]


def _source(module: str) -> bytes:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not Path(spec.origin).is_file():
        raise ValueError(
            f"can't find the source of {module}, so its scores can't be told from those of an "
            f"older version; put it into a .py file on the import path"
        )
    return Path(spec.origin).read_bytes()


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return tree


def _imported(tree: ast.Module) -> Iterator[str]:
    """Names of modules; `from package import name` may mean a module or something in one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from filter(_is_module, (f"{node.module}.{alias.name}" for alias in node.names))


def _same_package(one: str, other: str) -> bool:
    return one.partition(".")[0] == other.partition(".")[0]


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
