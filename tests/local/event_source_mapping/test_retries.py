"""``router.local.event_source_mapping.retries``: retries, partial responses and bisecting as recorded on AWS."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from router import RouterError
from router.local.event_source_mapping import Invoke, Result, Returned, Throttled, back_off
from tests.local.driver import REPORT, SHARD, START, Driver, fail, fail_on, numbers, record, records, report, succeed

EXHAUSTED, AGED = "RetryAttemptsExhausted", "RecordAgeExceeded"


@pytest.mark.parametrize(("retries", "invocations"), [(0, 1), (1, 2), (2, 3), (3, 4)])
def test_retries_come_after_the_first_attempt(retries: int, invocations: int) -> None:
    """N retries are N + 1 invocations, which the document counts."""
    driver = Driver(fail, maximum_retry_attempts=retries).feed(*records(1, 2)).run()
    assert driver.batches == [[1, 2]] * invocations
    assert driver.discarded == [(EXHAUSTED, [1, 2], invocations)]


def test_partial_enabled() -> None:
    """Recorded: the reported record begins a new batch, which has all its retries and is discarded as a whole."""
    driver = (
        Driver(report(2), maximum_retry_attempts=1, function_response_types=REPORT).feed(*records(1, 2, 3, 4)).run()
    )
    assert driver.batches == [[1, 2, 3, 4], [2, 3, 4], [2, 3, 4]]
    assert driver.discarded == [(EXHAUSTED, [2, 3, 4], 2)]


def test_partial_disabled() -> None:
    """Recorded: without the response type there is one invocation, with any response."""
    driver = Driver(report(2), maximum_retry_attempts=1).feed(*records(1, 2, 3, 4)).run()
    assert driver.batches == [[1, 2, 3, 4]]
    assert driver.discarded == []


def test_report_batch_item_failures() -> None:
    """Recorded: of six records in batches of three the sixth fails; it is delivered five times, the others once."""
    settings: dict[str, Any] = {"batch_size": 3, "maximum_retry_attempts": 3, "function_response_types": REPORT}
    driver = Driver(report(6), **settings).feed(*records(1, 2, 3, 4, 5, 6)).run()
    seen = list(itertools.chain(*driver.batches))
    assert [seen.count(number) for number in range(1, 7)] == [1, 1, 1, 1, 1, 5]
    assert driver.discarded == [(EXHAUSTED, [6], 4)]
    assert driver.discards[0].document["responseContext"]["functionError"] is None


def test_lowest_of_several() -> None:
    """The lowest sequence number counts, by its value and at any place in the list."""
    raws = records(998, 999, 1000, 1001)
    driver = Driver(report(1001, 1000, 999), maximum_retry_attempts=0, function_response_types=REPORT).feed(*raws).run()
    assert driver.batches == [[998, 999, 1000, 1001], [999, 1000, 1001]]


def test_first_of_the_batch_is_the_batch() -> None:
    """A response that reports the first record is a failure of the whole batch."""
    driver = Driver(report(1), maximum_retry_attempts=2, function_response_types=REPORT).feed(*records(1, 2)).run()
    assert driver.batches == [[1, 2]] * 3


def test_retry_has_the_same_request_id() -> None:
    """Recorded: an unchanged batch keeps its request ID, a new one gets its own."""
    driver = Driver(report(2), maximum_retry_attempts=1, function_response_types=REPORT).feed(*records(1, 2, 3)).run()
    first, second, third = driver.ids
    assert first != second == third
    assert driver.discards[0].document["requestContext"]["requestId"] == third
    assert [invoke.attempt for invoke in driver.invokes] == [1, 1, 2]


def test_bisect_splits_instead_of_retrying() -> None:
    """Bisecting comes before retries: only a batch of one record uses up the retries."""
    settings: dict[str, Any] = {"bisect_batch_on_function_error": True, "maximum_retry_attempts": 1}
    driver = Driver(fail_on(3), **settings).feed(*records(1, 2, 3, 4)).run()
    assert driver.batches == [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]
    assert driver.discarded == [(EXHAUSTED, [3], 2)]
    assert driver.checkpointed == [2, 3, 4]


def test_bisect_with_partial_responses() -> None:
    """A valid report cuts the batch; a report of the first record splits it."""
    settings: dict[str, Any] = {"bisect_batch_on_function_error": True, "maximum_retry_attempts": 0}
    driver = Driver(report(3), function_response_types=REPORT, **settings).feed(*records(1, 2, 3, 4, 5)).run()
    assert driver.batches == [[1, 2, 3, 4, 5], [3, 4, 5], [3], [4, 5]]
    assert driver.discarded == [(EXHAUSTED, [3], 1)]


def test_the_shard_goes_on_after_a_discard() -> None:
    """The records behind a discarded batch are delivered."""
    driver = Driver(fail_on(1), batch_size=2, maximum_retry_attempts=0).feed(*records(1, 2, 3)).run()
    assert driver.batches == [[1, 2], [3]]
    assert driver.checkpointed == [2, 3]


def test_nothing_passes_a_failing_batch() -> None:
    """No record behind a failing batch is delivered before the batch is resolved."""
    driver = Driver(fail, batch_size=1, maximum_retry_attempts=2).feed(*records(1, 2)).run()
    assert driver.batches == [[1], [1], [1], [2], [2], [2]]


def test_checkpoint_of_a_partial_success() -> None:
    """The checkpoint is the record before the reported one."""
    driver = (
        Driver(report(3), function_response_types=REPORT, maximum_retry_attempts=0).feed(*records(1, 2, 3, 4)).run()
    )
    assert driver.checkpointed == [2, 4]


def test_throttle_is_no_attempt() -> None:
    """Throttled invocations use up no retry and keep the request ID."""
    answers: Iterator[Result] = iter([Throttled(), Throttled(), Returned()])

    def answer(_: list[int]) -> Result:
        return next(answers)

    driver = Driver(answer, maximum_retry_attempts=0).feed(*records(1)).run()
    assert driver.batches == [[1]] * 3
    assert [invoke.attempt for invoke in driver.invokes] == [1, 1, 1]
    assert len(set(driver.ids)) == 1
    assert driver.discarded == []


def test_expire_while_retrying() -> None:
    """Recorded for a stream whose records may be 60 seconds old: eight invocations, then the record is too old."""
    driver = Driver(fail, maximum_record_age_in_seconds=60).feed(*records(1)).run()
    assert len(driver.batches) == 8
    assert driver.discarded == [(AGED, [1], 8)]
    assert "responseContext" not in driver.discards[0].document


def test_maximum_age_without_invocation() -> None:
    """Recorded: a record of 70 seconds with 60 allowed is discarded uninvoked; the document counts one attempt."""
    driver = Driver(maximum_record_age_in_seconds=60).feed(*records(1)).advance(70).run()
    assert driver.batches == []
    assert driver.discarded == [(AGED, [1], 1)]
    assert "responseContext" not in driver.discards[0].document
    assert driver.discards[0].document["requestContext"]["requestId"]
    assert driver.checkpointed == [1]
    assert driver.mapping.last_processing_result == "No records processed"


def test_one_old_record_of_six() -> None:
    """Recorded: the old record is discarded alone, the other five are in one event."""
    raws = [record(1, START - 61), *records(2, 3, 4, 5, 6)]
    driver = Driver(batch_size=10, maximum_record_age_in_seconds=60).feed(*raws).run()
    assert driver.batches == [[2, 3, 4, 5, 6]]
    assert driver.discarded == [(AGED, [1], 1)]


def test_old_record_among_young_ones() -> None:
    """Only the records that are too old are discarded, also if times are not in order."""
    raws = [record(1), record(2, START - 61), record(3)]
    driver = Driver(maximum_record_age_in_seconds=60).feed(*raws).run()
    assert driver.batches == [[1, 3]]
    assert driver.discarded == [(AGED, [2], 1)]
    assert driver.checkpointed == [3]


def test_old_records_inside_a_batch_that_is_retried() -> None:
    """Records that become too old between attempts are discarded, and the others are a new batch."""
    raws = [record(1, START - 59.9), record(2)]
    driver = Driver(fail, maximum_record_age_in_seconds=60, maximum_retry_attempts=1).feed(*raws).run()
    assert driver.batches == [[1, 2], [2], [2]]
    assert driver.discarded == [(AGED, [1], 1), (EXHAUSTED, [2], 2)]
    assert driver.ids[0] != driver.ids[1] == driver.ids[2]


def test_old_records_are_discarded_in_batches() -> None:
    """A document holds at most the batch size of records."""
    driver = Driver(batch_size=2, maximum_record_age_in_seconds=60).feed(*records(1, 2, 3)).advance(61).run()
    assert driver.discarded == [(AGED, [1, 2], 1), (AGED, [3], 1)]


def test_retention_is_silent() -> None:
    """After 24 hours a record is trimmed without a document, and the next records follow."""
    driver = Driver(fail_on(1), batch_size=1).feed(record(1), record(2, START + 3600)).run()
    assert set(map(tuple, driver.batches)) == {(1,), (2,)}
    assert driver.discarded == []
    assert [numbers(trim.records) for trim in driver.trims] == [[1]]
    assert driver.checkpointed[-1] == 2


def test_age_beyond_the_retention_is_inert() -> None:
    """With a maximum age above 24 hours, records are trimmed and not discarded."""
    driver = Driver(maximum_record_age_in_seconds=604_800).feed(*records(1)).advance(86_401).run()
    assert driver.discarded == []
    assert len(driver.trims) == 1


def test_back_off() -> None:
    """The delay doubles up to a minute."""
    assert [back_off(failures) for failures in (1, 2, 3, 9, 10, 10_000)] == [0.25, 0.5, 1.0, 60.0, 60.0, 60.0]


def test_last_processing_result() -> None:
    """The result is OK after a success or a valid report, and a problem after a function error."""
    driver = Driver(report(2), function_response_types=REPORT).feed(*records(1, 2))
    assert driver.mapping.last_processing_result == "No records processed"
    driver.step()
    assert driver.mapping.last_processing_result == "OK"
    driver = Driver(fail, maximum_retry_attempts=0).feed(*records(1)).run()
    assert driver.mapping.last_processing_result == "PROBLEM: Function call failed"


def test_complete_twice() -> None:
    """A second result of the same invocation is an error."""
    driver = Driver(succeed).feed(*records(1))
    (invoke,) = (action for action in driver.mapping.poll(driver.now) if isinstance(action, Invoke))
    driver.mapping.complete(invoke, Returned(), driver.now)
    with pytest.raises(RouterError, match=f"expected one in progress in {SHARD}"):
        driver.mapping.complete(invoke, Returned(), driver.now)


def test_actions_print_no_items() -> None:
    """The representation of actions shows no records."""
    driver = Driver(fail, maximum_retry_attempts=0).feed(record(1, key="s3cret")).run()
    assert "s3cret" not in repr(driver.invokes + driver.discards)
