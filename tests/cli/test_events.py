"""``router.cli.events``: events from files, folders and standard input."""

import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from router.cli.errors import CommandLineError
from router.cli.events import GivenEvent, read_events
from router.testing import failure_document, kinesis_event, pipes_event, sqs_event
from tests.cli.shop import CANCELLED, COUPON, PLACED, SHIPPED, event, write

pytestmark = pytest.mark.usefixtures("folder")


def _read(*documents: Any) -> list[GivenEvent]:
    return read_events([write("file.json", *documents)])


def test_a_file_holds_an_event() -> None:
    """An event is not changed."""
    assert _read(event(PLACED)) == [GivenEvent("file.json", event(PLACED))]


def test_a_bare_record_is_an_event_of_one() -> None:
    """A record without its event gets one."""
    assert _read(PLACED) == [GivenEvent("file.json", event(PLACED))]


def test_a_list_of_records_is_one_event() -> None:
    """Records side by side are one batch."""
    assert _read([PLACED, SHIPPED]) == [GivenEvent("file.json", event(PLACED, SHIPPED))]


def test_a_list_that_only_a_pipe_delivers_is_its_event() -> None:
    """Messages, and records of Kinesis whose fields stand beside their source; a record of a pipe alone is one too."""
    for entries in (kinesis_event(PLACED, SHIPPED)["Records"], sqs_event(PLACED, SHIPPED)["Records"]):
        pipe = pipes_event(*entries)
        assert _read(pipe) == [GivenEvent("file.json", pipe)]
        assert _read(pipe)[0].size == 2


@pytest.mark.parametrize(
    "document",
    [kinesis_event(PLACED), sqs_event(PLACED), failure_document(PLACED), {"Records": [{"EventSource": "aws:sns"}]}],
)
def test_events_of_other_sources_stay_as_they_are(document: Any) -> None:
    """One of their records alone becomes an event."""
    assert _read(document) == [GivenEvent("file.json", document)]
    assert _read(document.get("Records", [document])[0]) == [GivenEvent("file.json", document)]


def test_saved_messages_become_an_event() -> None:
    """The answer of ReceiveMessage, as the AWS CLI prints it, names the fields of messages in upper case."""
    answer = {"Messages": [{"MessageId": "m1", "ReceiptHandle": "r", "MD5OfBody": "0", "Body": json.dumps(PLACED)}]}
    (given,) = _read(answer)
    assert given.event == {
        "Records": [
            {
                "messageId": "m1",
                "receiptHandle": "r",
                "md5OfBody": "0",
                "body": json.dumps(PLACED),
                "eventSource": "aws:sqs",
            }
        ]
    }


def test_a_list_of_events_is_that_many() -> None:
    """Each event of a list is named with its position."""
    assert _read([event(PLACED), COUPON]) == [
        GivenEvent("file.json[0]", event(PLACED)),
        GivenEvent("file.json[1]", event(COUPON)),
    ]


def test_json_lines_are_an_event_a_line() -> None:
    """Each line is named by its number; empty lines do not count as events."""
    Path("file.jsonl").write_text(f"\n{json.dumps(PLACED)}\n\n{json.dumps(event(COUPON))}\n", encoding="utf-8")
    assert read_events(["file.jsonl"]) == [
        GivenEvent("file.jsonl:2", event(PLACED)),
        GivenEvent("file.jsonl:4", event(COUPON)),
    ]


