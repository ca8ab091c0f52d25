"""Import modules of a package without the rest of it.

The ``__init__`` of structlog and that of Powertools import all that the package has: 30 and 8 ms of a cold start, where
the modules that this framework uses take 5 and 2.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from threading import RLock
from types import ModuleType
from typing import Any

__all__ = ["late_module", "parts_of"]

_completing = RLock()
_incomplete: dict[str, ModuleSpec] = {}
"""The packages whose ``__init__`` has not run."""


@contextmanager
def parts_of(*packages: str) -> Iterator[None]:
    """Let imports inside leave out the ``__init__`` of packages. It runs when something else uses the package.

    A package that is imported already, or not installed, is left as it is.

    Args:
        packages: The packages, the outermost first.

    Example:
        >>> with parts_of("wsgiref"):
        ...     import wsgiref.headers
        >>> wsgiref.headers.Headers([])
        Headers([])
    """
    without_init = [made for name in packages if (made := _without_init(name)) is not None]
    try:
        yield
    finally:
        for package in without_init:
            # An import of another module looks for the path, and so does run __init__, like the use of a name.
            vars(package).pop("__path__", None)


def _without_init(name: str) -> ModuleType | None:
    if name not in sys.modules:
        _make_incomplete(name)
    spec = _incomplete.get(name)
    if spec is None:
        return None
    package = sys.modules[name]
    package.__path__ = list(spec.submodule_search_locations or ())
    return package


def _make_incomplete(name: str) -> None:
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    package, loader = module_from_spec(spec), spec.loader

    def complete(attribute: str) -> Any:
        with _completing:
            if vars(package).pop("__getattr__", None) is not None:
                del _incomplete[name]
                package.__path__ = list(spec.submodule_search_locations or ())
                loader.exec_module(package)
        return getattr(package, attribute)

    package.__getattr__ = complete  # type: ignore[method-assign]  # https://peps.python.org/pep-0562/
    sys.modules[name], _incomplete[name] = package, spec


@contextmanager
def late_module(name: str) -> Iterator[None]:
    """Let imports inside bind a stand-in for a module, which imports the module when something uses one of its names.

    Args:
        name: The name of the module. One that is imported already is bound itself.
    """
    if name in sys.modules:
        yield
        return
    stand_in = ModuleType(name)
    stand_in.__getattr__ = lambda attribute: getattr(import_module(name), attribute)  # type: ignore[method-assign]  # as above
    sys.modules[name] = stand_in
    try:
        yield
    finally:
        if sys.modules.get(name) is stand_in:
            del sys.modules[name]
