"""A file keeps each parked record as one whole line, on the disk when park() returns."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router import JsonLinesParking, ParkingError, Reject
from tests.builders import SUCCESS, Handled, Json, batch, dispatcher, failures, insert, inserts, without
from tests.parking.parked import parked, parked_record


def lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_one_line_a_record(tmp_path: Path) -> None:
    """Each parked record is one line of JSON."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    place.park(parked(1))
    place.park(parked(2))
    assert [line["record"]["eventID"] for line in lines(place.path)] == ["e1", "e2"]


def test_folder_is_created_on_use(tmp_path: Path) -> None:
    """Parking the first record creates the file and its folder."""
    place = JsonLinesParking(str(tmp_path / "deep" / "er" / "parked.jsonl"))
    before = place.path.parent.exists()
    place.park(parked())
    assert (before, len(lines(place.path))) == (False, 1)


def test_existing_lines_stay(tmp_path: Path) -> None:
    """Lines that another process wrote earlier are kept."""
    path = tmp_path / "parked.jsonl"
    JsonLinesParking(path).park(parked(1))
    JsonLinesParking(path).park(parked(2))
    assert [line["record"]["eventID"] for line in lines(path)] == ["e1", "e2"]


def test_torn_line(tmp_path: Path) -> None:
    """A line that a crash cut off stays a line of its own."""
    path = tmp_path / "parked.jsonl"
    path.write_bytes(b'{"parkedAt": "2026-')
    JsonLinesParking(path).park(parked())
    torn, whole = path.read_text("utf-8").splitlines()
    assert (torn, json.loads(whole)["record"]["eventID"]) == ('{"parkedAt": "2026-', "e1")


def test_record_stands_once_in_the_file(tmp_path: Path) -> None:
    """A record that is parked again at a route is not added to the file again, and at another route it is."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    for each in (parked(1), parked(2), parked(1), replace(parked(1), route="ship"), parked(2)):
        place.park(each)
    assert [(line["record"]["eventID"], line["route"]) for line in lines(place.path)] == [
        ("e1", "handlers.orders.place"),
        ("e2", "handlers.orders.place"),
        ("e1", "ship"),
    ]


def test_record_stands_once_after_a_restart(tmp_path: Path) -> None:
    """A record that a process parked before it was killed is not added again by the next process."""
    path = tmp_path / "parked.jsonl"
    script = (
        "import os, signal, sys\n"
        "from router import JsonLinesParking\n"
        "from tests.parking.parked import parked\n"
        "JsonLinesParking(sys.argv[1]).park(parked(1))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    JsonLinesParking(path).park(parked(1))
    assert (killed.returncode, len(lines(path))) == (-signal.SIGKILL, 1)


def test_record_of_another_process(tmp_path: Path) -> None:
    """A record that another process has parked meanwhile is not added again."""
    first, second = (JsonLinesParking(tmp_path / "parked.jsonl") for _ in range(2))
    first.park(parked(1))
    second.park(parked(2))
    first.park(parked(2))
    assert len(lines(first.path)) == 2


@pytest.mark.parametrize("cut", range(1, 6))
def test_record_of_a_torn_line_is_added(tmp_path: Path, cut: int) -> None:
    """A record whose line was cut off, after any of its braces too, is added as a whole line, once."""
    path = tmp_path / "parked.jsonl"
    whole = json.dumps(parked(1).to_dict()).encode()
    places = [position for position, byte in enumerate(whole) if byte == ord("}")][:-1]
    torn = whole[: places[-cut] + 1]
    path.write_bytes(torn)
    for _ in range(2):
        JsonLinesParking(path).park(parked(1))
    assert path.read_bytes() == torn + b"\n" + whole + b"\n"


def test_line_that_lacks_its_end_only(tmp_path: Path) -> None:
    """A whole document of which only the line break was cut off is not added again, and spoils no other."""
    path = tmp_path / "parked.jsonl"
    path.write_text(json.dumps(parked(1).to_dict()))
    place = JsonLinesParking(path)
    for number in (1, 2, 1, 2):
        place.park(parked(number))
    assert [line["record"]["eventID"] for line in lines(path)] == ["e1", "e2"]


def test_file_that_was_moved_away(tmp_path: Path) -> None:
    """A record whose file was moved away or emptied is parked in the new one."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    place.park(parked(1))
    place.path.rename(tmp_path / "moved.jsonl")
    place.park(parked(1))
    moved = len(lines(place.path))
    place.path.write_bytes(b"")
    place.park(parked(1))
    assert (moved, len(lines(place.path))) == (1, 1)


