"""``router.testing.invoked_function``: a handler under a stream is invoked as Lambda invokes a function."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from router.testing import Stream


class Order(BaseModel):
    EntityType: Literal["Order"] = "Order"
    pk: str


def fail(event: Any, context: Any) -> None:
    raise ValueError("no")


def test_a_handler_cannot_change_the_stream() -> None:
    """Each delivery is a copy, and so is the kept event."""

    def handler(event: Any, context: Any) -> None:
        event["Records"][0].clear()
        raise ValueError

    stream = Stream(handler, maximum_retry_attempts=1)
    stream.put(Order(pk="a"))
    stream.run()
    first, second = stream.invocations
    assert first == second
    assert first["Records"] == stream.records
    assert stream.discarded[0].records == stream.records


def test_context() -> None:
    """The context has the request ID, the same for retries, and the remaining time of the virtual clock."""
    seen: list[tuple[str, str, int, int]] = []

    def handler(event: Any, context: Any) -> None:
        before = context.get_remaining_time_in_millis()
        stream.advance(2)
        after = context.get_remaining_time_in_millis()
        seen.append((context.aws_request_id, context.function_name, before, after))
        raise ValueError

    stream = Stream(handler, timeout=3, function_name="shop", maximum_retry_attempts=1)
    stream.put(Order(pk="a"))
    stream.run()
    first, second = seen
    assert first == second
    assert first[1:] == ("shop", 3000, 1000)
    assert stream.discarded[0]["requestContext"]["requestId"] == first[0]


def test_timeout() -> None:
    """A handler that exceeds its time-out fails, with any response."""

    def handler(event: Any, context: Any) -> dict[str, Any]:
        stream.advance(4)
        return {"batchItemFailures": []}

    stream = Stream(handler, timeout=3, maximum_retry_attempts=0)
    stream.put(Order(pk="a"))
    stream.run()
    assert isinstance(stream.errors[0], TimeoutError)
    assert stream.discarded[0]["responseContext"]["functionError"] == "Unhandled"


def test_response_is_json() -> None:
    """Decimals are serialised as in Lambda, and a set is a failure; the kept response is Lambda's."""
    answers: list[Any] = [{"n": Decimal("1.5"), 1: (2,)}, {"batchItemFailures": {1}}, {"batchItemFailures": []}]

    def handler(event: Any, context: Any) -> Any:
        return answers.pop(0)

    stream = Stream(handler, batch_size=1, maximum_retry_attempts=0)
    stream.put(Order(pk="a"))
    stream.put(Order(pk="b"))
    stream.run()
    assert stream.responses[0] == {"n": 1.5, "1": [2]}
    assert stream.responses[1] == {
        "errorMessage": "found a response with a value of type set, expected JSON",
        "errorType": "TypeError",
    }
    assert len(stream.discarded) == 1


def test_function_error() -> None:
    """An exception is a function error; it is kept, and a failure document follows."""
    stream = Stream(fail, maximum_retry_attempts=2)
    stream.put(Order(pk="a"))
    stream.run()
    assert len(stream.invocations) == len(stream.responses) == len(stream.errors) == 3
    assert stream.responses[0] == {"errorMessage": "no", "errorType": "ValueError"}
    assert [type(error) for error in stream.errors] == [ValueError] * 3
    (document,) = stream.discarded
    assert document["requestContext"]["condition"] == document.condition == "RetryAttemptsExhausted"
    assert document["requestContext"]["approximateInvokeCount"] == 3
    assert "payload" not in document
    assert document.event == stream.invocations[-1]
    assert json.loads(document.s3_document["payload"]) == document.event


def test_tests_may_fail_inside_a_handler() -> None:
    """Exceptions that end the test, such as pytest's outcomes, are no function errors."""

    def handler(event: Any, context: Any) -> None:
        pytest.fail("here")

    stream = Stream(handler)
    stream.put(Order(pk="a"))
    with pytest.raises(pytest.fail.Exception):
        stream.run()
