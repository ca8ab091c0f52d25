"""Names of a package whose modules are imported when a name is first used."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["late_names"]


def late_names(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions ``__getattr__`` and ``__dir__`` of a package, which type checkers must not see.

    Args:
        package: The name of the package.
        modules: The module of each name.

    Example:
        >>> get, names = late_names("router.parking", {"S3Parking": "router.parking.s3"})
        >>> get("S3Parking").__name__, "S3Parking" in names()
        ('S3Parking', True)
    """

    def get(name: str) -> Any:
        if name not in modules:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        value = getattr(import_module(modules[name]), name)
        setattr(sys.modules[package], name, value)  # for the next use
        return value

    return get, lambda: sorted({*vars(sys.modules[package]), *modules})
