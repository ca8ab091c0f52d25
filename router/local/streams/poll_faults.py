"""The errors that DynamoDB Streams answers to a reader that may go on.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html
"""

from __future__ import annotations

from typing import Any, Literal

from router.local.engines.endpoint import Endpoint, EndpointError

__all__ = ["PollFault", "error_name", "is_local", "is_stream_missing", "poll_fault"]

PollFault = Literal["expired", "trimmed", "shard missing", "busy", "unreachable"]
"""Why a page cannot be read: its iterator, its data or its shard is gone; the service is busy or does not answer."""

_BUSY = frozenset(
    {
        *("InternalFailure", "InternalServerError", "InternalServerException", "ServiceUnavailable"),
        *("LimitExceededException", "ProvisionedThroughputExceededException", "RequestLimitExceeded"),
        *("RequestTimeout", "ServiceUnavailableException", "Throttling", "ThrottlingException"),
        *("RequestTimeoutException", "ThrottledException", "TooManyRequestsException"),
    }
)
_TOO_MANY_REQUESTS, _SERVER_ERRORS = 429, 500  # HTTP status


def poll_fault(error: Exception) -> PollFault | None:
    """The fault after which a reader goes on; ``None`` for every other error.

    Args:
        error: An error of boto3's client of DynamoDB Streams.

    Example:
        >>> from botocore.exceptions import ClientError
        >>> poll_fault(ClientError({"Error": {"Code": "ThrottlingException"}}, "GetRecords"))
        'busy'
    """
    from botocore import exceptions as found

    if isinstance(error, found.ClientError):
        return _refusal(error.response, error.operation_name)
    if isinstance(error, EndpointError):  # a web page, such as one of a gateway whose engine starts again
        return "unreachable" if error.status is not None and error.status >= _SERVER_ERRORS else None
    if isinstance(error, found.EndpointConnectionError | found.ConnectTimeoutError | found.ProxyConnectionError):
        return "unreachable"
    return "busy" if isinstance(error, found.HTTPClientError | found.IncompleteReadError) else None


def error_name(error: Exception) -> str:
    """The operation and the code of an error, or its text if the service has not answered; without items.

    Args:
        error: An error of boto3's client.
    """
    from botocore.exceptions import ClientError

    if not isinstance(error, ClientError):
        return str(error)
    return f"{error.response.get('Error', {}).get('Code')} of {error.operation_name}"


def is_local(error: Exception) -> bool:
    """Whether an error is about an endpoint on the loopback interface.

    Args:
        error: An error of boto3's client.
    """
    url = getattr(error, "kwargs", {}).get("endpoint_url")
    return isinstance(url, str) and Endpoint(url).local


def is_stream_missing(error: Exception) -> bool:
    """Whether the service knows no such stream.

    Args:
        error: An error of boto3's client.
    """
    return error_name(error) == "ResourceNotFoundException of DescribeStream"


def _refusal(response: Any, operation: str) -> PollFault | None:
    code = str(response.get("Error", {}).get("Code"))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
    if code == "ExpiredIteratorException":
        return "expired"
    if code == "TrimmedDataAccessException":
        return "trimmed"
    if code == "ResourceNotFoundException":
        # DescribeStream finds no stream: then there is nothing to read any more.
        return None if operation == "DescribeStream" else "shard missing"
    return "busy" if code in _BUSY or status == _TOO_MANY_REQUESTS or status >= _SERVER_ERRORS else None
