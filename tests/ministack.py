"""ministack, which has the APIs of AWS on a loopback port, and functions that are deployed there."""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from router.local.doctor import Aws
from router.local.engines.process import EngineProcess

__all__ = ["Ministack", "deployed_function", "ministack"]

_ROOT = Path(__file__).parents[1]


class Ministack(EngineProcess):
    """ministack with all its services in a process of its own.

    Attributes:
        aws: Reads from it; made once, because to load the models of six services takes half a second.
    """

    name = "ministack"

    def __enter__(self) -> Self:
        super().__enter__()
        self.aws = Aws(self.endpoint_url)
        self._clients: dict[str, Any] = {}
        return self

    def __exit__(self, *error: object) -> None:
        for client in (self.aws, *self._clients.values()):
            client.close()
        super().__exit__(*error)

    def client(self, service: str) -> Any:
        """A client that may write, unlike those of ``aws``."""
        if service not in self._clients:
            self._clients[service] = _client(service, self.endpoint_url)
        return self._clients[service]

    def command(self, port: int) -> list[str]:
        """The command line."""
        settings = [f"GATEWAY_PORT={port}", "BIND_HOST=127.0.0.1", "MINISTACK_HOST=127.0.0.1", "LOG_LEVEL=ERROR"]
        return ["/usr/bin/env", *settings, sys.executable, "-m", "ministack"]


@pytest.fixture(scope="session")
def ministack() -> Iterator[Ministack]:
    """ministack, which runs in a process of its own."""
    with Ministack() as running:
        yield running


@contextmanager
def deployed_function(server: Ministack, name: str, handler: str, code: str, seen: Path) -> Iterator[str]:
    """Deploy a function that runs this package, and delete it in the end.

    Args:
        server: Where it is deployed.
        name: Its name.
        handler: Its handler, of which the code is the module.
        code: The module.
        seen: The file in which its handlers note what they have handled.
    """
    client, archive = server.client("lambda"), io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"{handler.partition('.')[0]}.py", code)
    packages = [path for path in sys.path if "site-packages" in path]
    client.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/shop",
        Handler=handler,
        Code={"ZipFile": archive.getvalue()},
        Timeout=30,
        Environment={"Variables": {"PYTHONPATH": os.pathsep.join([str(_ROOT), *packages]), "SEEN": str(seen)}},
    )
    yield name
    client.delete_function(FunctionName=name)


def _client(service: str, url: str) -> Any:
    import boto3

    make: Any = boto3.client  # of any service
    return make(
        service, endpoint_url=url, region_name="us-east-1", aws_access_key_id="local", aws_secret_access_key="local"
    )
