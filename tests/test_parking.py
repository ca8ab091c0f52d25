"""Parking places keep records whole and durably, or say that they could not."""

import json
import threading
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from router import JsonLinesParking, MemoryParking, Parked, ParkingError, Reject
from tests.builders import SUCCESS, Handled, Json, batch, dispatcher, failures, insert, inserts


def parked(number: int = 1, **values: Any) -> Parked:
    return Parked(
        record=insert(number, **values),
        entity="Order",
        route="handlers.orders.place",
        stage="handler",
        error="Reject",
        reason="never",
        parked_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )


def lines(path: Path) -> list[Json]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_a_parked_record_is_written_as_a_document() -> None:
    """A parked record becomes a JSON object with why, where, when and the record as delivered."""
    assert parked().to_dict() == {
        "parkedAt": "2026-01-02T03:04:05+00:00",
        "entity": "Order",
        "route": "handlers.orders.place",
        "stage": "handler",
        "error": "Reject",
        "reason": "never",
        "record": insert(1),
    }


def test_a_parked_record_prints_no_values() -> None:
    """A parked record holds the item; its repr, which may end in a log, does not."""
    assert repr(parked(status="s3cret")) == "<Parked 'Order' at handler: Reject>"


def test_memory_keeps_them_in_order() -> None:
    """The place in memory can be counted and looked through."""
    place = MemoryParking()
    place.park(parked(1))
    place.park(parked(2))
    assert ([entry.record["eventID"] for entry in place], len(place)) == (["e1", "e2"], 2)


def test_a_line_is_appended_for_each(tmp_path: Path) -> None:
    """Each parked record is one line of JSON."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    place.park(parked(1))
    place.park(parked(2))
    assert [line["record"]["eventID"] for line in lines(place.path)] == ["e1", "e2"]


def test_the_folder_is_made_with_the_first(tmp_path: Path) -> None:
    """The file and its folder come to be when the first record is parked, not before."""
    place = JsonLinesParking(str(tmp_path / "deep" / "er" / "parked.jsonl"))
    before = place.path.parent.exists()
    place.park(parked())
    assert (before, len(lines(place.path))) == (False, 1)


def test_what_is_there_stays(tmp_path: Path) -> None:
    """Another process's lines, or an earlier one's, are kept."""
    path = tmp_path / "parked.jsonl"
    JsonLinesParking(path).park(parked(1))
    JsonLinesParking(path).park(parked(2))
    assert [line["record"]["eventID"] for line in lines(path)] == ["e1", "e2"]


def test_a_torn_last_line_spoils_nothing(tmp_path: Path) -> None:
    """What a crash cut off in the middle stays a line of its own."""
    path = tmp_path / "parked.jsonl"
    path.write_bytes(b'{"parkedAt": "2026-')
    JsonLinesParking(path).park(parked())
    torn, whole = path.read_text("utf-8").splitlines()
    assert (torn, json.loads(whole)["record"]["eventID"]) == ('{"parkedAt": "2026-', "e1")


def test_an_empty_file_gets_no_empty_line(tmp_path: Path) -> None:
    """A file that is there and empty starts with the record."""
    path = tmp_path / "parked.jsonl"
    path.touch()
    JsonLinesParking(path).park(parked())
    assert len(path.read_text("utf-8").splitlines()) == 1


def test_a_line_break_in_a_value_makes_no_line(tmp_path: Path) -> None:
    """Whatever text an item holds, its record stays on one line."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    place.park(parked(status="one\ntwo\r\u2028three\x85\ud800"))
    (line,) = place.path.read_bytes().split(b"\n")[:-1]
    assert json.loads(line)["record"] == insert(1, status="one\ntwo\r\u2028three\x85\ud800")


def test_threads_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Records parked by several threads at once are each a whole line."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")

    def work(number: int) -> None:
        for turn in range(5):
            place.park(parked(number * 100 + turn, status="x" * 20_000))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"e{number * 100 + turn}" for number in range(4) for turn in range(5)}
    assert {line["record"]["eventID"] for line in lines(place.path)} == expected


def test_places_of_one_file_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Two places that write one file, as two processes would, keep their lines whole."""
    path = tmp_path / "parked.jsonl"

    def work(number: int) -> None:
        place = JsonLinesParking(path)
        for turn in range(5):
            place.park(parked(number * 100 + turn, status="x" * 20_000))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # One that comes while another writes may take the half of a line for a torn one: empty lines do no harm.
    whole = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    assert len(whole) == 20


def test_a_record_is_on_the_disk_when_park_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is synchronised before parking says that it is done."""
    synced: list[int] = []
    path = tmp_path / "parked.jsonl"
    monkeypatch.setattr("os.fsync", lambda descriptor: synced.append(path.stat().st_size))
    JsonLinesParking(path).park(parked())
    assert synced == [path.stat().st_size]


def test_a_short_write_is_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that takes only part of a line at a time is given the rest."""
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
def test_what_json_does_not_have_is_refused_whole(tmp_path: Path, value: Any) -> None:
    """A record that cannot be written leaves nothing of itself in the file."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    with pytest.raises((TypeError, ValueError)):
        place.park(parked(status={"S": value}))
    assert not place.path.exists()


def test_a_record_that_cannot_be_written_is_failed(tmp_path: Path) -> None:
    """A record that the file does not take is reported, not lost."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    app = dispatcher(Handled({1: Reject()}), parking=place)
    report = app.dispatch(batch(insert(1, extra={"S": float("nan")})))
    (outcome,) = report
    assert (outcome.stage, type(outcome.error), report.response) == ("park", ParkingError, failures(1))


def test_a_path_that_cannot_be_written_fails_the_record(tmp_path: Path) -> None:
    """A place that is no file, or has no room, makes its record fail at stage park."""
    app = dispatcher(Handled({1: Reject()}), parking=JsonLinesParking(tmp_path))
    (outcome,) = app.dispatch(inserts(1))
    assert (outcome.status, outcome.stage) == ("failed", "park")


def test_what_is_parked_can_be_delivered_again(tmp_path: Path) -> None:
    """The records of the file, put into an event, reach the same handler again."""
    place, handled = JsonLinesParking(tmp_path / "parked.jsonl"), Handled({1: Reject()})
    app = dispatcher(handled, parking=place)
    app(inserts(1))
    handled.fail.clear()
    assert (app(batch(*(line["record"] for line in lines(place.path)))), list(handled)) == (SUCCESS, ["1"])


def test_lanes_park_at_the_same_time(tmp_path: Path) -> None:
    """With concurrency every rejected record of a batch is kept."""
    place = JsonLinesParking(tmp_path / "parked.jsonl")
    app = dispatcher(Handled({number: Reject() for number in range(20)}), parking=place, concurrency=4)
    assert (app(inserts(*range(20))), len(lines(place.path))) == (SUCCESS, 20)
