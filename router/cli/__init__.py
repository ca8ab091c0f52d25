"""The command ``router``: inspect an app's routes and run the app on events without Lambda."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from router.cli.stop_request import stop_request

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: The arguments after the command's name; those of the process by default.

    Returns:
        The exit code: 0, success; 1, a failure; 2, a wrong command line; 130, SIGINT; 143, SIGTERM.

    Example:
        >>> main(["--version"])
        entity-router 0.1.0
        0
    """
    missing = [name for name in ("typer", "rich") if find_spec(name) is None]
    if missing:
        needed = " and ".join(missing)
        print(f"router: found no {needed}, which the commands need; pip install 'entity-router[cli]'", file=sys.stderr)
        return 2
    # The program's imports take a moment, in which a signal may come.
    with stop_request(until_exit=argv is None):
        from router.cli.program import run

        return run(sys.argv[1:] if argv is None else list(argv))
