"""Requests that can succeed later are repeated within the deadline, others are rejected."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError, ReadTimeoutError

from router import Change, Dispatcher, MemoryParking, Reject, Routes
from router.effects import View
from router.effects.requests import CancelledTransaction, Requests
from tests.builders import Context, Order, batch, insert

THROTTLED = "ProvisionedThroughputExceededException"


def refusal(code: str, status: int = 400, **details: Any) -> ClientError:
    answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}, **details}
    return ClientError(answer, "PutItem")


def cancelled(*codes: str) -> ClientError:
    return refusal("TransactionCanceledException", CancellationReasons=[{"Code": code} for code in codes])


class Client:
    """A client whose first requests fail."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = [*errors]
        self.calls = 0

    def put_item(self, **_: Any) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between tries, which take no time."""
    taken: list[float] = []
    monkeypatch.setattr(time, "sleep", taken.append)
    return taken


TRANSIENT = [
    refusal(THROTTLED),
    refusal("ThrottlingException"),
    refusal("InternalServerError", 500),
    refusal("NoSuchName", 503),
    EndpointConnectionError(endpoint_url="http://localhost"),
    ReadTimeoutError(endpoint_url="http://localhost"),
    cancelled("None", "TransactionConflict"),
    cancelled("ThrottlingError"),
]
PERMANENT = [
    refusal("ValidationException"),
    refusal("AccessDeniedException"),
    refusal("ResourceNotFoundException"),
    ParamValidationError(report="a value"),
    cancelled("None", "ValidationError"),
    cancelled("ConditionalCheckFailed", "ItemCollectionSizeLimitExceeded"),
]


@pytest.mark.parametrize("error", TRANSIENT, ids=repr)
def test_what_can_succeed_later_is_tried_again(error: Exception) -> None:
    """A throttle, a fault of the service, a lost connection, a conflict with another transaction."""
    client = Client(error, error, error)
    assert Requests("View", client).make("put_item") == "answer"
    assert client.calls == 4


@pytest.mark.parametrize("error", PERMANENT, ids=repr)
def test_what_never_succeeds_is_rejected(error: Exception) -> None:
    """After one try, and without the text of the error, which may have values of the item."""
    client = Client(error)
    with pytest.raises(Reject, match=r"^DynamoDB refused PutItem with \w+, which no retry can help$"):
        Requests("View", client).make("put_item")
    assert client.calls == 1


def test_another_error_is_of_the_record() -> None:
    """It is not repeated here, and the record is retried: credentials may come back."""
    client = Client(refusal("ExpiredTokenException"))
    with pytest.raises(ClientError, match="ExpiredToken"):
        Requests("View", client).make("put_item")
    assert client.calls == 1


def test_a_failed_condition_cancels_a_transaction_for_good() -> None:
    """Also where another of its writes is in conflict."""
    with pytest.raises(CancelledTransaction) as raised:
        Requests("Once", Client(cancelled("ConditionalCheckFailed", "TransactionConflict"))).make("put_item")
    assert raised.value.reasons == ["ConditionalCheckFailed", "TransactionConflict"]


def test_without_a_deadline_tries_end(pauses: list[float]) -> None:
    """After eight, with growing pauses, the error is that of DynamoDB."""
    client = Client(*[refusal(THROTTLED)] * 99)
    with pytest.raises(ClientError):
        Requests("View", client).make("put_item")
    assert client.calls == 8
    assert max(pauses) > 8 * min(pauses)


@pytest.mark.parametrize(("milliseconds", "calls"), [(1010, 1), (60_000, 30)])
def test_tries_end_before_the_deadline(milliseconds: int, calls: int, clock: Any) -> None:
    """No pause begins that does not fit, and the record is reported."""
    client = Client(*[refusal(THROTTLED)] * 99)
    routes = Routes()

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        View("Pages", client=client).put(change, {"pk": "P"}, {})

    report = Dispatcher(routes, reserve=1.0).dispatch(batch(insert(1)), Context(milliseconds))
    assert [outcome.status for outcome in report] == ["failed"]
    assert client.calls == calls


def test_a_missing_table_parks_the_record() -> None:
    """Policies see a permanent failure."""
    routes, parking = Routes(), MemoryParking()

    @routes.on(Order)
    def show(change: Change[Order]) -> None:
        View("Pages", client=Client(refusal("ResourceNotFoundException"))).put(change, {"pk": "P"}, {})

    report = Dispatcher(routes, parking=parking).dispatch(batch(insert(1)))
    assert [outcome.status for outcome in report] == ["parked"]
