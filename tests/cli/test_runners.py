"""``router.cli.runners``: the app in this process, and in Lambda's runtime client."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from router import Change, Dispatcher, JsonLinesParking, Routes
from router.cli.app_source import AppSource
from router.cli.runners import InProcess, InRuntime, open_runner, print_log_line
from router.local.cloudformation.template import read_template
from router.local.runtime import Answer, RuntimeFunction

routes = Routes()


@routes.on_insert(dict, entity="Order")
def place(change: Change[dict[str, Any]]) -> None: ...


APP = Dispatcher(routes)


def record(number: int, entity: str = "Order", name: str = "INSERT") -> dict[str, Any]:
    image = {"EntityType": {"S": entity}}
    images = {"NewImage": image, **({"OldImage": image} if name == "MODIFY" else {})}
    body = {"Keys": {"id": {"S": str(number)}}, "SequenceNumber": str(number), **images}
    return {"eventID": str(number), "eventName": name, "eventSource": "aws:dynamodb", "dynamodb": body}


class Answering:
    """A function with prepared answers."""

    pid = 4711

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def invoke(self, payload: bytes, *, request_id: str, spent: float) -> Answer:
        return self.answer

    def stop(self) -> None:
        self.pid = 0


def in_runtime(answer: Answer) -> InRuntime:
    return InRuntime(APP, cast("RuntimeFunction", Answering(answer)))


def statuses(response: bytes, *records: dict[str, Any]) -> list[str]:
    ran = in_runtime(Answer(response)).run({"Records": [*records]}, "r", spent=0)
    return [outcome.status for outcome in ran.report]


def test_all_is_done_where_nothing_is_reported() -> None:
    """Records without a route are skipped or unrouted, as the app in this process knows."""
    records = [record(1), record(2, "Coupon"), record(3, name="MODIFY")]
    assert statuses(b'{"batchItemFailures": []}', *records) == ["done", "unrouted", "skipped"]


def test_what_follows_a_reported_record_waits() -> None:
    """As Lambda delivers again from there."""
    response = b'{"batchItemFailures": [{"itemIdentifier": "2"}]}'
    assert statuses(response, record(1), record(2), record(3)) == ["done", "failed", "deferred"]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (b'{"errorType": "ValueError", "errorMessage": "4711"}', "ValueError, see the function's log"),
        (b"{}", "an error without a type, see the function's log"),
        (
            b'{"errorType": "Runtime.ExitError", "errorMessage": "RequestId: r Error: Runtime exited"}',
            "Runtime.ExitError: Runtime exited",
        ),
        (
            b'{"errorType": "Runtime.HandlerNotFound", "errorMessage": "no handler"}',
            "Runtime.HandlerNotFound: no handler",
        ),
    ],
)
def test_a_text_of_the_users_is_not_repeated(payload: bytes, problem: str) -> None:
    """It may quote an item; Lambda's own texts do not."""
    assert in_runtime(Answer(payload, failed=True)).run({"Records": []}, "r", spent=0).problem == problem


def test_a_cold_start_is_told() -> None:
    """With the process, to look at it."""
    ran = in_runtime(Answer(b'{"batchItemFailures": []}', init_duration=0.25)).run({"Records": []}, "r", spent=0)
    assert ran.note == "started process 4711 in 250 ms"


def test_in_process_the_time_that_is_spent_counts() -> None:
    """The context counts only the rest of the time."""
    ran = InProcess(APP, timeout=3).run({"Records": [record(1)]}, "r", spent=3.2)
    assert ran.problem == "took longer than 3 s, its time-out"
    assert [outcome.status for outcome in ran.report] == ["deferred"]


def test_in_process_an_error_is_the_functions() -> None:
    """As in Lambda, any exception is a function error."""
    ran = InProcess(APP, timeout=3).run({"what": "ever"}, "r", spent=0)
    assert (ran.problem or "").startswith("UnknownEventError: ")
    assert len(ran.report) == 0


def test_another_app_takes_over() -> None:
    """In this process at once; in the runtime the old process ends, and the next invocation starts one."""
    function = Answering(Answer(b'{"batchItemFailures": []}'))
    other = Dispatcher()
    for runs in (InProcess(APP, timeout=3), InRuntime(APP, cast("RuntimeFunction", function))):
        runs.reload(other)
        assert runs.app is other
    assert function.pid == 0


@pytest.mark.parametrize("runtime", [False, True], ids=["in process", "in the runtime"])
def test_both_answer_alike(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, runtime: bool
) -> None:
    """The app that the template names, with the lines it logs on standard error."""
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    function = read_template(project / "template.yaml").function()
    arn = "arn:aws:dynamodb:eu-west-1:123456789012:table/Orders/stream/2026"
    with open_runner(AppSource("tallies:app", (project,)), function, arn, runtime=runtime) as runner:
        result = runner.run({"Records": []}, "r-1", spent=0)
    assert (result.report.response, result.problem) == ({"batchItemFailures": []}, None)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "batch received" in captured.err


def test_lines_of_an_error_are_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """The client writes them as one."""
    print_log_line("[ERROR] ValueError\rTraceback\r\xa0\xa0File")
    assert capsys.readouterr().err == "[ERROR] ValueError\nTraceback\n  File\n"


def test_an_app_in_this_process_parks_in_memory(tmp_path: Path) -> None:
    """A session on this machine writes to no place of production."""
    place = tmp_path / "parked.jsonl"
    runner = InProcess(Dispatcher(routes, parking=JsonLinesParking(place), unrouted="park"), timeout=3)
    ran = runner.run({"Records": [record(1, "Coupon")]}, "r", spent=0)
    runner.close()
    assert ([outcome.status for outcome in ran.report], place.exists()) == (["parked"], False)


def test_a_reloaded_app_parks_in_memory_too(tmp_path: Path) -> None:
    """Each app has a container of its own."""
    place = tmp_path / "parked.jsonl"
    runner = InProcess(APP, timeout=3)
    runner.reload(Dispatcher(routes, parking=JsonLinesParking(place), unrouted="park"))
    runner.run({"Records": [record(1, "Coupon")]}, "r", spent=0)
    runner.close()
    assert not place.exists()
