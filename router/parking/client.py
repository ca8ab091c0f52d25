"""The boto3 client of a parking place, created on first use."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from typing import Any

from router.errors import RegistrationError

__all__ = ["LazyClient"]


class LazyClient:
    """Creates a boto3 client when the first record is parked: most containers never park one.

    Args:
        place: The class of the parking place, for the message.
        service: The name of the service.
        client: The user's own client, if there is one.

    Raises:
        RegistrationError: A client will be needed, and boto3 is not installed.
    """

    def __init__(self, place: str, service: str, client: Any) -> None:
        if client is None and find_spec("boto3") is None:
            msg = f"{place}() found no boto3, expected it as in Lambda's runtime: pip install boto3"
            raise RegistrationError(msg)
        self._service = service
        self._client = client
        self._lock = threading.Lock()

    def get(self) -> Any:
        """Return the client."""
        with self._lock:  # lanes may park at the same time, and boto3's default session is not thread-safe
            if self._client is None:
                self._client = _make_client(self._service)
            return self._client


def _make_client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    # With boto3's defaults a call may last minutes, longer than most functions.
    retries: Any = {"total_max_attempts": 2, "mode": "standard"}
    return boto3.client(service, config=Config(connect_timeout=2, read_timeout=5, retries=retries))
