"""A command that ends with this process, also if this process is killed and no ``finally`` runs."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["guarded"]

# The shell becomes the command. A watcher beside it reads a pipe whose other end only this process holds. It kills the
# process group, because the command may be a script that starts another process; and while the watcher lives, the
# group's number is not reused.
_GUARD = 'exec 3<&0; { trap "" TERM; read -r _ <&3; kill -9 -$$; } >/dev/null 2>&1 & exec "$@" 3<&- </dev/null'


def guarded(command: Sequence[str]) -> list[str]:
    """The command line that runs a command until its standard input, a pipe of this process, is closed.

    Args:
        command: The command line. It gets an empty standard input, and is to start a session of its own.
    """
    return ["/bin/sh", "-c", _GUARD, "sh", *command]
