"""Requests to AWS: those that can succeed later are repeated within the deadline, others are rejected.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html
https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html
https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html
https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from router.aws_client import LazyClient, code_of_error
from router.context import Deadline, current_clock
from router.errors import Reject, RouterError
from router.inject.scopes import current_invocation

__all__ = [
    "Access", "CancelledTransaction", "RefusedCondition", "RefusedEntryError", "RefusedForAll", "Requests",
    "current_deadline", "pause", "refusal",
]  # fmt: skip

CONDITION: Final = "ConditionalCheckFailed"
"""The code of a failed condition, in the reasons of a cancelled transaction."""

_NAMES: Final = {
    "dynamodb": "DynamoDB",
    "events": "EventBridge",
    "firehose": "Firehose",
    "kinesis": "Kinesis",
    "sns": "SNS",
    "sqs": "SQS",
}

# The names are those of errors, of refused entries of a request, and of the reasons of a cancelled transaction.
_TRANSIENT: Final = frozenset(
    {
        *("InternalError", "InternalErrorException", "InternalException", "InternalFailure"),
        *("InternalFailureException", "KMSThrottlingException", "KmsThrottled", "OverLimit", "RequestThrottled"),
        "ServiceUnavailableException",
        *("InternalServerError", "LimitExceededException", "ProvisionedThroughputExceeded"),
        *("ProvisionedThroughputExceededException", "ReplicatedWriteConflictException", "RequestLimitExceeded"),
        *("RequestTimeout", "RequestTimeoutException", "ServiceUnavailable", "Throttling", "ThrottlingError"),
        *("ThrottlingException", "TransactionConflict", "TransactionConflictException"),
        "TransactionInProgressException",
    }
)
_FOR_ALL: Final = frozenset(
    {
        *("AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException"),
        *("InvalidAccountIdException", "KMSAccessDeniedException", "KmsAccessDenied", "NonExistentQueue"),
        *("NotAuthorizedForSourceException", "NotFound", "NotFoundException", "QueueDoesNotExist"),
        *("ResourceNotFound", "ResourceNotFoundException"),
    }
)
_PERMANENT: Final = _FOR_ALL | {
    *("BatchRequestTooLong", "BatchRequestTooLongException", "InvalidArgument", "InvalidArgumentException"),
    *("InvalidMessageContents", "InvalidParameter", "InvalidParameterException", "InvalidParameterValue"),
    *("InvalidParameterValueException", "ItemCollectionSizeLimitExceeded", "MalformedDetail"),
    *("ItemCollectionSizeLimitExceededException", "NotAuthorizedForDetailTypeException", "ParamValidationError"),
    *("RedactionFailure", "SerializationException", "ValidationError", "ValidationException"),
}
_OF_THE_CONNECTION: Final = frozenset({"ConnectionError", "HTTPClientError"})
"""The bases of botocore's errors without an answer: a time-out, a closed connection."""
_SERVER_ERROR: Final = 500

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds
_MOST_TRIES, _MOST_TRIES_WITHOUT_DEADLINE = 30, 8


class Access(NamedTuple):
    """What the role of the function must allow an effect.

    Args:
        actions: One of these actions.
        resource: The name or the ARN of the table, the bus, the topic or the stream; the URL of the queue.
        of_index: The name of the table's index, if the action is on one.
    """

    actions: tuple[str, ...]
    resource: str
    of_index: str | None = None


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


class RefusedEntryError(RouterError):
    """A service refused an entry of a request, and may accept it later.

    Args:
        service: The name of the service.
        code: Its code.
    """

    def __init__(self, service: str, code: str) -> None:
        super().__init__(service, code)
        self.service = service
        self.code = code

    def __str__(self) -> str:
        return f"{self.service} refused an entry with {self.code}"


def refusal(service: str, code: str, *, at_fault: bool) -> Exception:
    """The error of an entry that a service refused.

    Args:
        service: boto3's name of the service.
        code: The code of the error.
        at_fault: Whether the service says that the entry is wrong.
    """
    code = code.rpartition(".")[2]  # AWS.SimpleQueueService.BatchRequestTooLong
    if code in _PERMANENT or (at_fault and code not in _TRANSIENT):
        return Reject(f"{_NAMES[service]} refused an entry with {code}, which no retry can help")
    return RefusedEntryError(_NAMES[service], code)


class Requests:
    """Makes requests to a service.

    Args:
        user: The class of the effect, for messages.
        client: The user's own client, if there is one.
        service: boto3's name of the service.

    Raises:
        RegistrationError: A client will be needed, and boto3 is not installed.
    """

    def __init__(self, user: str, client: Any, service: str = "dynamodb") -> None:
        self._client = LazyClient(user, service, client)
        self._service = service
        self.by_role = client is None
        """Whether the function's role makes them; a client of the user's may have other credentials, or none."""

    def make(self, operation: str, **parameters: Any) -> Any:
        """Make a request, again after a throttle or a fault of the service, as long as there is time.

        Args:
            operation: The method of the client.
            parameters: Its parameters.

        Raises:
            RefusedCondition: The condition of the write does not hold.
            CancelledTransaction: A condition of the transaction does not hold.
            Reject: The service will never accept the request.
            Exception: The error of botocore; a retry of the record can succeed.
        """
        call, tries = getattr(self._client.get(), operation), 0
        while True:
            try:
                return call(**parameters)
            except Exception as error:
                _raise_answer(error, _NAMES[self._service], operation)
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
    current_clock().sleep(seconds)
    return True


def current_deadline() -> Deadline:
    """The deadline of the invocation that the running code belongs to; else one that never passes."""
    invocation = current_invocation.get(None)
    return Deadline() if invocation is None else invocation.deadline


def _raise_answer(error: Exception, service: str, operation: str) -> None:
    """Raise what an error says for good; nothing where another try may succeed."""
    code, reasons = _code(error), _reasons(error)
    if code == f"{CONDITION}Exception":
        raise RefusedCondition(getattr(error, "response", {}).get("Item", {})) from error
    permanent = sorted(_PERMANENT.intersection(reasons or (code,)))
    if permanent:
        name = "".join(map(str.title, operation.split("_")))
        msg = f"{service} refused {name} with {permanent[0]}, which no retry can help"
        raise (RefusedForAll if permanent[0] in _FOR_ALL else Reject)(msg) from error
    if CONDITION in reasons:
        raise CancelledTransaction(reasons) from error


def _is_transient(error: Exception) -> bool:
    if any(kind.__name__ in _OF_THE_CONNECTION for kind in type(error).__mro__):
        return True
    response = getattr(error, "response", None)
    answer = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
    codes = _reasons(error) or [_code(error)]
    return not _TRANSIENT.isdisjoint(codes) or answer.get("HTTPStatusCode", 0) >= _SERVER_ERROR


def _code(error: Exception) -> str:
    return code_of_error(error).rpartition(".")[2]  # AWS.SimpleQueueService.NonExistentQueue


def _reasons(error: Exception) -> list[str]:
    """The codes of a cancelled transaction, one for each of its writes."""
    response = getattr(error, "response", None)
    reasons = response.get("CancellationReasons", ()) if isinstance(response, dict) else ()
    return [str(reason.get("Code")) for reason in reasons]
