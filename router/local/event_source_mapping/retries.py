"""What happens to a batch after an attempt: done, cut, split, tried again or given up.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from router.local.event_source_mapping.batches import Batch
from router.local.event_source_mapping.responses import Failure, Partial, Success, Verdict
from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord

__all__ = ["Backoff", "Next", "back_off", "put_off", "resolve"]

Backoff = Callable[[int], float]
"""How many seconds to wait after the first, second, third... failure of a batch."""

_FIRST_WAIT = 0.25  # Lambda asks a shard four times a second
_LONGEST_WAIT = 60.0
_DOUBLINGS = 8  # by then the longest wait is reached


def back_off(failures: int) -> float:
    """Wait a quarter of a second, then twice as long each time, at most a minute.

    AWS does not document its schedule. With this one a record that may be 60 seconds old is tried eight times, which is
    what was recorded.

    Example:
        >>> [back_off(failures) for failures in (1, 2, 3, 20)]
        [0.25, 0.5, 1.0, 60.0]
    """
    return min(_FIRST_WAIT * 2.0 ** min(failures - 1, _DOUBLINGS), _LONGEST_WAIT)


class Next(NamedTuple):
    """What follows from an attempt.

    Args:
        handled: Records that are handled.
        work: Batches that take the place of the one tried, the next first.
        exhausted: How the batch failed, if it is given up.
    """

    handled: tuple[StreamRecord, ...] = ()
    work: tuple[Batch, ...] = ()
    exhausted: Failure | None = None


def resolve(
    batch: Batch, verdict: Verdict, settings: MappingSettings, now: float, wait: Backoff, new_id: Callable[[], str]
) -> Next:
    """Tell what follows from an attempt.

    Attempts belong to a batch as it was sent: what is cut from it or split off is a new batch with none.

    Args:
        batch: The batch, the attempt included in its count.
        verdict: What became of it.
        settings: The mapping's settings.
        now: The time, in seconds since the epoch.
        wait: How long to wait before a retry.
        new_id: Makes a request ID for each new batch.
    """
    match verdict:
        case Success():
            return Next(handled=batch.records)
        case Partial(first=first):
            rest = Batch(batch.records[first:], new_id(), window=batch.window)
            return Next(handled=batch.records[:first], work=(rest,))
        case Failure():
            return _failed(batch, verdict, settings, now, wait, new_id)


def _failed(
    batch: Batch, failure: Failure, settings: MappingSettings, now: float, wait: Backoff, new_id: Callable[[], str]
) -> Next:
    if settings.bisect_batch_on_function_error and len(batch.records) > 1:
        middle = len(batch.records) // 2
        halves = batch.records[:middle], batch.records[middle:]
        return Next(work=tuple(Batch(half, new_id(), window=batch.window) for half in halves))
    if settings.maximum_retry_attempts == -1 or batch.attempts <= settings.maximum_retry_attempts:
        return Next(work=(put_off(batch, now, wait),))
    return Next(exhausted=failure)


def put_off(batch: Batch, now: float, wait: Backoff) -> Batch:
    """The same batch, to be tried later."""
    waits = batch.waits + 1
    return replace(batch, waits=waits, not_before=now + wait(waits))
