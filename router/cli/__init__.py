"""The command ``router``: look at an app's routes, and try it on events, without Lambda."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

__all__ = ["main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments after the command's name; those of the process when left out.

    Returns:
        The exit code: 0, all is well; 1, something failed; 2, the command line is wrong; 130, interrupted.

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
    from router.cli.program import run

    return run(sys.argv[1:] if argv is None else list(argv))
