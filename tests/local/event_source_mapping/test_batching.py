"""Batches are gathered by size, by time and by payload, after filtering."""

import json
import math
from typing import Any

import pytest

from router.local.event_source_mapping.batches import LARGEST_PAYLOAD
from tests.local.driver import REPORT, SHARD, START, Driver, Json, fail, fail_on, record, records, report


def test_batch_size() -> None:
    """No batch has more records than it may."""
    assert Driver(batch_size=2).feed(*records(1, 2, 3, 4, 5)).run().batches == [[1, 2], [3, 4], [5]]


def test_default_batch_size() -> None:
    """Unless it is told otherwise, a batch has at most a hundred."""
    assert [len(batch) for batch in Driver().feed(*records(*range(1, 151))).run().batches] == [100, 50]


def test_window_timing() -> None:
    """Recorded: size 2, window 5 s, five records; the last comes 5 s after the second batch."""
    driver = Driver(batch_size=2, maximum_batching_window_in_seconds=5).feed(*records(1, 2, 3, 4, 5)).run()
    assert driver.batches == [[1, 2], [3, 4], [5]]
    assert driver.times == [0, 0, 5]


def test_window_starts_when_the_invocation_before_has_finished() -> None:
    """The clock of the next batch does not run while the function does."""
    driver = Driver(batch_size=2, maximum_batching_window_in_seconds=5, seconds=3).feed(*records(1, 2, 3)).run()
    assert driver.times == [0, 8]


def test_window_starts_with_the_first_record() -> None:
    """After idle time a record has the whole window before it."""
    driver = Driver(maximum_batching_window_in_seconds=5).feed(*records(1)).run().advance(100)
    driver.feed(*records(2)).run()
    assert driver.times == [5, 110]


def test_window_gathers() -> None:
    """Records that arrive within the window come in one batch."""
    driver = Driver(maximum_batching_window_in_seconds=5).feed(*records(1))
    assert not driver.step()
    assert driver.advance(4).feed(*records(2)).run().batches == [[1, 2]]
    assert driver.times == [5]


def test_window_ends_when_the_batch_is_full() -> None:
    """What fills the batch sends it."""
    driver = Driver(batch_size=2, maximum_batching_window_in_seconds=300).feed(*records(1))
    assert not driver.step()
    assert driver.feed(*records(2)).step()


def test_window_ends_with_the_shard() -> None:
    """When no more records can come there is nothing to wait for."""
    driver = Driver(maximum_batching_window_in_seconds=300).feed(*records(1))
    assert not driver.step()
    driver.mapping.end_shard(SHARD)
    assert driver.mapping.due_at() == -math.inf
    assert driver.step()


def heavy(number: int, size: int) -> Json:
    """A record that takes so many bytes of an event."""
    raw = record(number, NewImage={"id": {"S": str(number)}, "text": {"S": ""}})
    bare = len(json.dumps(raw, separators=(",", ":")))
    raw["dynamodb"]["NewImage"]["text"]["S"] = "x" * (size - bare)
    return raw


def test_payload() -> None:
    """An event is never longer than 6 MB, and may be just so long."""
    half = LARGEST_PAYLOAD // 2
    rest = LARGEST_PAYLOAD - half - len('{"Records":[,]}')
    driver = Driver().feed(heavy(1, half), heavy(2, rest), heavy(3, 400)).run()
    assert driver.batches == [[1, 2], [3]]
    assert len(json.dumps(driver.invokes[0].event, separators=(",", ":"))) == LARGEST_PAYLOAD
    assert Driver().feed(heavy(1, half), heavy(2, rest + 1), heavy(3, 400)).run().batches == [[1], [2, 3]]


