"""``router.sources.export_file``: a function runs through a data file of an export, a page an invocation."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from router import Change, Dispatcher, Insert, MemoryParking, Reject, Routes
from router.errors import RecordsGoneError, RouterError, UnknownEventError
from router.sources import export_file
from router.sources.bucket_object import objects_of
from tests.builders import Context, Json, Order
from tests.clock import Clock
from tests.local.backfill.exports import change_line, item_line, upload, write_export
from tests.ministack import Ministack

Section = Callable[..., Json]
_numbers = itertools.count(1)


class Client:
    """Holds the client of S3."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self) -> Any:
        return self._client


@pytest.fixture
def section(ministack: Ministack, tmp_path: Path) -> Iterator[Section]:
    """Write an export of one file to a bucket, and return the section of the event that names the file."""

    def write(*lines: Json, **options: Any) -> Json:
        bucket, folder = f"exports{next(_numbers)}", tmp_path / str(next(_numbers))
        folder = write_export(folder, [lines], **options)
        upload(ministack.client("s3"), bucket, folder.parents[1])
        file = json.loads((folder / "manifest-files.json").read_text(encoding="utf-8"))
        return {"bucket": bucket, "table": "shop", "keys": ["pk"], "file": file}

    with objects_of(Client(ministack.client("s3"))):
        yield write


class Shop:
    """An app that fails at some items, and what it has handled."""

    def __init__(
        self, *failing: str, error: type[Exception] = TimeoutError, clock: Clock | None = None, **options: Any
    ) -> None:
        self.handled: list[str] = []
        self.failing = {*failing}
        routes = Routes()

        @routes.on_insert(Order)
        def place(change: Insert[Order]) -> None:
            if clock is not None:
                clock.advance(10)
            if change.new.pk in self.failing:
                raise error
            self.handled.append(change.new.pk)

        self.app = Dispatcher(routes, **options)

    def run(self, section: Json, context: Any = None) -> Json:
        """The section of the response."""
        answer: Json = self.app({"backfill": section}, context)["backfill"]
        return json.loads(json.dumps(answer))  # type: ignore[no-any-return]  # as Lambda returns it


def test_a_small_file_is_one_page(section: Section) -> None:
    """The response says that it is finished."""
    shop = Shop()
    answer = shop.run(section(*[item_line(key) for key in "abc"]))
    assert shop.handled == ["a", "b", "c"]
    assert answer | {"bucket": "", "file": {}} == {
        "bucket": "", "table": "shop", "keys": ["pk"], "file": {}, "from": 3, "finished": True, "handled": 3, "items": 3,
        "outcomes": {"done": 3}, "failed": [],
    }  # fmt: skip


