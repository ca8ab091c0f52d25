"""``router.local.event_source_mapping.windows``: tumbling windows and their state, as recorded on AWS."""

import json
import math
from typing import Any

import pytest

from router.local.event_source_mapping import FunctionError, Result, Returned
from router.local.event_source_mapping.windows import LARGEST_STATE
from tests.local.driver import SHARD, START, Driver, fail, numbers, record, report

LENGTH: dict[str, Any] = {"tumbling_window_in_seconds": 60}  # START is at a full minute
FIRST = {"start": "2026-09-17T13:27:00Z", "end": "2026-09-17T13:28:00Z"}
SECOND = {"start": "2026-09-17T13:28:00Z", "end": "2026-09-17T13:29:00Z"}


def at(number: int, seconds: float) -> dict[str, Any]:
    return record(number, START + seconds)


class Counting:
    """A function whose state is the number of the window's invocations."""

    def __init__(self) -> None:
        self.driver: Driver | None = None

    def __call__(self, _: list[int]) -> Result:
        assert self.driver is not None
        return Returned({"state": {"n": self.driver.invokes[-1].event["state"].get("n", 0) + 1}})


def counting(**settings: Any) -> Driver:
    answer = Counting()
    answer.driver = Driver(answer, **LENGTH, **settings)
    return answer.driver


def invocations_of(driver: Driver) -> list[tuple[list[int], Any, bool, bool]]:
    """Records, state and flags of each event."""
    return [
        (
            numbers(invoke.event["Records"]),
            invoke.event["state"],
            invoke.event["isFinalInvokeForWindow"],
            invoke.event["isWindowTerminatedEarly"],
        )
        for invoke in driver.invokes
    ]


def test_event() -> None:
    """The keys of the event, in order."""
    driver = counting().feed(at(1, 0)).run()
    stream = driver.invokes[0].event["eventSourceARN"]
    assert json.dumps(driver.invokes[0].event) == json.dumps(
        {
            "Records": [at(1, 0)],
            "shardId": SHARD,
            "eventSourceARN": stream,
            "window": FIRST,
            "state": {},
            "isFinalInvokeForWindow": False,
            "isWindowTerminatedEarly": False,
        }
    )


def test_state_is_carried_through_a_window() -> None:
    """The first event has an empty state, later ones the last returned state; the final one has no records."""
    driver = counting(batch_size=1).feed(at(1, 0), at(2, 59), at(3, 60)).run()
    assert invocations_of(driver) == [
        ([1], {}, False, False),
        ([2], {"n": 1}, False, False),
        ([], {"n": 2}, True, False),
        ([3], {}, False, False),
    ]
    assert [invoke.event["window"] for invoke in driver.invokes] == [FIRST, FIRST, FIRST, SECOND]


def test_no_batch_spans_two_windows() -> None:
    """A record at the end of a window belongs to the next one."""
    driver = counting().feed(at(1, 0), at(2, 59.9), at(3, 60), at(4, 125)).run()
    assert [batch for batch in driver.batches if batch] == [[1, 2], [3], [4]]


def test_a_later_window_ends_the_gathering() -> None:
    """A record of the next window ends the batch."""
    driver = counting(maximum_batching_window_in_seconds=300).feed(at(1, 0))
    assert not driver.step()
    assert driver.feed(at(2, 60)).step()
    assert driver.batches == [[1]]


def test_idle_flush() -> None:
    """Without a later record the window is closed two minutes after its end."""
    driver = counting().feed(at(1, 0)).run()
    assert driver.mapping.due_at() == math.inf
    assert driver.mapping.flush_at() == START + 180
    assert not driver.advance(179).step()
    assert driver.advance(1).step()
    assert invocations_of(driver)[-1] == ([], {"n": 1}, True, False)
    assert driver.mapping.flush_at() == math.inf


def test_end_of_the_shard_closes_the_window() -> None:
    """A child shard starts with an empty state."""
    driver = counting().feed(at(1, 0)).run()
    driver.mapping.add_shard("child", SHARD)
    driver.feed(at(2, 1), shard="child")
    driver.mapping.end_shard(SHARD)
    assert invocations_of(driver.run())[1:] == [([], {"n": 1}, True, False), ([2], {}, False, False)]


def test_partial_response_keeps_the_state() -> None:
    """Reported records are delivered again with the state of that response."""
    driver = Driver(report(2), function_response_types=["ReportBatchItemFailures"], maximum_retry_attempts=0, **LENGTH)
    assert driver.feed(at(1, 0), at(2, 0), at(3, 0)).run().batches == [[1, 2, 3], [2, 3]]


