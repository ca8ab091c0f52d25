"""``router invoke``: an app run on events."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run
from tests.cli.shop import APP, CANCELLED, COUPON, PLACED, SHIPPED, event, line_of, order, record, write

PRAISED = record("MODIFY", order(total={"N": "500"}), order(), number=5)
WITHOUT_STATUS = record("INSERT", {"EntityType": {"S": "Order"}, "order_id": {"S": "secret-1001"}}, number=6)


@pytest.fixture(autouse=True)
def quiet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logging is off, so standard error has only the output of handlers."""
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")


def _lines(text: str) -> list[str]:
    """Lines without their durations."""
    return [
        line.partition(" ms")[0].rstrip("0123456789.").rstrip() if line.endswith(" ms") else line
        for line in text.splitlines()
    ]


def test_a_good_event_is_shown_at_a_glance(run: Run) -> None:
    """The entity, the routes that ran, the response, the summary; exit code 0."""
    ended = run("invoke", write("event.json", event(PLACED, COUPON)))
    assert ended.code == 0
    assert _lines(ended.out) == [
        "event.json  2 records",
        "  0 INSERT Order, read from NewImage  sequence number 1",
        "    done      shop.place",
        "    done      shop.index",
        "  1 INSERT Coupon, read from NewImage  sequence number 4",
        "    unrouted  no route takes this entity",
        '  response {"batchItemFailures": []}',
        "",
        "1 event, 2 records; outcomes: 2 done, 1 unrouted",
    ]


def test_a_failure_is_shown_with_stage_and_place(run: Run) -> None:
    """The failed route, the line that raised, the deferred records, exit code 1; no value of the item."""
    ended = run("invoke", write("event.json", event(CANCELLED, PLACED)))
    assert ended.code == 1
    raised = line_of("    raise KeyError(change.old.order_id)")
    assert _lines(ended.out) == [
        "event.json  2 records",
        "  0 DELETE Order, read from OldImage  sequence number 3",
        "    failed    shop.cancel",
        f"              handler: KeyError at shop.py:{raised} in cancel",
        "    deferred  shop.index  not started: delivered again with the failed record",
        "  1 INSERT Order, read from NewImage  sequence number 1",
        "    deferred  not started: delivered again with the failed record",
        '  response {"batchItemFailures": [{"itemIdentifier": "1"}]}',
        "",
        "1 event, 2 records; outcomes: 1 failed, 2 deferred",
        "LOG_ERROR_TEXT=1 shows the texts of errors too; they may quote items.",
    ]
    assert "secret" not in ended.out


