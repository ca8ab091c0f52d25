"""Where the tables are: an engine that this process starts, or an endpoint that is there already.

All of them are spoken to through boto3 clients. What their streams do as AWS's do, and what
they do otherwise, is stated engine by engine in ``docs/local.md`` and asserted by ``tests/local/engines/test_engines.py``.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import AbstractContextManager, ExitStack, nullcontext
from importlib.util import find_spec
from tempfile import TemporaryFile
from typing import Any, Literal, Protocol, Self
from urllib.parse import urlsplit

from router.errors import RouterError
from router.local.engines.dynamodb_local import (
    EngineMissingError,
    EngineStartError,
    _free_port,
    _process,
    _refuse_if_taken,
    _tail,
    locate,
)

__all__ = ["Embedded", "Endpoint", "EndpointError", "Engine", "EngineName", "SharedDynamoDBLocal", "open_engine"]

EngineName = Literal["embedded", "dynamodb-local"]

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class EndpointError(RouterError):
    """No AWS client can speak to an endpoint; the message says why."""


class Engine(Protocol):
    """DynamoDB and its streams behind one address."""

    endpoint_url: str

    def client(self, service: str) -> Any:
        """A boto3 client, ``"dynamodb"`` or ``"dynamodbstreams"``."""
        ...


class _Started:
    """An engine in a process of its own, from ``with`` to the end of its block, however that comes about.

    Args:
        port: The TCP port; 0 takes a free one.
        deadline: Seconds in which it has to listen.
    """

    endpoint_url: str
    _name: str

    def __init__(self, port: int = 0, *, deadline: float = 60.0) -> None:
        self._port = port
        self._deadline = deadline
        self._running = ExitStack()

    def _command(self, port: int) -> list[str]:
        raise NotImplementedError

    def __enter__(self) -> Self:
        port = self._port or _free_port()
        command = self._command(port)
        _refuse_if_taken(port)
        self.endpoint_url = f"http://127.0.0.1:{port}"
        with ExitStack() as starting:
            output = starting.enter_context(TemporaryFile())
            process = starting.enter_context(_process(command, output))
            if not self._comes_up(process, port):
                output.seek(0)
                printed = _tail(output.read().decode(errors="replace"))
                msg = f"{self._name} did not answer on port {port}; it last printed:\n{printed}"
                raise EngineStartError(msg)
            self._running = starting.pop_all()
        return self

    def _comes_up(self, process: subprocess.Popen[bytes], port: int) -> bool:
        end = time.monotonic() + self._deadline
        while process.poll() is None and time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return True
            time.sleep(0.02)
        return False

    def __exit__(self, *error: object) -> None:
        self._running.close()

    def client(self, service: str) -> Any:
        """A boto3 client of the engine with dummy credentials, whatever AWS settings this machine has.

        Args:
            service: ``"dynamodb"`` or ``"dynamodbstreams"``.
        """
        return _local_client(service, self.endpoint_url)


class Embedded(_Started):
    """DynamoDB in memory, in a Python process of its own that listens on the loopback interface only.

    It ends when the block ends, however that comes about, and leaves nothing behind.

    Args:
        port: The TCP port; 0 takes a free one.
        deadline: Seconds in which it has to listen.

    Attributes:
        endpoint_url: Where it listens, for any AWS client's ``endpoint_url``.

    Raises:
        EngineMissingError: What it is made of is not installed.
        EngineStartError: It did not listen in time, it ended, or the port is taken.

    Example:
        >>> with Embedded() as engine:  # doctest: +SKIP
        ...     engine.client("dynamodb").list_tables()["TableNames"]
        []
    """

    _name = "the embedded engine"

    def _command(self, port: int) -> list[str]:
        missing = [name for name in ("ministack", "hypercorn", "boto3") if find_spec(name) is None]
        if missing:
            msg = f"found no {', '.join(missing)}, which the embedded engine needs; pip install 'entity-router[local]'"
            raise EngineMissingError(msg)
        # -P: a module in the user's folder may be called like one that the engine needs.
        return [sys.executable, "-P", "-m", "router.local.engines.ministack_server", str(port)]


class SharedDynamoDBLocal(_Started):
    """Amazon's DynamoDB Local with one database for all callers.

    By itself it keeps one for each access key and region, so that an item put with a user's own settings would go to
    another table of the same name, or to none.

    Args:
        port: The TCP port; 0 takes a free one.
        deadline: Seconds in which it has to listen.

    Raises:
        EngineMissingError: The engine or Java is not on this machine.
        EngineStartError: It did not listen in time, it ended, or the port is taken.

    Example:
        >>> with SharedDynamoDBLocal() as engine:  # doctest: +SKIP
        ...     engine.client("dynamodb").list_tables()["TableNames"]
        []
    """

    _name = "DynamoDB Local"

    def _command(self, port: int) -> list[str]:
        return [*locate().command(port), "-sharedDb"]


class Endpoint:
    """An engine that somebody else runs: ministack, LocalStack, DynamoDB Local, or AWS itself.

    On this machine it is spoken to with dummy credentials unless the environment has others; elsewhere with boto3's own
    chain of credentials.

    Args:
        url: Its address.

    Raises:
        EndpointError: That is no address.

    Example:
        >>> Endpoint("http://localhost:4566").local
        True
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            msg = f"found the endpoint URL {url!r}, expected one such as http://127.0.0.1:8000"
            raise EndpointError(msg)
        self.endpoint_url = url
        self.local = parts.hostname in _LOOPBACK

    def client(self, service: str) -> Any:
        """A boto3 client of the endpoint.

        Args:
            service: ``"dynamodb"`` or ``"dynamodbstreams"``.
        """
        if self.local and not {"AWS_ACCESS_KEY_ID", "AWS_PROFILE"} & os.environ.keys():
            return _local_client(service, self.endpoint_url)
        import boto3

        session = boto3.session.Session()
        region = session.region_name or "us-east-1"
        url = self.endpoint_url
        if service == "dynamodbstreams" and not self.local:
            # AWS has an address of its own for streams, where others have one for both.
            url = url.replace("//dynamodb.", "//streams.dynamodb.")
        return session.client(service, endpoint_url=url, region_name=region)


def open_engine(
    name: EngineName = "embedded", *, port: int = 0, endpoint_url: str | None = None
) -> AbstractContextManager[Engine]:
    """Open the engine that a user asked for, to be used in a ``with`` block.

    Args:
        name: ``embedded`` or ``dynamodb-local``.
        port: The TCP port of an engine that is started; 0 takes a free one.
        endpoint_url: The address of one that is there already, which is then taken.

    Raises:
        EndpointError: That is no address.

    Example:
        >>> with open_engine("embedded") as engine:  # doctest: +SKIP
        ...     engine.client("dynamodb").list_tables()
    """
    if endpoint_url is not None:
        return nullcontext(Endpoint(endpoint_url))
    return Embedded(port) if name == "embedded" else SharedDynamoDBLocal(port)


def _local_client(service: str, url: str) -> Any:
    import boto3
    import botocore.session
    from botocore.config import Config

    # No profile, and no proxy: neither has anything to do with an engine on this machine, and either can break it.
    core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
    return boto3.session.Session(botocore_session=core).client(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - a local engine takes any
        config=Config(proxies={}, connect_timeout=5, retries={"total_max_attempts": 2}),
    )