def test_payload_ends_the_window() -> None:
    """Six megabytes send a batch, as the size and the time do."""
    driver = Driver(maximum_batching_window_in_seconds=300)
    driver.feed(heavy(1, LARGEST_PAYLOAD // 2))
    assert not driver.step()
    assert driver.feed(heavy(2, LARGEST_PAYLOAD // 2)).step()
    assert driver.batches == [[1]]


@pytest.mark.parametrize(("retries", "count"), [(0, 1), (2, 3)])
def test_oversized(retries: int, count: int) -> None:
    """Recorded: what fits no event spends the retries without an invocation; the next record comes as ever."""
    driver = Driver(maximum_retry_attempts=retries).feed(heavy(1, LARGEST_PAYLOAD), *records(2)).run()
    assert driver.batches == [[2]]
    assert driver.discarded == [("RetryAttemptsExhausted", [1], count)]
    assert "responseContext" not in driver.discards[0].document


def test_utf8_counts() -> None:
    """Payload is counted in bytes."""
    raw = record(1, NewImage={"text": {"S": "é" * (LARGEST_PAYLOAD // 2)}})
    assert Driver(maximum_retry_attempts=0).feed(raw).run().batches == []


EVEN = {"Filters": [{"Pattern": json.dumps({"dynamodb": {"NewImage": {"even": {"BOOL": [True]}}}})}]}


def marked(*numbers: int) -> list[Json]:
    return [record(number, NewImage={"even": {"BOOL": number % 2 == 0}}) for number in numbers]


def test_filters_come_before_batching() -> None:
    """Records that pass no filter take no place in a batch."""
    driver = Driver(batch_size=2, filter_criteria=EVEN).feed(*marked(1, 2, 3, 4, 5, 6, 7)).run()
    assert driver.batches == [[2, 4], [6]]


def test_filtered_records_move_the_checkpoint() -> None:
    """When nothing passes, nothing is invoked, and the shard is read on."""
    driver = Driver(filter_criteria=EVEN).feed(*marked(1, 3, 5)).run()
    assert driver.batches == []
    assert driver.checkpointed == [5]


def test_filtered_records_wait_for_those_before_them() -> None:
    """The checkpoint passes a filtered record only with all that is before it."""
    driver = Driver(fail_on(2), batch_size=1, maximum_retry_attempts=0, filter_criteria=EVEN)
    driver.feed(*marked(1, 2, 3, 4, 5)).run()
    assert driver.checkpointed == [1, 3, 5]


def test_filtered_records_are_never_discarded() -> None:
    """A record that no filter takes is done with, whatever its age."""
    driver = Driver(filter_criteria=EVEN, maximum_record_age_in_seconds=60).feed(*marked(1, 2)).advance(61).run()
    assert [records for _, records, _ in driver.discarded] == [[2]]


def test_any_filter_is_enough() -> None:
    """Filters of a list are alternatives."""
    criteria = {"Filters": [*EVEN["Filters"], {"Pattern": '{"dynamodb": {"SequenceNumber": ["3"]}}'}]}
    assert Driver(filter_criteria=criteria).feed(*marked(1, 2, 3)).run().batches == [[2, 3]]


def test_disabled() -> None:
    """A mapping that is disabled invokes nothing; enabled again it goes on where it was."""
    driver = Driver(enabled=False).feed(*records(1, 2)).run()
    assert driver.batches == []
    assert driver.mapping.due_at() == math.inf
    driver.mapping.enabled = True
    assert driver.run().batches == [[1, 2]]


def test_record_without_a_time() -> None:
    """A record that does not say when it was made is as old as its arrival."""
    raw = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1"}}
    driver = Driver(maximum_record_age_in_seconds=60).feed(raw).run()
    assert driver.batches == [[1]]


def test_record_in_milliseconds() -> None:
    """Some engines give the time in milliseconds."""
    driver = Driver(maximum_record_age_in_seconds=60).feed(record(1, START * 1000)).run()
    assert driver.batches == [[1]]


@pytest.mark.parametrize("raw", [{}, {"dynamodb": None}, {"dynamodb": {"SequenceNumber": 5}}])
def test_record_without_anything(raw: Json) -> None:
    """Whatever a stream holds is delivered, and given up in the end."""
    driver = Driver(maximum_retry_attempts=0, parallelization_factor=3)
    driver.mapping.feed(SHARD, [raw], driver.now)
    actions: list[Any] = driver.mapping.poll(driver.now)
    assert actions[0].event == {"Records": [raw]}


def test_metrics() -> None:
    """The counts that EventCount has, in records."""
    driver = Driver(
        fail,
        maximum_retry_attempts=1,
        filter_criteria=EVEN,
        destination_config={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failed"}},
    )
    driver.feed(*marked(1, 2, 4, 6)).run()
    assert driver.mapping.metrics == {
        "PolledEventCount": 4,
        "FilteredOutEventCount": 1,
        "InvokedEventCount": 6,
        "FailedInvokeEventCount": 6,
        "OnFailureDestinationDeliveredEventCount": 3,
    }


def test_no_destination_no_delivery() -> None:
    """Without a destination nothing is delivered, although the document is there to be looked at."""
    driver = Driver(report(1), function_response_types=REPORT, maximum_retry_attempts=0).feed(*records(1)).run()
    assert len(driver.discards) == 1
    assert "OnFailureDestinationDeliveredEventCount" not in driver.mapping.metrics
