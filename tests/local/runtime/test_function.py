"""``router.local.runtime.function``: results, time-outs, crashes and cold starts in Lambda's runtime client."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from router.local.event_source_mapping import FunctionError, Invoke, Returned
from router.local.runtime import (
    Answer,
    FunctionConfiguration,
    PayloadTooLargeError,
    RuntimeClientMissingError,
    RuntimeFunction,
    require_client,
    result_of,
)
from router.local.runtime.answers import MAX_PAYLOAD, exited
from router.local.runtime.sandbox import Sandbox
from tests.clock import Clock
from tests.local.runtime.conftest import Start
from tests.waiting import becomes


def event(do: str, **more: Any) -> bytes:
    return json.dumps({"do": do, **more}).encode()


def lives(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


class TestAnswers:
    def test_the_bytes_are_the_clients(self, start: Start) -> None:
        """The response is JSON as Lambda's client writes it."""
        answer = start().invoke(event("answer", **{"with": {"a": [1, 2.50, "\u00fc"]}}))
        assert (answer.payload.decode(), answer.failed) == (
            json.dumps({"a": [1, 2.5, "\u00fc"]}, ensure_ascii=_ascii()),
            False,
        )

    def test_an_error_is_a_document(self, start: Start) -> None:
        """An error document has type, message, stack trace and request ID."""
        answer = start().invoke(event("raise"), request_id="r-1")
        document = json.loads(answer.payload)
        assert (document["errorType"], document["errorMessage"], document["requestId"]) == (
            "KeyError",
            "'missing'",
            "r-1",
        )
        assert "probe.py" in document["stackTrace"][-1]
        assert (answer.failed, answer.error_type, answer.error_message) == (True, "KeyError", "'missing'")

    def test_nan_in_a_response_is_passed_on(self, start: Start) -> None:
        """The client writes NaN, and a mapping reads it."""
        answer = start().invoke(event("answer numbers"))
        assert answer.payload == b"[NaN, 1.50, NaN, 1e+300]"
        assert isinstance(result_of(answer), Returned)

    def test_a_response_that_is_no_json_fails_that_invocation(self, start: Start) -> None:
        """The process continues."""
        function = start()
        assert function.invoke(event("answer a set")).error_type == "Runtime.MarshalError"
        pid = function.pid
        assert function.invoke(event("answer nothing")).payload == b"null"
        assert function.pid == pid

    def test_a_response_of_six_megabytes(self, start: Start) -> None:
        """The limit is Lambda's; a byte more is an error and ends the process."""
        function = start()
        assert len(function.invoke(event("answer a length", bytes=MAX_PAYLOAD)).payload) == MAX_PAYLOAD
        too_long = function.invoke(event("answer a length", bytes=MAX_PAYLOAD + 1))
        assert too_long.error_type == "Function.ResponseSizeTooLarge"
        assert function.invoke(event("answer nothing")).payload == b"null"

    def test_an_event_that_is_too_large_is_refused(self, start: Start) -> None:
        """The error comes before a process starts."""
        function = start()
        with pytest.raises(PayloadTooLargeError, match="found an event of 6291557 bytes, expected at most 6291556"):
            function.invoke(b"x" * (MAX_PAYLOAD + 1))
        assert function.pid is None

    def test_an_error_that_is_no_document_has_no_type(self) -> None:
        """A runtime may send any bytes as an error."""
        for payload in (b"{", b"[]", b"{}", b'{"errorType": 1}'):
            assert Answer(payload, failed=True).error_type is None
        assert Answer(b'{"errorType": "of a response"}').error_type is None

    @pytest.mark.parametrize(
        ("answer", "result"),
        [
            (Answer(b'{"batchItemFailures": []}'), Returned({"batchItemFailures": []})),
            (Answer(b"null"), Returned(None)),
            (Answer(b"raw"), FunctionError()),
            (Answer(b"{}", failed=True), FunctionError()),
        ],
    )
    def test_results_of_a_mapping(self, answer: Answer, result: object) -> None:
        """Errors and responses that are no JSON fail the batch."""
        assert result_of(answer) == result


