"""Clients of AWS for the places, the tables and the streams of a redrive."""

from __future__ import annotations

from typing import Any

from router.local.aws_clients import aws_client

__all__ = ["Clients"]


class Clients:
    """Makes each client once.

    Args:
        endpoint_url: One endpoint for all services, such as that of ministack; by default those of the environment, or
            AWS's own.
    """

    def __init__(self, endpoint_url: str | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._made: dict[str, Any] = {}

    def get(self, service: str) -> Any:
        """The client of a service, by its name in boto3."""
        if service not in self._made:
            self._made[service] = aws_client(service, self._endpoint_url)
        return self._made[service]

    def close(self) -> None:
        """Close the connections of all clients."""
        for client in self._made.values():
            client.close()
