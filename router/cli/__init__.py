"""The command ``router``: inspect an app's routes and run the app on events without Lambda."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from router.cli.stop_request import stop_request
from router.extras import missing_package, not_installed

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
    # The program's imports take a moment, in which a signal may come.
    with stop_request(until_exit=argv is None):
        try:
            from router.cli.program import run

            return run(sys.argv[1:] if argv is None else list(argv))
        except ModuleNotFoundError as error:
            package = missing_package(error)
            if package is None:
                raise
            print(f"router: {not_installed([package], 'this command')}", file=sys.stderr)
            return 2
