"""Requests to DynamoDB: those that can succeed later are repeated within the deadline, others are rejected.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from router.aws_client import LazyClient, code_of_error
from router.context import Deadline
from router.errors import Reject
from router.inject.scopes import current_invocation

__all__ = ["CancelledTransaction", "RefusedCondition", "RefusedForAll", "Requests", "current_deadline", "pause"]

CONDITION: Final = "ConditionalCheckFailed"
"""The code of a failed condition, in the reasons of a cancelled transaction."""

# The names are those of errors, and those of the reasons of a cancelled transaction.
_TRANSIENT: Final = frozenset(
    {
        *("InternalServerError", "LimitExceededException", "ProvisionedThroughputExceeded"),
        *("ProvisionedThroughputExceededException", "ReplicatedWriteConflictException", "RequestLimitExceeded"),
        *("RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "Throttling", "ThrottlingError"),
        *("ThrottlingException", "TransactionConflict", "TransactionConflictException"),
        "TransactionInProgressException",
    }
)
_PERMANENT: Final = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "ItemCollectionSizeLimitExceeded"),
        *("ItemCollectionSizeLimitExceededException", "ParamValidationError", "ResourceNotFound"),
        *("ResourceNotFoundException", "SerializationException", "ValidationError", "ValidationException"),
    }
)
_FOR_ALL: Final = frozenset({"AccessDenied", "AccessDeniedException", "ResourceNotFound", "ResourceNotFoundException"})
_OF_THE_CONNECTION: Final = frozenset({"ConnectionError", "HTTPClientError"})
"""The bases of botocore's errors without an answer: a time-out, a closed connection."""
_SERVER_ERROR: Final = 500

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds
_MOST_TRIES, _MOST_TRIES_WITHOUT_DEADLINE = 30, 8


class RefusedCondition(Exception):  # noqa: N818 - the answer to a question, which its caller expects
    """The condition of a write does not hold.

    Args:
        item: The item as DynamoDB has it, where the write asks for it.
    """

    def __init__(self, item: dict[str, Any]) -> None:
        super().__init__()
        self.item = item


class CancelledTransaction(Exception):  # noqa: N818 - as above
    """A transaction is cancelled, because a condition does not hold.

    Args:
        reasons: The code of each of its writes; ``"None"`` for one that could be made.
    """

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__()
        self.reasons = reasons


class RefusedForAll(Reject):
    """A service refuses every request like this one: the role lacks a permission, or what it names is missing."""


class Requests:
    """Makes requests to DynamoDB.

    Args:
        user: The class of the effect, for messages.
        client: The user's own client, if there is one.

    Raises:
        RegistrationError: A client will be needed, and boto3 is not installed.
    """

    def __init__(self, user: str, client: Any) -> None:
        self._client = LazyClient(user, "dynamodb", client)

    def make(self, operation: str, **parameters: Any) -> Any:
        """Make a request, again after a throttle or a fault of the service, as long as there is time.

        Args:
            operation: The method of the client.
            parameters: Its parameters.

        Raises:
            RefusedCondition: The condition of the write does not hold.
            CancelledTransaction: A condition of the transaction does not hold.
            Reject: DynamoDB will never accept the request.
            Exception: The error of botocore; a retry of the record can succeed.
        """
        call, tries = getattr(self._client.get(), operation), 0
        while True:
            try:
                return call(**parameters)
            except Exception as error:
                _raise_answer(error, operation)
                tries += 1
                if not _is_transient(error) or not pause(tries):
                    raise


def pause(tries: int) -> bool:
    """Wait before another try; return whether there is time for one.

    Args:
        tries: How many failed.
    """
    from random import uniform  # not for most events

    seconds = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (tries - 1)) * uniform(0.5, 1)  # noqa: S311 - no secret
    deadline = current_deadline()
    most = _MOST_TRIES_WITHOUT_DEADLINE if deadline.timeout is None else _MOST_TRIES
    if tries >= most or deadline.remaining < seconds:
        return False
    time.sleep(seconds)
    return True


def current_deadline() -> Deadline:
    """The deadline of the invocation that the running code belongs to; else one that never passes."""
    invocation = current_invocation.get(None)
    return Deadline() if invocation is None else invocation.deadline


def _raise_answer(error: Exception, operation: str) -> None:
    """Raise what an error says for good; nothing where another try may succeed."""
    code, reasons = code_of_error(error), _reasons(error)
    if code == f"{CONDITION}Exception":
        raise RefusedCondition(getattr(error, "response", {}).get("Item", {})) from error
    permanent = sorted(_PERMANENT.intersection(reasons or (code,)))
    if permanent:
        name = "".join(map(str.title, operation.split("_")))
        msg = f"DynamoDB refused {name} with {permanent[0]}, which no retry can help"
        raise (RefusedForAll if permanent[0] in _FOR_ALL else Reject)(msg) from error
    if CONDITION in reasons:
        raise CancelledTransaction(reasons) from error


def _is_transient(error: Exception) -> bool:
    if any(kind.__name__ in _OF_THE_CONNECTION for kind in type(error).__mro__):
        return True
    response = getattr(error, "response", None)
    answer = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    codes = _reasons(error) or [code_of_error(error)]
    return not _TRANSIENT.isdisjoint(codes) or answer.get("HTTPStatusCode", 0) >= _SERVER_ERROR


def _reasons(error: Exception) -> list[str]:
    """The codes of a cancelled transaction, one for each of its writes."""
    response = getattr(error, "response", None)
    reasons = response.get("CancellationReasons", ()) if isinstance(response, dict) else ()
    return [str(reason.get("Code")) for reason in reasons]
