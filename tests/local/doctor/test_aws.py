"""Calls that read: which they are, and what errors mean."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from router.local.doctor import Aws, by_function
from router.local.doctor.aws import NoAccessError
from tests.local.doctor.stacks import DeployedStack

READS = ("Describe", "Get", "List")


@contextmanager
def called(aws: Aws, services: set[str]) -> Iterator[set[str]]:
    """The operations that are called meanwhile, as service:Operation."""
    found: set[str] = set()

    def note(model: Any, **_: Any) -> None:
        found.add(f"{model.service_model.service_name}:{model.name}")

    events = [aws.client(service).meta.events for service in services]
    for each in events:
        each.register("before-call", note)
    try:
        yield found
    finally:
        for each in events:
            each.unregister("before-call", note)


def everything(stack: DeployedStack) -> set[str]:
    """The operations of all that the checks can read."""
    services = {"cloudformation", "cloudwatch", "dynamodb", "lambda", "s3", "sqs"}
    with called(stack.server.aws, services) as found:
        stack.client("sqs").send_message(QueueUrl=stack.ids["ParkedRecords"], MessageBody="parked")
        for template in (True, False):
            stack.findings(template=template)
            stack.findings_by_function(template=template)
    return found


def test_only_calls_that_read(stack: DeployedStack) -> None:
    """No operation writes, with and without findings."""
    stack.update_mapping(Enabled=False)
    found = everything(stack)
    assert len(found) > 10
    assert [each for each in found if not each.partition(":")[2].startswith(READS)] == []


@pytest.mark.parametrize("code", ["AccessDeniedException", "AccessDenied", "UnauthorizedOperation"])
def test_not_allowed(stack: DeployedStack, code: str) -> None:
    """What may not be read is a note that names the action and the checks; all else is checked."""
    stack.update_mapping(BatchSize=7)
    with stack.refused("dynamodb", "DescribeTable", code):
        differs, unread = stack.findings()
    assert differs.check == "mapping-differs"
    assert (unread.check, unread.severity) == ("not-checked", "note")
    assert unread.found == (
        "not checked: stream-stopped, stream-replaced, stream-differs, because dynamodb:DescribeTable is not allowed"
    )


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarms"),
        ("cloudwatch:GetMetricData", "cloudwatch:GetMetricData"),
        ("lambda:GetEventSourceMapping", "lambda:GetEventSourceMapping"),
        ("lambda:GetFunctionConcurrency", "lambda:GetFunctionConcurrency"),
        ("lambda:GetFunctionConfiguration", "lambda:GetFunctionConfiguration"),
        ("s3:ListObjectsV2", "s3:ListBucket"),
        ("sqs:GetQueueAttributes", "sqs:GetQueueAttributes"),
        ("sqs:GetQueueUrl", "sqs:GetQueueUrl"),
    ],
)
def test_each_call_may_be_refused(stack: DeployedStack, operation: str, action: str) -> None:
    """A call that is not allowed ends no check that does not need it, and the note names the action of IAM."""
    service, _, name = operation.partition(":")
    with stack.refused(service, name, "AccessDenied"):
        (finding,) = stack.findings()
    assert finding.check == "not-checked"
    assert finding.found.endswith(f", because {action} is not allowed")


def test_throttled(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that is throttled is made again."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with stack.refused("lambda", "GetFunctionConcurrency", "TooManyRequestsException", times=2) as calls:
        assert stack.findings() == []
    assert len(calls) == 3


def test_throttled_for_long(stack: DeployedStack, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that stays throttled is a note."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    with stack.refused("lambda", "GetFunctionConcurrency", "TooManyRequestsException") as calls:
        (finding,) = stack.findings()
    assert finding.found == (
        "not checked: function-stopped, because lambda:GetFunctionConcurrency has no answer (TooManyRequestsException)"
    )
    assert 1 < len(calls) < 10


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException", "AccessDenied"])
@pytest.mark.parametrize(
    ("service", "operation"), [("cloudformation", "DescribeStacks"), ("lambda", "ListEventSourceMappings")]
)
def test_no_access(stack: DeployedStack, service: str, operation: str, code: str) -> None:
    """Without access to the stack or to the function there is nothing to examine."""
    with stack.refused(service, operation, code), pytest.raises(NoAccessError):
        _ = stack.findings() if service == "cloudformation" else stack.findings_by_function()


def test_web_page() -> None:
    """A web server in the place of AWS is named."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><html></html>")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
            pass

    with HTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        aws = Aws(f"http://127.0.0.1:{server.server_port}")
        try:
            with pytest.raises(NoAccessError, match=r"found a web page at .*, expected an endpoint of AWS"):
                by_function(aws, "shop", None)
        finally:
            aws.close()
            server.shutdown()


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without credentials the error says what to do."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    aws = Aws("http://169.254.0.1:1", region="eu-west-1")
    with pytest.raises(NoAccessError, match="Unable to locate credentials; see --profile and --region"):
        by_function(aws, "shop", None)
    aws.close()
