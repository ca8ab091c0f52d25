"""The entry points of the distribution, which installs this file as the module ``entity_router``.

They are outside the package, because nothing inside it runs where Python finds a user's ``router.py`` in its place.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

__all__ = ["main", "other_router"]

_ONLY_OURS = "discriminators.py"


def other_router() -> str | None:
    """The file that ``import router`` finds in place of this distribution's package; ``None`` if it finds that."""
    spec = find_spec("router")
    folders: Iterable[str] = (spec and spec.submodule_search_locations) or ()
    if any(Path(folder, _ONLY_OURS).is_file() for folder in folders):
        return None
    return (spec and spec.origin) or next(iter(folders), None)


def main() -> int:
    """Run the command ``router``."""
    # Until the command receives signals itself, Ctrl-C would print a traceback of its imports.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda number, _: os._exit(128 + number))
    other = other_router()
    if other is not None:
        print(f"router: {_explained(other)}", file=sys.stderr)  # noqa: T201 - the command's one line
        return 2
    from router.cli import main as run

    return run()


def __getattr__(name: str) -> ModuleType:
    """The pytest plugin, under the name that the distribution's entry point has."""
    if name != "pytest_plugin":
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    other = other_router()
    if other is not None:
        import pytest

        raise pytest.UsageError(_explained(other))
    return import_module("router.testing.plugin")


def _explained(other: str) -> str:
    return f"found {other}, which Python imports as `router` in place of entity-router; rename it"


if __name__ == "__main__":
    sys.exit(main())