class TestContext:
    @pytest.fixture
    def facts(self, start: Start, folder: Path) -> dict[str, Any]:
        """What a function finds around it."""
        names = [
            "aws_request_id", "invoked_function_arn", "function_name", "function_version", "memory_limit_in_mb",
            "log_group_name",
        ]  # fmt: skip
        function = start(
            timeout=60, name="shop", memory_size=512, region="eu-west-1", environment={"MINE": "1", "AWS_REGION": "x"}
        )
        answer = function.invoke(event("context", names=names), request_id="r-2", spent=1.5)
        return json.loads(answer.payload) | {"folder expected": str(folder)}  # type: ignore[no-any-return]

    def test_the_invocation(self, facts: dict[str, Any]) -> None:
        """The context has the request ID, function, version, memory and log group."""
        assert facts["aws_request_id"] == "r-2"
        assert facts["invoked_function_arn"] == "arn:aws:lambda:eu-west-1:123456789012:function:shop"
        assert (facts["function_name"], facts["function_version"]) == ("shop", "$LATEST")
        assert (facts["memory_limit_in_mb"], facts["log_group_name"]) == ("512", "/aws/lambda/shop")

    def test_the_deadline(self, facts: dict[str, Any]) -> None:
        """The remaining time is the time-out minus the time spent before."""
        assert 0 < facts["left"] <= 58_500

    def test_the_environment(self, facts: dict[str, Any]) -> None:
        """The environment holds Lambda's variables over the function's own, and none of this process."""
        variables = facts["variables"]
        assert (variables["MINE"], variables["AWS_REGION"], variables["TZ"]) == ("1", "eu-west-1", ":UTC")
        assert variables["AWS_LAMBDA_INITIALIZATION_TYPE"] == "on-demand"
        assert variables["_X_AMZN_TRACE_ID"].startswith("Root=1-")
        assert "PYTEST_CURRENT_TEST" not in variables

    def test_the_folder(self, facts: dict[str, Any]) -> None:
        """The working directory is the code's folder, from which modules are imported first."""
        assert facts["folder"] == facts["path"] == facts["variables"]["LAMBDA_TASK_ROOT"] == facts["folder expected"]


class TestOutput:
    def test_lines_come_before_the_response(self, start: Start, lines: list[str]) -> None:
        """Lines of both streams come in order; an incomplete line comes with its rest."""
        function = start()
        function.invoke(event("print"))
        assert lines == ["one", "two"]
        function.stop()
        assert lines == ["one", "two", "three"]

    def test_errors_are_logged_by_the_client(self, start: Start, lines: list[str]) -> None:
        """An error is one line, as in Lambda's log."""
        start().invoke(event("raise"))
        assert [line.partition("\r")[0] for line in lines] == ["[ERROR] KeyError: 'missing'"]

    def test_the_client_can_log_json(self, start: Start, lines: list[str]) -> None:
        """Each line has the request ID."""
        start(log_format="JSON").invoke(event("raise"), request_id="r-3")
        document = json.loads(lines[0])
        assert (document["level"], document["requestId"], document["errorType"]) == ("ERROR", "r-3", "KeyError")


class TestTimeOut:
    def test_the_function_is_interrupted(self, start: Start) -> None:
        """At its time-out the function is ended, and the result is Lambda's error document."""
        answer = start(timeout=0.5).invoke(event("sleep", seconds=60), request_id="r-4")
        message = "RequestId: r-4 Error: Task timed out after 0.50 seconds"
        assert json.loads(answer.payload) == {"errorType": "Sandbox.Timedout", "errorMessage": message}
        assert 0.5 <= answer.duration < 60

    def test_the_next_invocation_has_another_process(self, start: Start) -> None:
        """Its cold start is in the time of that invocation."""
        function = start(timeout=60)
        function.invoke(event("answer nothing"))
        pid = function.pid
        function.invoke(event("sleep", seconds=60), spent=59.7)
        assert function.pid is None
        answer = function.invoke(event("answer nothing"))
        assert (answer.payload, answer.init_duration) == (b"null", None)
        assert function.pid != pid

    def test_its_child_processes_end_with_it(self, start: Start) -> None:
        """A time-out leaves no child process."""
        function = start()
        pid = json.loads(function.invoke(event("start a process")).payload)
        assert lives(pid)
        function.stop()
        assert becomes(lambda: not lives(pid))

    def test_time_that_is_spent_already(self, start: Start) -> None:
        """If no time remains, the function does not start."""
        function = start(timeout=1)
        function.invoke(event("answer nothing"))
        assert function.invoke(event("answer nothing"), spent=2).error_type == "Sandbox.Timedout"


class TestCrash:
    @pytest.mark.parametrize(
        ("deed", "message"),
        [
            ({"do": "exit", "code": 7}, "Runtime exited with error: exit status 7"),
            ({"do": "exit", "code": 0}, "Runtime exited without providing a reason"),
            ({"do": "leave"}, "Runtime exited with error: exit status 3"),
            ({"do": "be killed"}, "Runtime exited with error: signal: killed"),
        ],
        ids=["code", "no code", "SystemExit", "signal"],
    )
    def test_a_crash_has_lambdas_error_document(self, start: Start, deed: dict[str, Any], message: str) -> None:
        """The next invocation succeeds."""
        function = start()
        answer = function.invoke(json.dumps(deed).encode(), request_id="r-5")
        expected = {"errorType": "Runtime.ExitError", "errorMessage": f"RequestId: r-5 Error: {message}"}
        assert (json.loads(answer.payload), answer.failed) == (expected, True)
        assert function.invoke(event("answer nothing")).payload == b"null"

    def test_a_crash_between_invocations_fails_none(self, start: Start) -> None:
        """The next invocation gets another process."""
        function = start()
        function.invoke(event("fall over later"))
        pid, sandbox = function.pid, function._sandbox
        assert sandbox is not None
        sandbox._waiter.join(60)  # has noted the end of the process; until then the next invocation would meet it
        answer = function.invoke(event("answer nothing"))
        assert (answer.payload, function.pid != pid) == (b"null", True)

    def test_a_signal_without_a_name_has_a_number(self) -> None:
        """Real-time signals have no name."""
        assert b"signal: real-time signal" in exited("r", -40) or b"signal: 40" in exited("r", -40)


