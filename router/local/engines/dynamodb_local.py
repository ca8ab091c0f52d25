"""Run DynamoDB Local, which :mod:`router.local.engines.install` fetches."""

from __future__ import annotations

from router.local.engines.install import ENGINE, locate
from router.local.engines.process import EngineProcess

__all__ = ["DynamoDBLocal", "SharedDynamoDBLocal"]


class DynamoDBLocal(EngineProcess):
    """DynamoDB Local in its own process, empty and in memory, from ``with`` to the end of its block.

    It runs on Linux and macOS. It listens on every interface, because it has no option that restricts it. It keeps one
    database for each access key and region. It ends with its block, and also if this process is killed.

    Args:
        port: The TCP port; 0 takes a free one.
        deadline: Seconds within which it must listen.

    Raises:
        EngineMissingError: The engine or Java is not installed.
        EngineStartError: It does not listen in time, it ends, or the port is taken.

    Example:
        >>> with DynamoDBLocal() as engine:  # doctest: +SKIP
        ...     engine.client("dynamodb").list_tables()["TableNames"]
        []
    """

    name = ENGINE

    def command(self, port: int) -> list[str]:
        """The command line that runs the engine on a TCP port."""
        return locate().command(port)


class SharedDynamoDBLocal(DynamoDBLocal):
    """DynamoDB Local with one database for all access keys and regions.

    With a database each, an item that a user puts with their own AWS settings would go to a different table of the same
    name, or to none.
    """

    def command(self, port: int) -> list[str]:
        """The command line that runs the engine on a TCP port."""
        return [*super().command(port), "-sharedDb"]
