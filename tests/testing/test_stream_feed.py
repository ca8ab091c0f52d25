"""``Stream.feed``: recorded events go into a stream, with its clock at their records."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from router.errors import RouterError
from router.testing import Stream, event, failure_document, inserted, kinesis_event, pipes_event, sqs_event

START = datetime(2026, 1, 1, tzinfo=UTC)
FIRST, SECOND = (
    inserted({"id": name}, created_at=START + timedelta(hours=hours), sequence_number=number)
    for number, (name, hours) in enumerate([("1", 0), ("2", 2)], 1)
)


def seen(_event: Any, _context: Any) -> None:
    """A handler that takes everything."""


def test_the_clock_is_at_the_last_record() -> None:
    """So the first one is two hours old when the handler gets it."""
    stream = Stream(seen)
    stream.feed(event(FIRST, SECOND))
    assert stream.now == START + timedelta(hours=2)
    assert stream.run().invocations == [event(FIRST, SECOND)]


def test_records_that_are_too_old_by_then_are_discarded() -> None:
    """The age is that between the records."""
    stream = Stream(seen, maximum_record_age_in_seconds=3600)
    stream.feed(event(FIRST, SECOND))
    stream.run()
    assert [len(discarded["Records"]) for discarded in (each.event for each in stream.discarded)] == [1]


def test_the_clock_does_not_move_back() -> None:
    """A start in the test counts."""
    stream = Stream(seen, start=START + timedelta(days=1))
    stream.feed(event(FIRST, SECOND))
    assert stream.now == START + timedelta(days=1)


def test_a_second_event_moves_it_on() -> None:
    """In the order of the calls."""
    stream = Stream(seen)
    stream.feed(event(FIRST))
    stream.feed(event(SECOND))
    assert stream.now == START + timedelta(hours=2)
    assert len(stream.run().records) == 2


@pytest.mark.parametrize(
    "deliver", [event, kinesis_event, sqs_event, pipes_event, failure_document], ids=lambda each: each.__name__
)
def test_the_event_is_of_any_source(deliver: Callable[..., Any]) -> None:
    """Its changes are those of the table's stream."""
    stream = Stream(seen)
    stream.feed(deliver(FIRST, SECOND))
    (delivered,) = stream.run().invocations
    assert [each["dynamodb"]["NewImage"]["id"]["S"] for each in delivered["Records"]] == ["1", "2"]


@pytest.mark.parametrize("wrong", [{}, {"Records": [{"eventSource": "aws:s3"}]}, sqs_event("no change")])
def test_an_event_without_changes_is_refused(wrong: Any) -> None:
    """And nothing of it is appended."""
    stream = Stream(seen)
    with pytest.raises(RouterError):
        stream.feed(wrong)
    assert stream.records == []