class TestStarting:
    @pytest.mark.parametrize(
        ("handler", "error_type", "message"),
        [
            ("raises.handler", "ValueError", "broken"),
            ("misspelt.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'misspelt'"),
            ("imports.handler", "Runtime.ImportModuleError", "Unable to import module 'imports': No module named"),
            ("exits.handler", "Runtime.ExitError", "Runtime exited with error: exit status 4"),
            ("probe.nothing", "Runtime.HandlerNotFound", "Handler 'nothing' missing on module 'probe'"),
            ("nothing", "Runtime.MalformedHandlerName", "Bad handler 'nothing'"),
        ],
    )
    def test_a_function_that_does_not_load(self, start: Start, handler: str, error_type: str, message: str) -> None:
        """Each invocation tries again and fails."""
        function = start(handler)
        for _ in range(2):
            answer = function.invoke(b"{}")
            assert (answer.failed, answer.error_type) == (True, error_type)
            assert message in (answer.error_message or "")

    def test_a_slow_start_is_repeated_in_the_time_of_the_invocation(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Lambda's limit of ten seconds is half a second here."""
        monkeypatch.setattr("router.local.runtime.function._INIT_SECONDS", 0.5)
        answer = start("slow.handler", timeout=0.4).invoke(b"{}")
        assert answer.error_type == "Sandbox.Timedout"
        assert answer.init_duration is not None
        assert answer.init_duration >= 0.5
        assert answer.duration >= 0.4

    def test_a_cold_start_is_measured(self, start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first result has its duration, apart from the invocation's."""
        clock = Clock()

        def start_slowly(function: RuntimeFunction) -> Sandbox:
            clock.advance(0.25)
            return opened(function)

        opened = RuntimeFunction._open
        monkeypatch.setattr(RuntimeFunction, "_open", start_slowly)
        monkeypatch.setattr("router.local.runtime.function.time", SimpleNamespace(monotonic=clock, time=time.time))
        function = start()
        first, second = function.invoke(event("answer nothing")), function.invoke(event("answer nothing"))
        assert (first.init_duration, first.duration) == (0.25, 0)
        assert second.init_duration is None

    def test_no_such_folder(self, tmp_path: Path) -> None:
        """A missing folder is the caller's error."""
        function = RuntimeFunction(FunctionConfiguration(handler="a.b", root=tmp_path / "none"), log=print)
        with pytest.raises(FileNotFoundError):
            function.invoke(b"{}")

    def test_stopping_twice(self, start: Start) -> None:
        """A second stop has no effect."""
        function = start()
        function.invoke(event("answer nothing"))
        function.stop()
        function.stop()
        assert function.pid is None


class TestRuntimeApi:
    def test_wrong_requests_are_refused(self, start: Start, raw_python: tuple[str, ...]) -> None:
        """A repeated request for the current invocation is accepted."""
        function = start(python=raw_python)
        refused = "InvalidStateTransition"
        assert json.loads(function.invoke(b"{}").payload) == [
            ["POST", "/invocation/wrong/response", 400, "InvalidRequestID"],
            ["POST", "/invocation/wrong/error", 400, "InvalidRequestID"],
            ["POST", "/init/error", 403, refused],
            ["GET", "/nothing", 404, None],
            ["POST", "/nothing", 404, None],
            ["GET", "/invocation/next", 200, None],
        ]
        assert json.loads(function.invoke(b"{}").payload)[0] == ["POST", "again", 403, refused]


class TestMappingsCall:
    def test_the_event_and_the_request_id_arrive(self, start: Start) -> None:
        """The response is parsed JSON."""
        names = ["aws_request_id"]
        result = start()(Invoke("shard", 0, "r-6", 1, {"do": "context", "names": names}))
        assert isinstance(result, Returned)
        assert result.response["aws_request_id"] == "r-6"


class TestClient:
    def test_it_is_here(self) -> None:
        """The extra `local` installs it."""
        require_client()

    def test_it_is_missing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The message says how to install it."""
        monkeypatch.setitem(sys.modules, "awslambdaric", None)
        monkeypatch.setitem(sys.modules, "runtime_client", None)
        with pytest.raises(RuntimeClientMissingError) as caught:
            require_client()
        assert "found no awslambdaric and no runtime_client" in str(caught.value)
        assert "pip install 'entity-router[local]'" in str(caught.value)


def _ascii() -> bool:
    """Whether the client writes ASCII only, as it does up to Python 3.11."""
    return FunctionConfiguration(handler="", root=Path()).runtime == "python3.11"
