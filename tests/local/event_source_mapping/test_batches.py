"""``router.local.event_source_mapping.batches``: batches by size, time and payload, after filtering."""

import json
import math
from typing import Any

import pytest

from router.local.event_source_mapping.batches import LARGEST_PAYLOAD
from tests.local.driver import REPORT, SHARD, START, Driver, Json, fail, fail_on, record, records, report


def test_batch_size() -> None:
    """No batch has more records than the batch size."""
    assert Driver(batch_size=2).feed(*records(1, 2, 3, 4, 5)).run().batches == [[1, 2], [3, 4], [5]]


def test_default_batch_size() -> None:
    """The default batch size is 100."""
    assert [len(batch) for batch in Driver().feed(*records(*range(1, 151))).run().batches] == [100, 50]


def test_window_timing() -> None:
    """Recorded: size 2, window 5 s, five records; the last comes 5 s after the second batch."""
    driver = Driver(batch_size=2, maximum_batching_window_in_seconds=5).feed(*records(1, 2, 3, 4, 5)).run()
    assert driver.batches == [[1, 2], [3, 4], [5]]
    assert driver.times == [0, 0, 5]


def test_window_starts_when_the_invocation_before_has_finished() -> None:
    """The window of the next batch starts when the invocation ends."""
    driver = Driver(batch_size=2, maximum_batching_window_in_seconds=5, seconds=3).feed(*records(1, 2, 3)).run()
    assert driver.times == [0, 8]


def test_window_starts_with_the_first_record() -> None:
    """After an idle time the window starts with the first record."""
    driver = Driver(maximum_batching_window_in_seconds=5).feed(*records(1)).run().advance(100)
    driver.feed(*records(2)).run()
    assert driver.times == [5, 110]


def test_window_gathers() -> None:
    """Records that arrive within one window are in one batch."""
    driver = Driver(maximum_batching_window_in_seconds=5).feed(*records(1))
    assert not driver.step()
    assert driver.advance(4).feed(*records(2)).run().batches == [[1, 2]]
    assert driver.times == [5]


def test_window_ends_when_the_batch_is_full() -> None:
    """A full batch is sent before its window ends."""
    driver = Driver(batch_size=2, maximum_batching_window_in_seconds=300).feed(*records(1))
    assert not driver.step()
    assert driver.feed(*records(2)).step()


def test_window_ends_with_the_shard() -> None:
    """The end of the shard ends the window."""
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
    """An event has at most 6 MB, and may have exactly 6 MB."""
    half = LARGEST_PAYLOAD // 2
    rest = LARGEST_PAYLOAD - half - len('{"Records":[,]}')
    driver = Driver().feed(heavy(1, half), heavy(2, rest), heavy(3, 400)).run()
    assert driver.batches == [[1, 2], [3]]
    assert len(json.dumps(driver.invokes[0].event, separators=(",", ":"))) == LARGEST_PAYLOAD
    assert Driver().feed(heavy(1, half), heavy(2, rest + 1), heavy(3, 400)).run().batches == [[1], [2, 3]]


