"""The examples in docstrings run, and give the result that they show."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import router

PACKAGES = pkgutil.walk_packages(router.__path__, "router.")
MODULES = ["router", *(found.name for found in PACKAGES if not found.name.endswith("__main__"))]

# Modules with values that users write. Without this list, a module that lost its examples would pass.
WRITTEN_BY_USERS = ("router.change", "router.conditions", "router.discriminators", "router.event", "router.policies")


def examples(module: ModuleType) -> list[doctest.DocTest]:
    return [test for test in doctest.DocTestFinder(exclude_empty=True).find(module) if test.examples]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each example of the module runs and gives the result that it shows."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")  # an example that handles an event would show the lines of the log
    for example in examples(importlib.import_module(name)):
        failed: list[str] = []
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=failed.append)
        assert not failed, "".join(failed)


@pytest.mark.parametrize("name", WRITTEN_BY_USERS)
def test_there_are_examples(name: str) -> None:
    """The modules whose values users write have examples."""
    assert examples(importlib.import_module(name))