def test_the_section_of_a_response_is_that_of_the_next_event(section: Section, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until it is finished; counts and failed lines add up."""
    monkeypatch.setattr(export_file, "_MOST_ITEMS", 2)
    shop = Shop("b", "e")
    answer = section(*[item_line(key) for key in "abcde"])
    pages = []
    while not answer.get("finished"):
        answer = shop.run(answer)
        pages.append((answer["from"], answer["handled"], answer["failed"]))
    assert pages == [(2, 2, [2]), (4, 2, [2]), (5, 1, [2, 5])]
    assert (answer["items"], answer["outcomes"], shop.handled) == (5, {"done": 3, "failed": 2}, ["a", "c", "d"])


def test_a_page_has_no_more_bytes_than_an_event(section: Section, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a file of large items needs no more memory than the stream does."""
    monkeypatch.setattr(export_file, "_MOST_BYTES", 3_000)
    answer = Shop().run(section(*[item_line(key, note="x" * 1_000) for key in "abcde"]))
    assert (answer["from"], answer["finished"]) == (2, False)


def test_failed_lines_run_again_alone(section: Section) -> None:
    """And the response counts them."""
    shop = Shop("b", "d")
    answer = shop.run(section(*[item_line(key) for key in "abcde"]))
    shop.failing.clear()
    shop.handled.clear()
    again = shop.run(answer | {"lines": answer["failed"]})
    assert (shop.handled, again["handled"], again["finished"]) == (["b", "d"], 2, True)


def test_a_line_that_fails_again_fails_the_invocation(section: Section) -> None:
    """So that the state machine waits and tries again."""
    shop = Shop("b", "d")
    answer = shop.run(section(*[item_line(key) for key in "abcde"]))
    shop.failing = {"d"}
    with pytest.raises(RouterError, match="found 1 lines that failed again, expected all lines to be handled"):
        shop.run(answer | {"lines": answer["failed"]})
    shop.failing = set()
    shop.run(answer | {"lines": answer["failed"]})
    assert shop.handled[3:] == ["b", "d"]  # what was done is not run again in this container


def test_more_failures_than_a_state_carries_fail_the_page(section: Section, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something is broken then: the page runs again as a whole."""
    monkeypatch.setattr(export_file, "_MOST_FAILED", 2)
    with pytest.raises(RouterError, match="found 3 lines that failed, expected at most 2"):
        Shop(*"abc").run(section(*[item_line(key) for key in "abc"]))


def test_without_time_the_next_event_goes_on_there(section: Section, clock: Clock) -> None:
    """No line counts as failed that did not start."""
    shop = Shop("a", clock=clock)
    answer = shop.run(section(*[item_line(key) for key in "abcd"]), Context(15_000))
    assert (answer["from"], answer["handled"], answer["failed"], answer["finished"]) == (2, 2, [1], False)
    assert answer["outcomes"] == {"done": 1, "failed": 1}
    answer = shop.run(answer, Context(60_000))
    assert (answer["from"], answer["items"], answer["finished"], shop.handled) == (4, 4, True, ["b", "c", "d"])


def test_without_any_time_nothing_is_handled(section: Section) -> None:
    """Then a state machine that goes on would never end: it has to look at ``handled``."""
    answer = Shop().run(section(item_line("a")), Context(0))
    assert (answer["from"], answer["handled"], answer["failed"], answer["finished"]) == (0, 0, [], False)


def test_rejected_items_are_parked_and_the_file_goes_on(section: Section) -> None:
    """As every record that can never work; the document has the line."""
    place = MemoryParking()
    answer = Shop("b", error=Reject, parking=place).run(section(*[item_line(key) for key in "abc"]))
    assert (answer["outcomes"], answer["failed"]) == ({"done": 2, "parked": 1}, [])
    assert [each.record["line"] for each in place] == [2]


def test_an_incremental_export(section: Section) -> None:
    """Its lines are changes of three kinds."""
    events: list[str] = []
    routes = Routes()

    @routes.on(Order)
    def note(change: Change[Order]) -> None:
        events.append(f"{change.event} {change.record.origin}")

    new = item_line("a")["Item"]
    lines = (
        change_line("a", NewImage=new),
        change_line("a", NewImage=new, OldImage=new),
        change_line("a", OldImage=new),
    )
    Dispatcher(routes)({"backfill": section(*lines, incremental=True)})
    assert events == ["INSERT backfill", "MODIFY backfill", "DELETE backfill"]


def test_a_line_that_is_no_item_fails_alone(section: Section) -> None:
    """The others are handled, and its number is known."""
    shop = Shop()
    answer = shop.run(section(item_line("a"), {"Thing": 1}, item_line("c")))
    assert (answer["failed"], shop.handled) == ([2], ["a", "c"])


def test_a_file_that_was_replaced_is_refused(section: Section, ministack: Ministack) -> None:
    """The manifest has its ETag."""
    named = section(item_line("a"))
    ministack.client("s3").put_object(Bucket=named["bucket"], Key=named["file"]["dataFileS3Key"], Body=b"")
    with pytest.raises(RecordsGoneError, match="found another ETag at s3://"):
        Shop().run(named)


def test_a_file_that_does_not_exist_is_refused(section: Section) -> None:
    """A retry cannot help."""
    named = section(item_line("a"))
    with pytest.raises(RecordsGoneError, match="found NoSuchKey at s3://"):
        Shop().run(named | {"file": {"dataFileS3Key": "other"}})


@pytest.mark.parametrize("missing", ["bucket", "table", "keys", "file"])
def test_an_event_that_names_no_file_is_refused(section: Section, missing: str) -> None:
    """A wrong wiring must never look like success."""
    named = section(item_line("a"))
    del named[missing]
    with pytest.raises(UnknownEventError, match="found an event whose 'backfill' names no file"):
        Shop().run(named)
