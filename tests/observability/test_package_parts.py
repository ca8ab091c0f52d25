"""Modules of a package are imported without the rest of it, and the rest when something uses it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from router.observability.package_parts import late_module, parts_of


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A package whose ``__init__`` counts its runs, with two modules."""
    folder = tmp_path / "heavy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text("import sys\nsys.heavy_runs += 1\nfrom .other import value\n")
    (folder / "part.py").write_text("import heavy_package\nvalue = 1\n")
    (folder / "other.py").write_text("value = 2\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "heavy_runs", 0, raising=False)
    importlib.invalidate_caches()
    yield "heavy_package"
    for name in [name for name in sys.modules if name.startswith("heavy_package")]:
        del sys.modules[name]


def runs() -> int:
    return int(vars(sys)["heavy_runs"])


def import_part(package: str) -> None:
    with parts_of(package):
        assert importlib.import_module(f"{package}.part").value == 1


def test_a_part_does_not_run_the_package(package: str) -> None:
    """The module of a package is imported, and the package's ``__init__`` does not run."""
    import_part(package)
    assert (runs(), f"{package}.other" in sys.modules) == (0, False)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda package: sys.modules[package].value, id="attribute"),
        pytest.param(lambda package: importlib.import_module(f"{package}.other").value, id="module"),
        pytest.param(lambda package: __import__(package, fromlist=["value"]).value, id="from"),
    ],
)
def test_the_package_runs_once_when_it_is_used(package: str, use: Callable[[str], Any]) -> None:
    """A name of the package, or the import of another module, runs ``__init__``, once."""
    import_part(package)
    assert (use(package), use(package), runs()) == (2, 2, 1)
    assert sys.modules[package].part.value == 1


def test_parts_are_imported_one_after_the_other(package: str) -> None:
    """A package without its ``__init__`` gives another part without it, too."""
    import_part(package)
    with parts_of(package):
        assert importlib.import_module(f"{package}.other").value == 2
    assert runs() == 0
    assert (sys.modules[package].value, runs()) == (2, 1)


def test_an_imported_package_stays(package: str) -> None:
    """A package that is imported already is the same object, before and after."""
    module = importlib.import_module(package)
    import_part(package)
    assert (sys.modules[package], runs(), module.value) == (module, 1, 2)


def test_an_unknown_name_is_an_attribute_error(package: str) -> None:
    """A name that the whole package does not have is refused as Python itself does it."""
    import_part(package)
    with pytest.raises(AttributeError, match="'heavy_package' has no attribute 'missing'"):
        sys.modules[package].missing  # noqa: B018 - the access raises
    assert runs() == 1


def test_a_missing_package_is_missing() -> None:
    """A package that is not installed raises as without this."""
    with pytest.raises(ModuleNotFoundError, match="no_such_package"), parts_of("no_such_package"):
        importlib.import_module("no_such_package.part")


def test_a_stand_in_imports_its_module_when_it_is_used(package: str) -> None:
    """What is imported inside binds a stand-in; the process has the module itself once it is used."""
    with late_module(package):
        stand_in = importlib.import_module(package)
    assert (package in sys.modules, runs()) == (False, 0)
    assert (stand_in.value, runs()) == (2, 1)
    assert sys.modules[package] is not stand_in


def test_a_module_that_is_imported_needs_no_stand_in() -> None:
    """A module that the process has is bound itself."""
    with late_module("json"):
        assert importlib.import_module("json") is sys.modules["json"]
