"""The packages that extras bring, and one message where such a package is missing."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import MappingProxyType

from router.errors import RouterError

__all__ = ["EXTRAS", "MissingPackageError", "absent", "missing_package", "needed_by", "not_installed"]

EXTRAS = MappingProxyType(
    {
        **dict.fromkeys(("boto3", "botocore", "rich", "ruamel", "samtranslator", "typer"), "cli"),
        **dict.fromkeys(("awslambdaric", "hypercorn", "ministack", "runtime_client", "watchfiles"), "local"),
        "matplotlib": "plot",
        **dict.fromkeys(("hypothesis", "pytest"), "testing"),
        "aws_xray_sdk": "tracing",
    }
)
"""The extra that brings each package, by the name that Python imports."""


class MissingPackageError(RouterError, ModuleNotFoundError):
    """A package is not installed that an extra brings.

    Args:
        message: The package, what needs it, and the command that installs it.
        package: The package.
    """

    def __init__(self, message: str, package: str) -> None:
        super().__init__(message)
        self.name = package


def absent(packages: Iterable[str]) -> list[str]:
    """The packages that are not installed.

    Args:
        packages: Names that Python imports.

    Example:
        >>> absent(["json", "no_such_package"])
        ['no_such_package']
    """
    return [package for package in packages if find_spec(package) is None]


def not_installed(packages: Iterable[str], user: str, extra: str | None = None) -> str:
    """The message where packages are missing.

    Args:
        packages: The missing packages, of one extra.
        user: What needs them.
        extra: An extra that brings them, if it is another one than in ``EXTRAS``.

    Example:
        >>> not_installed(["matplotlib"], "a plot")
        "found no matplotlib in ..., which a plot needs; pip install 'entity-router[plot]'"
    """
    names = list(packages)
    return (
        f"found no {' and no '.join(names)} in {sys.prefix}, which {user} needs; "
        f"pip install 'entity-router[{extra or EXTRAS[names[0]]}]'"
    )


def missing_package(error: ModuleNotFoundError) -> str | None:
    """The package whose import failed: the missing one, or the one of an extra that imports it; else ``None``.

    Args:
        error: The error.
    """
    top = (error.name or "").partition(".")[0]
    if top in EXTRAS:
        return top
    frames = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    importing = [name.partition(".")[0] for name in reversed(frames)]
    return next((name for name in importing if name in EXTRAS), None)


@contextmanager
def needed_by(user: str, extra: str | None = None) -> Iterator[None]:
    """Import packages of an extra in this block.

    Args:
        user: What needs them.
        extra: An extra that brings them, if it is another one than in ``EXTRAS``.

    Raises:
        MissingPackageError: One of them is not installed.

    Example:
        >>> with needed_by("router.testing.strategies"):
        ...     import hypothesis
    """
    try:
        yield
    except ModuleNotFoundError as error:
        package = missing_package(error)
        if package is None:
            raise
        raise MissingPackageError(not_installed([package], user, extra), package) from None
