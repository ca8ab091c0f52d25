"""``router.local.streams.shard_cursor``: the place up to which a shard is read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from router.local.event_source_mapping import Position
from router.local.streams.shard_cursor import RecordPage, ShardCursor
from tests.local.streams.faulty_stream import CREATED

NOW = CREATED.timestamp()


def record(number: int | None, age: float | None = None) -> dict[str, Any]:
    """A record with what the cursor looks at."""
    change: dict[str, Any] = {} if number is None else {"SequenceNumber": str(number)}
    return {
        "dynamodb": change | ({} if age is None else {"ApproximateCreationDateTime": CREATED - timedelta(seconds=age)})
    }


def read(cursor: ShardCursor, *records: Any) -> list[Any]:
    """What of a page is new."""
    page = cursor.advanced({"Records": list(records), "NextShardIterator": "next"})
    return [each["dynamodb"].get("SequenceNumber") for each in page.records]


def cursor_at(kind: Any, number: str | None = None) -> ShardCursor:
    return ShardCursor(Position(kind, number), lambda: NOW)


class TestAdvanced:
    def test_a_page_gives_the_next_iterator(self) -> None:
        """Without one the shard has ended."""
        cursor = cursor_at("TRIM_HORIZON")
        assert cursor.advanced({"Records": [], "NextShardIterator": "next"}) == RecordPage([], last=False)
        assert cursor.iterator == "next"
        assert cursor.advanced({"Records": []}).last

    @pytest.mark.parametrize("odd", [{}, {"dynamodb": None}, {"dynamodb": {}}])
    def test_a_record_without_a_number_is_given(self, odd: dict[str, Any]) -> None:
        """The place stays behind the last number."""
        cursor = cursor_at("TRIM_HORIZON")
        page = cursor.advanced({"Records": [record(1), odd], "NextShardIterator": "next"})
        cursor.reposition()
        assert (len(page.records), cursor.position) == (2, Position("AFTER_SEQUENCE_NUMBER", "1"))


class TestReposition:
    def test_reading_goes_on_behind_the_last_record(self) -> None:
        """Its number is kept."""
        cursor = cursor_at("TRIM_HORIZON")
        read(cursor, record(1), record(2))
        cursor.reposition()
        assert (cursor.iterator, cursor.position) == (None, Position("AFTER_SEQUENCE_NUMBER", "2"))

    def test_after_a_trim_no_record_is_given_twice(self) -> None:
        """The oldest record that is left may be one that was read; numbers compare as integers."""
        cursor = cursor_at("TRIM_HORIZON")
        read(cursor, record(8), record(9))
        cursor.reposition(trimmed=True)
        assert cursor.position == Position("TRIM_HORIZON")
        assert read(cursor, record(8)) == []
        assert read(cursor, record(9), record(10), record(11)) == ["10", "11"]

    def test_a_page_of_records_that_were_read_is_no_empty_page(self) -> None:
        """More may follow, while several empty pages are the end of an open shard."""
        cursor = cursor_at("TRIM_HORIZON")
        read(cursor, record(1))
        cursor.reposition(trimmed=True)
        page = cursor.advanced({"Records": [record(1)], "NextShardIterator": "next"})
        assert (page.records, page.skipped, page.empty) == ([], 1, False)
        assert cursor.advanced({"Records": [], "NextShardIterator": "next"}).empty

    def test_a_trimmed_start_position_is_left(self) -> None:
        """A mapping may start behind a record that is gone."""
        cursor = cursor_at("AFTER_SEQUENCE_NUMBER", "5")
        cursor.reposition(trimmed=True)
        assert read(cursor, record(5), record(6)) == ["6"]

    def test_a_shard_without_records_is_read_from_its_start_again(self) -> None:
        """Nothing was read."""
        cursor = cursor_at("TRIM_HORIZON")
        cursor.reposition()
        assert cursor.position == Position("TRIM_HORIZON")

    def test_latest_is_a_moment_in_time(self) -> None:
        """Records since the first iterator are given, older ones are not; a minute is the times' resolution."""
        cursor = cursor_at("LATEST")
        cursor.reposition()
        cursor.reposition()
        assert cursor.position == Position("TRIM_HORIZON")
        assert read(cursor, record(1, age=3600), record(2, age=30), record(3, age=-5)) == ["2", "3"]

    def test_a_record_without_a_time_is_given(self) -> None:
        """It may be new."""
        cursor = cursor_at("LATEST")
        cursor.reposition()
        assert read(cursor, record(1)) == ["1"]

    def test_after_a_trim_everything_that_is_left_is_new(self) -> None:
        """LATEST was before it."""
        cursor = cursor_at("LATEST")
        cursor.reposition(trimmed=True)
        assert read(cursor, record(1, age=3600)) == ["1"]
