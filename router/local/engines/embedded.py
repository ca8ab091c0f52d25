"""The embedded engine: DynamoDB in memory, in Python, in a process of its own."""

from __future__ import annotations

import sys

from router.extras import absent, not_installed
from router.local.engines.install import EngineMissingError
from router.local.engines.process import EngineProcess

__all__ = ["Embedded"]


class Embedded(EngineProcess):
    """DynamoDB in memory, in a Python process of its own that listens on the loopback interface only.

    It ends with its block, and also if this process is killed, and leaves no files.

    Args:
        port: The TCP port; 0 takes a free one.
        deadline: Seconds within which it must listen.

    Raises:
        EngineMissingError: A package that it needs is not installed.
        EngineStartError: It does not listen in time, it ends, or the port is taken.

    Example:
        >>> with Embedded() as engine:  # doctest: +SKIP
        ...     engine.client("dynamodb").list_tables()["TableNames"]
        []
    """

    name = "the embedded engine"

    def command(self, port: int) -> list[str]:
        """The command line that runs the engine on a TCP port."""
        missing = absent(("ministack", "hypercorn", "boto3"))
        if missing:
            raise EngineMissingError(not_installed(missing, "the embedded engine", "local"))
        # -P: a module in the user's folder may have the name of one that the engine needs.
        return [sys.executable, "-P", "-m", "router.local.engines.ministack_server", str(port)]
