"""The next step of a batch after an attempt: finish, cut, split, retry or discard.

https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from router.local.event_source_mapping.batches import PendingBatch
from router.local.event_source_mapping.responses import Failure, Partial, Success, Verdict
from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord

__all__ = ["Backoff", "Next", "back_off", "put_off", "resolve"]

Backoff = Callable[[int], float]
"""The delay in seconds after a batch's first, second, third... failure."""

_FIRST_WAIT = 0.25  # Lambda polls a shard four times a second
_LONGEST_WAIT = 60.0
_DOUBLINGS = 8  # enough to reach the longest wait


def back_off(failures: int) -> float:
    """The delay after a number of failures: a quarter of a second, doubled each time, at most a minute.

    AWS does not document its schedule. With this one a record of at most 60 seconds gets eight attempts, as recorded
    from AWS.

    Example:
        >>> [back_off(failures) for failures in (1, 2, 3, 20)]
        [0.25, 0.5, 1.0, 60.0]
    """
    return min(_FIRST_WAIT * 2.0 ** min(failures - 1, _DOUBLINGS), _LONGEST_WAIT)


class Next(NamedTuple):
    """The next step of a batch.

    Args:
        handled: The records that are handled.
        work: The batches that replace it, the next one first.
        exhausted: The failure of a batch to discard.
    """

    handled: tuple[StreamRecord, ...] = ()
    work: tuple[PendingBatch, ...] = ()
    exhausted: Failure | None = None


def resolve(
    batch: PendingBatch,
    verdict: Verdict,
    settings: MappingSettings,
    now: float,
    wait: Backoff,
    new_id: Callable[[], str],
) -> Next:
    """Derive the next step of a batch from its verdict.

    A batch that is cut from it or split off is a new batch without attempts.

    Args:
        batch: The batch, whose attempts include this one.
        verdict: Its verdict.
        settings: The mapping's settings.
        now: The time, in seconds since the epoch.
        wait: Returns the delay before a retry.
        new_id: Makes a request ID for each new batch.
    """
    match verdict:
        case Success():
            return Next(handled=batch.records)
        case Partial(first=first):
            rest = PendingBatch(batch.records[first:], new_id(), window=batch.window)
            return Next(handled=batch.records[:first], work=(rest,))
        case Failure():
            return _failed(batch, verdict, settings, now, wait, new_id)


def _failed(
    batch: PendingBatch,
    failure: Failure,
    settings: MappingSettings,
    now: float,
    wait: Backoff,
    new_id: Callable[[], str],
) -> Next:
    if settings.bisect_batch_on_function_error and len(batch.records) > 1:
        middle = len(batch.records) // 2
        halves = batch.records[:middle], batch.records[middle:]
        return Next(work=tuple(PendingBatch(half, new_id(), window=batch.window) for half in halves))
    if settings.maximum_retry_attempts == -1 or batch.attempts <= settings.maximum_retry_attempts:
        return Next(work=(put_off(batch, now, wait),))
    return Next(exhausted=failure)


def put_off(batch: PendingBatch, now: float, wait: Backoff) -> PendingBatch:
    """The same batch with the time of its next attempt."""
    waits = batch.waits + 1
    return replace(batch, waits=waits, not_before=now + wait(waits))