@pytest.mark.parametrize("document", [{"a": 1}, "text", 3, None, {"Records": 1, "dynamodb": {}}])
def test_anything_else_is_for_the_app_to_refuse(document: Any) -> None:
    """A document that is no record is an event."""
    assert _read(document) == [GivenEvent("file.json", document)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_accepted(encoding: str) -> None:
    """Editors and shells of Windows write them."""
    Path("file.json").write_text(json.dumps(PLACED), encoding=encoding)
    assert read_events(["file.json"]) == [GivenEvent("file.json", event(PLACED))]


def test_a_folder_is_all_its_events_in_order() -> None:
    """Folders are read recursively, sorted, and only as far as names end in .json or .jsonl."""
    Path("events/more").mkdir(parents=True)
    write("events/b.json", PLACED)
    write("events/a.jsonl", COUPON)
    write("events/more/c.json", SHIPPED)
    Path("events/README.md").write_text("no event", encoding="utf-8")
    assert [given.name for given in read_events(["events"])] == [
        "events/a.jsonl",
        "events/b.json",
        "events/more/c.json",
    ]


@pytest.mark.parametrize("name", [".venv", ".git", "node_modules", "environment"])
def test_hidden_folders_and_those_of_packages_are_left_out(name: str) -> None:
    """Their JSON files are none of the user's events."""
    folder = Path("project", name, "deep")
    folder.mkdir(parents=True)
    Path("project", "environment").mkdir(exist_ok=True)
    Path("project", "environment", "pyvenv.cfg").touch()
    write(str(folder / "settings.json"), {"no": "event"})
    write("project/event.json", PLACED)
    assert [given.name for given in read_events(["project"])] == ["project/event.json"]


def test_a_hidden_folder_that_is_named_is_read() -> None:
    """The user asked for it."""
    Path(".events").mkdir()
    write(".events/event.json", PLACED)
    assert [given.name for given in read_events([".events"])] == [".events/event.json"]


SAVED_TTL_DELETE = {
    **CANCELLED,
    "dynamodb": {**CANCELLED["dynamodb"], "ApproximateCreationDateTime": "2026-01-02T00:00:00+00:00"},
    "userIdentity": {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"},
}


@pytest.mark.parametrize(
    "document",
    [SAVED_TTL_DELETE, [SAVED_TTL_DELETE], {"Records": [SAVED_TTL_DELETE]}, [{"Records": [SAVED_TTL_DELETE]}]],
)
def test_saved_output_of_get_records_is_converted(document: Any) -> None:
    """A record alone, a list of records, an answer, a list of answers."""
    (given,) = _read(document)
    (record,) = given.event["Records"]
    assert record["dynamodb"]["ApproximateCreationDateTime"] == 1767312000.0
    assert record["userIdentity"] == {"principalId": "dynamodb.amazonaws.com", "type": "Service"}


def test_standard_input_may_be_json_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` holds one document or several."""
    data = f"{json.dumps(PLACED)}\n{json.dumps(COUPON)}\n".encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert [given.name for given in read_events(["-"])] == ["standard input:1", "standard input:2"]


@pytest.mark.parametrize(
    ("document", "size"), [(event(PLACED, COUPON), 2), ({"Records": {}}, None), ({}, None), ([1], None)]
)
def test_the_size_of_an_event_is_known_where_it_has_records(document: Any, size: int | None) -> None:
    """An event that is none has no size."""
    assert GivenEvent("file.json", document).size == size


def _refused(*sources: str) -> str:
    with pytest.raises(CommandLineError) as caught:
        read_events(sources)
    return str(caught.value)


def test_no_event_is_refused() -> None:
    """A command without an event has nothing to do."""
    assert _refused().startswith("found no EVENT, expected files, folders, or - for standard input")


def test_standard_input_can_be_read_once() -> None:
    """A second ``-`` would be empty."""
    assert _refused("-", "-") == "found - twice, expected it once: standard input can be read once"


def test_standard_input_that_is_closed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell closes it with ``<&-``."""
    monkeypatch.setattr(sys, "stdin", None)
    assert _refused("-") == "cannot read standard input: it is closed"


def test_a_missing_file_gets_the_nearest_name() -> None:
    """A slip in a file's name is pointed out."""
    write("order.json", PLACED)
    assert _refused("ordr.json") == (
        "found no file or folder ordr.json, expected one that holds events; did you mean order.json?"
    )


def test_a_file_in_a_missing_folder_gets_no_hint() -> None:
    """Nothing is near in a folder that is not there."""
    assert _refused("nowhere/order.json").endswith("expected one that holds events")


def test_a_file_that_cannot_be_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the system's reason."""

    def denied(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    write("file.json", PLACED)
    monkeypatch.setattr(Path, "read_bytes", denied)
    assert _refused("file.json") == "cannot read file.json: Permission denied"


def test_a_folder_that_cannot_be_read_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its events would be missing, and nothing would say so."""
    read = os.scandir

    def denied(path: str) -> Any:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied", path)
        return read(path)

    Path("events/locked").mkdir(parents=True)
    write("events/order.json", PLACED)
    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(PermissionError) as raised:
        read_events(["events"])
    assert raised.value.filename == "events/locked"


def test_an_empty_text_is_no_folder() -> None:
    """An unset variable of the shell does not stand for the current folder."""
    write("order.json", PLACED)
    assert _refused("") == "found an empty EVENT, expected a file, a folder, or - for standard input"


def test_a_folder_without_events_is_refused() -> None:
    """An empty folder is a wrong path rather than success."""
    Path("empty").mkdir()
    assert _refused("empty") == "found no event in folder empty, expected files *.json or *.jsonl"


@pytest.mark.parametrize("text", ["", " \n", "[]"])
def test_a_file_without_events_is_refused(text: str) -> None:
    """An empty file is a wrong file rather than success."""
    Path("file.json").write_text(text, encoding="utf-8")
    assert _refused("file.json") == "found no event in file.json, expected at least one"


def test_a_truncated_file_tells_where_it_stops() -> None:
    """The message has line and column of the fault, and nothing of the file's content."""
    Path("file.json").write_text('{"Records": [\n  {"secret": 1', encoding="utf-8")
    assert _refused("file.json") == (
        "found no JSON in file.json at line 2, column 15 (expecting ',' delimiter), expected an event; "
        "check that the file is complete"
    )


def test_a_fault_in_a_later_line_is_at_that_line() -> None:
    """Lines count from the start of the file."""
    Path("file.jsonl").write_text(f"{json.dumps(PLACED)}\nnonsense\n", encoding="utf-8")
    assert "in file.jsonl at line 2, column 1" in _refused("file.jsonl")


@pytest.mark.parametrize("text", ["NaN", '{"a": Infinity}', "[" * 100_000, "1" * 5000])
def test_what_no_lambda_event_can_hold_is_refused(text: str) -> None:
    """Constants beyond JSON, too deep nesting and too long numbers are refused."""
    Path("file.json").write_text(text, encoding="utf-8")
    assert _refused("file.json").startswith("found JSON in file.json that Lambda never delivers")


def test_what_is_no_text_is_refused() -> None:
    """The message has the position of the first wrong byte."""
    Path("file.json").write_bytes(b'{"a": "\xff"}')
    assert _refused("file.json") == "found bytes in file.json that are not UTF-8 at byte 7, expected JSON in UTF-8"


def test_nothing_is_used_before_all_is_read() -> None:
    """A wrong file after a right one refuses both."""
    assert "missing.json" in _refused(write("file.json", PLACED), "missing.json")
