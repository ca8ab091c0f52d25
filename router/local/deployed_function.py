"""A deployed function, invoked as its sources would: synchronously, with an event."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from router.aws_client import code_of_error
from router.errors import RouterError
from router.local.aws_clients import aws_client

__all__ = ["DeployedFunction", "FunctionError", "FunctionNotInvokedError"]

_LONGEST_SECONDS = 910  # an invocation takes 900 s at most
_ATTEMPTS = 10  # of botocore's adaptive mode, which waits longer after each throttle
_LARGEST_SHOWN = 200  # characters


class FunctionError(RouterError):
    """An invocation failed as a whole: the function raised, ran out of time or memory, or did not start."""


class FunctionNotInvokedError(RouterError):
    """The function cannot be invoked: there is none of this name, or no permission, or no answer."""


class DeployedFunction:
    """Invokes a function and returns its response. Threads may use one at the same time.

    https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html

    Args:
        name: The function's name or ARN, with a version or an alias if need be.
        endpoint_url: The endpoint of Lambda; by default AWS.
    """

    largest_event = 6_000_000
    """Bytes of the largest event; Lambda refuses more than 6 MB."""

    def __init__(self, name: str, endpoint_url: str | None = None) -> None:
        self.name = name
        self._client = aws_client(
            "lambda",
            endpoint_url,
            connect_timeout=5,
            read_timeout=_LONGEST_SECONDS,
            tcp_keepalive=True,
            max_pool_connections=64,
            retries={"total_max_attempts": _ATTEMPTS, "mode": "adaptive"},
        )

    def invoke(self, event: Any) -> dict[str, Any]:
        """The response to an event.

        Args:
            event: The event, or its JSON.

        Raises:
            FunctionError: The invocation failed.
            FunctionNotInvokedError: The function cannot be invoked.
        """
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        try:
            answer = self._client.invoke(FunctionName=self.name, InvocationType="RequestResponse", Payload=payload)
            with answer["Payload"] as body:
                content = body.read()
        except Exception as error:  # noqa: BLE001 - of boto3, which is not imported here
            msg = f"found {code_of_error(error)} on invoking the function {self.name}, expected its response"
            raise FunctionNotInvokedError(msg) from None
        document = _json_of(content)
        if "FunctionError" in answer:
            msg = f"found {_type_of(document)} from the function {self.name}; its log says more"
            raise FunctionError(msg)
        if not isinstance(document, dict):
            msg = f"found a response of type {type(document).__name__} from {self.name}, expected batchItemFailures"
            raise FunctionError(msg)
        return document

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _json_of(content: bytes) -> Any:
    try:
        return json.loads(content or b"null")
    except ValueError:
        return None


def _type_of(document: Any) -> str:
    """The type of the error; its text may hold values of items."""
    found = document.get("errorType") if isinstance(document, Mapping) else None
    if isinstance(found, str) and found:
        return found[:_LARGEST_SHOWN]
    message = document.get("errorMessage") if isinstance(document, Mapping) else None
    return "a time-out" if isinstance(message, str) and "timed out" in message else "an error without a type"