def test_no_state_is_a_failure() -> None:
    """A response without state is retried."""
    driver = Driver(lambda _: Returned({}), maximum_retry_attempts=1, **LENGTH).feed(at(1, 0)).run()
    assert driver.batches == [[1], [1]]
    assert driver.discards[0].document["responseContext"]["functionError"] is None


def test_oversized_state() -> None:
    """Recorded: a final, early invocation with the whole state follows at once; the next window starts without."""
    states = iter([{"s": "x" * LARGEST_STATE}, {}, {}, {}, {}])
    driver = Driver(lambda _: Returned({"state": next(states)}), batch_size=1, **LENGTH)
    driver.feed(at(1, 0), at(2, 60)).run()
    assert [
        (records, len(json.dumps(state)) > LARGEST_STATE, *flags) for records, state, *flags in invocations_of(driver)
    ] == [
        ([1], False, False, False),
        ([], True, True, True),
        ([2], False, False, False),
    ]


def test_window_goes_on_after_it_was_ended_early() -> None:
    """Later records of the same window start without state, and the window still has a final invocation."""
    states = iter([{"s": "x" * LARGEST_STATE}, {}, {"n": 1}, {}, {}])
    driver = Driver(lambda _: Returned({"state": next(states)}), batch_size=1, **LENGTH)
    driver.feed(at(1, 0), at(2, 1), at(3, 60)).run()
    assert [(records, *flags) for records, _, *flags in invocations_of(driver)] == [
        ([1], False, False),
        ([], True, True),
        ([2], False, False),
        ([], True, False),
        ([3], False, False),
    ]


def test_window_ended_early_by_a_partial_response() -> None:
    """Reported records are delivered again in the same window, which still has a final invocation."""
    too_large = {"state": {"s": "x" * LARGEST_STATE}, "batchItemFailures": [{"itemIdentifier": "2"}]}
    answers = iter([too_large, *[{"state": {"n": 1}}] * 4])
    driver = Driver(lambda _: Returned(next(answers)), function_response_types=["ReportBatchItemFailures"], **LENGTH)
    driver.feed(at(1, 0), at(2, 0), at(3, 60)).run()
    assert [(records, *flags) for records, _, *flags in invocations_of(driver)] == [
        ([1, 2], False, False),
        ([], True, True),
        ([2], False, False),
        ([], True, False),
        ([3], False, False),
    ]


def final_fails(driver_of: list[Driver]) -> Any:
    def answer(_: list[int]) -> Result:
        final = driver_of[0].invokes[-1].event["isFinalInvokeForWindow"]
        return FunctionError() if final else Returned({"state": {"n": 1}})

    return answer


@pytest.mark.parametrize("retries", [0, 2])
def test_failing_final_invocation(retries: int) -> None:
    """Recorded: after its retries it is discarded with a document without batch, and the next window starts."""
    drivers: list[Driver] = []
    drivers.append(Driver(final_fails(drivers), maximum_retry_attempts=retries, **LENGTH))
    driver = drivers[0].feed(at(1, 0), at(2, 60)).run()
    assert invocations_of(driver) == [
        ([1], {}, False, False),
        *[([], {"n": 1}, True, False)] * (retries + 1),
        ([2], {}, False, False),
    ]
    (discard,) = driver.discards
    document = discard.document
    assert document["requestContext"]["approximateInvokeCount"] == retries + 1
    assert document["DDBStreamBatchInfo"] == {
        "shardId": SHARD,
        "streamArn": driver.invokes[0].event["eventSourceARN"],
    }
    assert list(document)[-1] == "timeWindowInfo"
    assert document["timeWindowInfo"] == {
        "window": FIRST,
        "isFinalInvokeForWindow": True,
        "isWindowTerminatedEarly": False,
    }


def test_final_invocation_that_always_fails() -> None:
    """Without a limit of retries it blocks the shard until the stream trims the records behind it."""
    drivers: list[Driver] = []
    drivers.append(Driver(final_fails(drivers), **LENGTH))
    driver = drivers[0].feed(at(1, 0), at(2, 60)).run()
    assert [numbers(trim.records) for trim in driver.trims] == [[2]]
    assert driver.discards == []


def test_document_of_a_failed_batch() -> None:
    """The window is the last field of the document."""
    driver = Driver(fail, maximum_retry_attempts=0, **LENGTH).feed(at(1, 0)).run()
    assert list(driver.discards[0].document)[-1] == "timeWindowInfo"
    assert driver.discards[0].document["timeWindowInfo"]["window"] == FIRST
