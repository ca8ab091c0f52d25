"""Clients of AWS for the places, the tables and the streams of a redrive."""

from __future__ import annotations

import re
from typing import Any

from router.local.aws_clients import aws_client

__all__ = ["Clients", "region_of"]


def region_of(arn: object) -> str | None:
    """The region in an ARN; ``None`` where there is none, as in a stream's of DynamoDB Local.

    Args:
        arn: The ARN, or any other value of a record.

    Example:
        >>> region_of("arn:aws:dynamodb:eu-west-1:123456789012:table/Shop/stream/2026-01-01T00:00:00.000")
        'eu-west-1'
    """
    parts = arn.split(":", 4) if isinstance(arn, str) else []
    region = parts[3] if len(parts) > 4 and parts[0] == "arn" else ""
    return region if re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-\d+", region) else None


class Clients:
    """Makes one client of each service and region.

    Args:
        endpoint_url: One endpoint for all services, such as that of ministack; by default those of the environment, or
            AWS's own.
    """

    def __init__(self, endpoint_url: str | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._made: dict[tuple[str, str | None], Any] = {}

    def get(self, service: str, region: str | None = None) -> Any:
        """The client of a service.

        Args:
            service: The service's name in boto3.
            region: The region of what it reads; by default the environment's. An endpoint on the command line has all
                regions in one.
        """
        made = service, region if self._endpoint_url is None else None
        if made not in self._made:
            self._made[made] = aws_client(service, self._endpoint_url, region=made[1])
        return self._made[made]

    def close(self) -> None:
        """Close the connections of all clients."""
        for client in self._made.values():
            client.close()
