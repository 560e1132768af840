"""The revision changes with the code that decides a score, and with nothing else."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from zenlab.scoring.revision import revision_of


@pytest.fixture
def revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Write a small package and return its revision."""
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "some_package"
    package.mkdir()
    (package / "__init__.py").touch()

    def write(proxy: str, inner: str = "x = 1", other: str = "") -> str:
        for name, text in {"proxy": proxy, "inner": inner, "other": other}.items():
            (package / f"{name}.py").write_text(text)
        for name in [name for name in sys.modules if name.startswith("some_package")]:
            del sys.modules[name]
        return revision_of(["some_package.proxy"])

    return write


def test_code_changes_it_but_docstrings_comments_and_layout_do_not(
    revision: Callable[..., str],
) -> None:
    first = revision('def f():\n    """Say."""\n    return 1\n')
    assert revision('"""New."""\ndef f():\n    """Other."""\n\n    return 1  # why\n') == first
    assert revision("def f():\n    return 2\n") != first


def test_a_module_that_it_imports_changes_it_too(revision: Callable[..., str]) -> None:
    for line in ("from some_package import inner", "from some_package.inner import x"):
        assert revision(line, "x = 1") != revision(line, "x = 2")


def test_a_module_that_it_does_not_import_does_not(revision: Callable[..., str]) -> None:
    assert revision("y = 1", other="z = 1") == revision("y = 1", other="z = 2")


def test_the_scores_of_zen_depend_on_the_network_of_the_space() -> None:
    from zenlab.scoring import revision as module

    names = {name for name, _ in module._with_imports(["zenlab.spaces.nb201"])}
    assert {"zenlab.spaces.nb201.network", "zenlab.spaces.nb201.cell", "zenlab.core"} <= names


def test_code_without_a_source_file_is_refused() -> None:
    with pytest.raises(ValueError, match="can't find the source of no_such_module"):
        revision_of(["no_such_module"])