def test_payload_ends_the_window() -> None:
    """A batch of 6 MB is sent before its window ends."""
    driver = Driver(maximum_batching_window_in_seconds=300)
    driver.feed(heavy(1, LARGEST_PAYLOAD // 2))
    assert not driver.step()
    assert driver.feed(heavy(2, LARGEST_PAYLOAD // 2)).step()
    assert driver.batches == [[1]]


@pytest.mark.parametrize(("retries", "count"), [(0, 1), (2, 3)])
def test_oversized(retries: int, count: int) -> None:
    """Recorded: a record larger than an event uses up its retries without an invocation; the next record follows."""
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
    """Records that no filter matches do not count for the batch size."""
    driver = Driver(batch_size=2, filter_criteria=EVEN).feed(*marked(1, 2, 3, 4, 5, 6, 7)).run()
    assert driver.batches == [[2, 4], [6]]


def test_filtered_records_move_the_checkpoint() -> None:
    """If no record matches, the function is not invoked and the checkpoint moves."""
    driver = Driver(filter_criteria=EVEN).feed(*marked(1, 3, 5)).run()
    assert driver.batches == []
    assert driver.checkpointed == [5]


def test_filtered_records_wait_for_those_before_them() -> None:
    """The checkpoint passes a filtered record only after all records before it."""
    driver = Driver(fail_on(2), batch_size=1, maximum_retry_attempts=0, filter_criteria=EVEN)
    driver.feed(*marked(1, 2, 3, 4, 5)).run()
    assert driver.checkpointed == [1, 3, 5]


def test_filtered_records_are_never_discarded() -> None:
    """A record that no filter matches is never discarded or trimmed, however old it is."""
    driver = Driver(filter_criteria=EVEN, maximum_record_age_in_seconds=60).feed(*marked(1, 2)).advance(61).run()
    assert [records for _, records, _ in driver.discarded] == [[2]]


def test_any_filter_is_enough() -> None:
    """Filters of a list are alternatives."""
    criteria = {"Filters": [*EVEN["Filters"], {"Pattern": '{"dynamodb": {"SequenceNumber": ["3"]}}'}]}
    assert Driver(filter_criteria=criteria).feed(*marked(1, 2, 3)).run().batches == [[2, 3]]


def test_disabled() -> None:
    """A disabled mapping does not invoke the function; enabled again it continues at its position."""
    driver = Driver(enabled=False).feed(*records(1, 2)).run()
    assert driver.batches == []
    assert driver.mapping.due_at() == math.inf
    driver.mapping.enabled = True
    assert driver.run().batches == [[1, 2]]


def test_record_without_a_time() -> None:
    """Without a creation time a record's age counts from its arrival."""
    raw = {"eventName": "INSERT", "dynamodb": {"SequenceNumber": "1"}}
    driver = Driver(maximum_record_age_in_seconds=60).feed(raw).run()
    assert driver.batches == [[1]]


def test_record_in_milliseconds() -> None:
    """Some engines give the time in milliseconds."""
    driver = Driver(maximum_record_age_in_seconds=60).feed(record(1, START * 1000)).run()
    assert driver.batches == [[1]]


@pytest.mark.parametrize("raw", [{}, {"dynamodb": None}, {"dynamodb": {"SequenceNumber": 5}}])
def test_record_without_anything(raw: Json) -> None:
    """Records without the usual fields are delivered as they are."""
    driver = Driver(maximum_retry_attempts=0, parallelization_factor=3)
    driver.mapping.feed(SHARD, [raw], driver.now)
    actions: list[Any] = driver.mapping.poll(driver.now)
    assert actions[0].event == {"Records": [raw]}


def test_metrics() -> None:
    """The metrics count records, as AWS's EventCount does."""
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
    """Without a destination no document counts as delivered."""
    driver = Driver(report(1), function_response_types=REPORT, maximum_retry_attempts=0).feed(*records(1)).run()
    assert len(driver.discards) == 1
    assert "OnFailureDestinationDeliveredEventCount" not in driver.mapping.metrics


def test_a_record_from_another_year_is_not_retried_until_then() -> None:
    """It counts as one of the day after its arrival."""
    year = 365 * 86_400
    driver = Driver(fail).feed(record(1, START + year)).run()
    assert [len(trim.records) for trim in driver.trims] == [1]
    assert driver.times[-1] <= 2 * 86_400


def test_a_record_from_before_1970_is_delivered() -> None:
    """No part of the mapping takes the epoch for the beginning of time."""
    driver = Driver(maximum_batching_window_in_seconds=5)
    driver.now = -1_000_000_000
    driver.feed(record(1, driver.now)).run()
    assert (driver.batches, driver.trims) == ([[1]], [])
    assert driver.now == -1_000_000_000 + 5