def test_records_without_identity(tmp_path: Path) -> None:
    """Records with neither an event ID nor a sequence number are all kept."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    for _ in range(2):
        place.park(parked_record(without(insert(1), "eventID", "SequenceNumber")))
    assert len(lines(place.path)) == 2


def test_empty_file(tmp_path: Path) -> None:
    """In an empty file the record is the first line."""
    path = tmp_path / "parked.jsonl"
    path.touch()
    JsonLinesParking(path).park(parked())
    assert len(path.read_text("utf-8").splitlines()) == 1


def test_line_break_in_a_value(tmp_path: Path) -> None:
    """A record with line breaks in its values is one line."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    place.park(parked(status="one\ntwo\r\u2028three\x85\ud800"))
    (line,) = place.path.read_bytes().split(b"\n")[:-1]
    assert json.loads(line)["record"] == insert(1, status="one\ntwo\r\u2028three\x85\ud800")


def in_threads(work: Callable[[int], None]) -> None:
    """Work in four threads at the same time, each with a number."""
    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_write_whole_lines(tmp_path: Path) -> None:
    """Records that several threads park at the same time are each a whole line."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")

    def work(number: int) -> None:
        for turn in range(5):
            place.park(parked(number * 100 + turn, status="x" * 20_000))

    in_threads(work)
    expected = {f"e{number * 100 + turn}" for number in range(4) for turn in range(5)}
    assert {line["record"]["eventID"] for line in lines(place.path)} == expected


def test_two_places_of_one_file(tmp_path: Path) -> None:
    """Two places that append to one file, as two processes do, write whole lines."""
    path = tmp_path / "parked.jsonl"

    def work(number: int) -> None:
        place = JsonLinesParking(path)
        for turn in range(5):
            place.park(parked(number * 100 + turn, status="x" * 20_000))

    in_threads(work)
    assert len(lines(path)) == 20


def test_record_is_on_disk_on_return(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """park() synchronises the file before it returns."""
    synced: list[int] = []
    path = tmp_path / "parked.jsonl"
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(path.stat().st_size))
    JsonLinesParking(path).park(parked())
    assert synced == [path.stat().st_size]


def test_partial_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After a partial write the rest of the line follows."""
    from io import FileIO

    class Short(FileIO):
        def write(self, data: Any) -> int:
            return super().write(bytes(data)[:100])

    place = JsonLinesParking(tmp_path / "parked.jsonl")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", lambda path, mode, buffering: Short(path, mode))
        place.park(parked())
    assert lines(place.path)[0]["record"] == insert(1)


@pytest.mark.parametrize("value", [b"bytes", Decimal(1), {1}, object(), float("nan"), float("inf")])
def test_record_that_json_cannot_express(tmp_path: Path, value: Any) -> None:
    """A record that JSON cannot express leaves nothing in the file."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    with pytest.raises((TypeError, ValueError)):
        place.park(parked(status={"S": value}))
    assert not place.path.exists()


def test_record_that_json_cannot_express_fails(tmp_path: Path) -> None:
    """A record that JSON cannot express fails at stage park."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    app = dispatcher(Handled({1: Reject()}), parking=place)
    report = app.dispatch(batch(insert(1, extra={"S": float("nan")})))
    (outcome,) = report
    assert (outcome.stage, type(outcome.error), report.response) == ("park", ParkingError, failures(1))


def test_unwritable_path(tmp_path: Path) -> None:
    """A path that cannot be written makes the record fail at stage park."""
    app = dispatcher(Handled({1: Reject()}), parking=JsonLinesParking(tmp_path))
    (outcome,) = app.dispatch(inserts(1))
    assert (outcome.status, outcome.stage) == ("failed", "park")


def test_parked_records_can_be_delivered_again(tmp_path: Path) -> None:
    """An event of the parked records reaches the same handler again."""
    place, handled = JsonLinesParking(tmp_path / "parked.jsonl"), Handled({1: Reject()})
    app = dispatcher(handled, parking=place)
    app(inserts(1))
    handled.fail.clear()
    assert (app(batch(*(line["record"] for line in lines(place.path)))), list(handled)) == (SUCCESS, ["1"])


def test_concurrency(tmp_path: Path) -> None:
    """With concurrency every rejected record of a batch is parked."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    app = dispatcher(Handled({number: Reject() for number in range(20)}), parking=place, concurrency=4)
    assert (app(inserts(*range(20))), len(lines(place.path))) == (SUCCESS, 20)
