"""Choose the engine that holds the tables: one that this process starts, or one at an endpoint URL.

All of them are used through boto3 clients. ``docs/local.md`` states, engine by engine, how their streams differ from
AWS's; ``tests/local/engines/test_engines.py`` asserts it.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, Protocol

from router.local.engines.dynamodb_local import SharedDynamoDBLocal
from router.local.engines.embedded import Embedded
from router.local.engines.endpoint import Endpoint

__all__ = ["Engine", "EngineName", "open_engine"]

EngineName = Literal["embedded", "dynamodb-local"]
"""The engines that this process can start."""


class Engine(Protocol):
    """DynamoDB and its streams at one address."""

    endpoint_url: str

    def client(self, service: str) -> Any:
        """A boto3 client, ``"dynamodb"`` or ``"dynamodbstreams"``."""
        ...


def open_engine(
    name: EngineName = "embedded", *, port: int = 0, endpoint_url: str | None = None
) -> AbstractContextManager[Engine]:
    """Open an engine for the length of a ``with`` block.

    Args:
        name: ``embedded`` or ``dynamodb-local``.
        port: The TCP port of an engine that is started; 0 takes a free one.
        endpoint_url: The URL of a running engine, which is used instead.

    Raises:
        EndpointError: The endpoint URL is no HTTP URL.

    Example:
        >>> with open_engine("embedded") as engine:  # doctest: +SKIP
        ...     engine.client("dynamodb").list_tables()
    """
    if endpoint_url is not None:
        return nullcontext(Endpoint(endpoint_url))
    return Embedded(port) if name == "embedded" else SharedDynamoDBLocal(port)
