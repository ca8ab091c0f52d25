"""A boto3 client that is created on first use."""

from __future__ import annotations

import threading
from importlib.util import find_spec
from typing import Any

from router.errors import RegistrationError

__all__ = ["LazyClient", "code_of_error"]


class LazyClient:
    """Creates a boto3 client when it is first needed: most containers never park a record, for example.

    Args:
        user: The class that needs the client, for the message.
        service: The name of the service.
        client: The user's own client, if there is one.

    Raises:
        RegistrationError: A client will be needed, and boto3 is not installed.
    """

    def __init__(self, user: str, service: str, client: Any) -> None:
        if client is None and find_spec("boto3") is None:
            msg = f"{user}() found no boto3, expected it as in Lambda's runtime: pip install boto3"
            raise RegistrationError(msg)
        self._service = service
        self._client = client
        self._lock = threading.Lock()

    def get(self) -> Any:
        """Return the client."""
        with self._lock:  # lanes may need it at the same time, and boto3's default session is not thread-safe
            if self._client is None:
                self._client = _make_client(self._service)
            return self._client


def _make_client(service: str) -> Any:
    import boto3
    from botocore.config import Config

    # With boto3's defaults a call may last minutes, longer than most functions.
    retries: Any = {"total_max_attempts": 2, "mode": "standard"}
    return boto3.client(service, config=Config(connect_timeout=2, read_timeout=5, retries=retries))


def code_of_error(error: Exception) -> str:
    """The code that a service answered, or the name of the error if it has not answered."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
    return code if isinstance(code, str) else type(error).__name__