def test_the_text_of_errors_is_shown_on_request(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG_ERROR_TEXT=1 has the same effect as for logs."""
    monkeypatch.setenv("LOG_ERROR_TEXT", "1")
    ended = run("invoke", write("event.json", CANCELLED))
    assert "handler: KeyError: 'secret-1001'" in ended.out
    assert "LOG_ERROR_TEXT" not in ended.out


def test_a_validation_error_is_its_places_and_kinds(run: Run) -> None:
    """Of pydantic's error only place and kind are shown."""
    ended = run("invoke", write("event.json", WITHOUT_STATUS))
    assert "validate: ValidationError: status: missing" in ended.out
    assert "secret" not in ended.out


def test_a_dropped_failure_is_shown_and_no_failure(run: Run) -> None:
    """A dropped record is skipped, with its error, and the exit code is 0."""
    ended = run("invoke", write("event.json", PRAISED))
    assert ended.code == 0
    assert "    skipped   shop.praise" in "\n".join(_lines(ended.out))
    assert "handler: ValueError at shop.py:" in ended.out


def test_a_record_that_no_route_of_its_entity_takes_says_so(run: Run, folder: Path) -> None:
    """The note distinguishes skipped without a route from unrouted."""
    source = APP.replace("@routes.on_batch(Order)", "").replace("@routes.on_insert(Order)", "")
    (folder / "shop.py").write_text(source, encoding="utf-8")
    assert "    skipped   no route takes this change" in run("invoke", write("event.json", PLACED)).out


def test_a_record_without_an_entity_says_so(run: Run) -> None:
    """The note distinguishes a record without an entity from an entity without a route."""
    ended = run("invoke", write("event.json", record("INSERT", {"pk": {"S": "x"}})))
    assert "  0 INSERT no entity  sequence number 1\n    unrouted  the discriminator reads no entity" in ended.out


def test_what_an_earlier_event_finished_is_not_run_again(run: Run, folder: Path) -> None:
    """All events run in one container, which remembers the pairs that finished beside a failure."""
    note = "@routes.on_remove(Order)\ndef note(change: Remove[Order]) -> None: ...\n\n\n"
    cancel = "@routes.on_remove(Order)\ndef cancel"
    (folder / "shop.py").write_text(APP.replace(cancel, note + cancel), encoding="utf-8")
    path = write("event.json", CANCELLED)
    assert "    skipped   shop.note  done at an earlier delivery" in run("invoke", path, path).out


def test_too_little_time_defers_everything(run: Run) -> None:
    """The context counts down from --timeout."""
    ended = run("invoke", "--timeout", "0", write("event.json", PLACED))
    assert ended.code == 1
    assert "    deferred  not started: too little time left" in ended.out


def test_an_unknown_event_is_its_own_error_and_others_go_on(run: Run) -> None:
    """An event that the app refuses fails as a whole."""
    ended = run("invoke", write("events.jsonl", {"detail": 1}, PLACED))
    lines = ended.out.splitlines()
    assert ended.code == 1
    assert lines[0] == "events.jsonl:1"
    assert lines[1].startswith("  UnknownEventError: found an event with the keys 'detail', expected an event")
    assert lines[2] == "  no response: the invocation failed, so Lambda delivers the whole event again"
    assert lines[4] == "events.jsonl:2  1 record"
    assert lines[-1] == "2 events, 1 record; outcomes: 2 done; 1 event failed as a whole"


def test_a_failed_record_without_identity_is_the_events_error(run: Run) -> None:
    """A failed record without an identifier fails the invocation."""
    nameless = {**CANCELLED, "dynamodb": {**CANCELLED["dynamodb"], "SequenceNumber": None}}
    ended = run("invoke", write("event.json", nameless))
    assert ended.code == 1
    assert "  MalformedRecordError: found no SequenceNumber" in ended.out
    assert ended.out.endswith("1 event, 0 records; outcomes: none; 1 event failed as a whole\n")


def test_a_handler_that_exits_fails_its_event_only(run: Run, folder: Path) -> None:
    """``sys.exit(0)`` in a handler does not make the command succeed."""
    (folder / "shop.py").write_text(
        APP.replace('print("placed", change.new.order_id)', "sys.exit(0)"), encoding="utf-8"
    )
    ended = run("invoke", write("events.jsonl", PLACED, COUPON))
    assert ended.code == 1
    assert "  SystemExit: found a handler that ends the process, expected it to return" in ended.out
    assert "events.jsonl:2  1 record" in ended.out


def test_a_record_without_a_sequence_number_shows_its_event_id(run: Run) -> None:
    """The event ID replaces a missing sequence number."""
    nameless = {**COUPON, "dynamodb": {**COUPON["dynamodb"], "SequenceNumber": None}}
    assert "event ID e4" in run("invoke", write("event.json", nameless)).out


def _document(ended: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(ended.out)
    return document


def test_the_json_of_an_event(run: Run) -> None:
    """The shape of an invocation in JSON."""
    document = _document(run("invoke", "--json", write("event.json", event(SHIPPED))))
    assert list(document) == ["source", "request_id", "duration", "records", "response", "error"]
    (invoked,) = document["records"]
    outcomes = invoked.pop("outcomes")
    assert invoked == {
        "position": 0,
        "event": "MODIFY",
        "event_name": "MODIFY",
        "event_id": "e2",
        "sequence_number": "2",
        "entity": "Order",
        "read_from": "NewImage",
    }
    assert outcomes[0].pop("duration") > 0
    assert outcomes[0] == {
        "status": "done",
        "stage": None,
        "handler": "shop.ship",
        "route": "on_modify(Order, changed('status', to='SHIPPED'))",
        "error": None,
    }
    assert (document["response"], document["error"]) == ({"batchItemFailures": []}, None)


def test_the_json_of_a_failure_holds_nothing_of_the_item(run: Run) -> None:
    """The error is the one in the log."""
    ended = run("invoke", "--json", write("event.json", CANCELLED))
    outcome = _document(ended)["records"][0]["outcomes"][0]
    assert (ended.code, outcome["status"], outcome["stage"], outcome["route"]) == (
        1,
        "failed",
        "handler",
        "on_remove(Order)",
    )
    assert outcome["error"]["error"] == "KeyError"
    assert outcome["error"]["at"][-1].startswith("shop.py:")
    assert "secret" not in ended.out


def test_the_json_of_an_event_that_failed(run: Run) -> None:
    """Without a response there is an error."""
    document = _document(run("invoke", "--json", write("event.json", {"detail": 1})))
    assert (document["records"], document["response"]) == ([], None)
    assert document["error"]["error"] == "UnknownEventError"


def test_standard_output_is_the_result_only(run: Run) -> None:
    """Standard error gets the output of handlers."""
    ended = run("invoke", "--json", write("events.jsonl", PLACED, SHIPPED))
    assert [json.loads(line)["source"] for line in ended.out.splitlines()] == ["events.jsonl:1", "events.jsonl:2"]
    assert ended.err == "placed 1001\n"


def test_log_lines_go_to_standard_error(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG_LEVEL counts, and lines bear the request that the JSON names."""
    monkeypatch.setenv("LOG_LEVEL", "INFO")
    ended = run("invoke", "--json", write("event.json", SHIPPED))
    (line,) = map(json.loads, ended.err.splitlines())
    assert (line["event"], line["batch_size"]) == ("batch received", 1)
    assert line["request_id"] == _document(ended)["request_id"]


def test_narrow_terminals_get_whole_lines(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 50 columns only the response, which may be copied, is longer than the terminal."""
    monkeypatch.setenv("COLUMNS", "50")
    lines = run("invoke", write("event.json", event(CANCELLED, PLACED))).out.splitlines()
    assert [line for line in lines if len(line) > 50] == ['  response {"batchItemFailures": [{"itemIdentifier": "1"}]}']


def test_a_wrong_file_runs_nothing(run: Run) -> None:
    """All is read before anything runs."""
    ended = run("invoke", write("event.json", PLACED), "missing.json")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
