"""``router.local.redrive.runners``: what Lambda answers to a redrive, as a server on this machine never does."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from router.local.aws_clients import aws_client
from router.local.deployed_function import DeployedFunction, FunctionNotInvokedError
from router.local.redrive.runners import InFunction, Result

EVENT = {"Records": [{"eventID": "e1"}]}
SENT = {"FunctionName": "shop", "InvocationType": "RequestResponse", "Payload": b'{"Records": [{"eventID": "e1"}]}'}


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """A client of Lambda with recorded answers; all of them are asked for."""
    client = aws_client("lambda", "http://127.0.0.1:1")
    monkeypatch.setattr("router.local.deployed_function.aws_client", lambda *_, **__: client)
    with Stubber(client) as stub:
        yield stub
    stub.assert_no_pending_responses()
    client.close()


@pytest.fixture
def runner(stub: Stubber) -> InFunction:
    return InFunction(DeployedFunction("shop"))


def answer(content: bytes, **fields: Any) -> dict[str, Any]:
    return {"StatusCode": 200, "Payload": StreamingBody(io.BytesIO(content), len(content)), **fields}


@pytest.mark.parametrize("code", ["TooManyRequestsException", "EC2ThrottledException", "ServiceException"])
def test_a_throttled_function_is_no_failure_of_the_record(stub: Stubber, runner: InFunction, code: str) -> None:
    """After boto3's own retries: it has not run, so it is not reported as failed, and the run ends."""
    stub.add_response("invoke", answer(b'{"batchItemFailures": []}'), SENT)
    assert runner.run(EVENT) == Result("done")
    stub.add_client_error("invoke", code, http_status_code=429)
    with pytest.raises(FunctionNotInvokedError, match=f"^found {code} on invoking the function shop, expected its"):
        runner.run(EVENT)


def test_a_record_that_the_function_reports(stub: Stubber, runner: InFunction) -> None:
    """It has failed; what for is in the function's log."""
    stub.add_response("invoke", answer(b'{"batchItemFailures": [{"itemIdentifier": "1"}]}'), SENT)
    result = runner.run(EVENT)
    assert (result.outcome, result.error["error"]) == ("failed", "Reported")


def test_an_invocation_that_times_out(stub: Stubber, runner: InFunction) -> None:
    """The record has failed, without a value of its item in the error."""
    content = b'{"errorMessage": "2026-01-01T00:00:00Z 1f2e Task timed out after 60.00 seconds"}'
    stub.add_response("invoke", answer(content, FunctionError="Unhandled"), SENT)
    result = runner.run(EVENT)
    assert (result.outcome, result.error["error"]) == ("failed", "FunctionError")
    assert "found a time-out from the function shop" in str(result.error)


def test_an_event_that_lambda_does_not_take(stub: Stubber, runner: InFunction) -> None:
    """It is not sent."""
    assert runner.run({"Records": ["x" * 6_000_000]}).error == {"error": "EventTooLarge"}
