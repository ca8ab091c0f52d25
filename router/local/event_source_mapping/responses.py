"""The meaning of a function's response for its batch.

https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from router.local.event_source_mapping.settings import MappingSettings
from router.local.event_source_mapping.stream_record import StreamRecord, order

__all__ = ["Failure", "FunctionError", "Partial", "Result", "Returned", "Success", "Throttled", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Returned:
    """The function returned.

    Args:
        response: The response, as parsed JSON.
    """

    response: Any = None


@dataclass(frozen=True, slots=True)
class FunctionError:
    """The function raised an exception, timed out or crashed."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """The invocation did not start, for lack of concurrency or permission. It does not count as an attempt."""


Result = Returned | FunctionError | Throttled


@dataclass(frozen=True, slots=True)
class Success:
    """The whole batch is handled.

    Args:
        state: The tumbling window's state.
    """

    state: Any = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Partial:
    """A part of the batch is handled.

    Args:
        first: The position in the batch of the first record to deliver again; at least 1.
        state: The tumbling window's state.
    """

    first: int
    state: Any = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """The whole batch is to be delivered again.

    Args:
        function_error: ``Unhandled`` if the function failed, ``None`` if it returned a response.
        sent: Whether the function was invoked.
    """

    function_error: str | None = None
    sent: bool = True


Verdict = Success | Partial | Failure


def judge(
    result: Returned | FunctionError, records: Sequence[StreamRecord], settings: MappingSettings
) -> Success | Partial | Failure:
    """Derive a batch's verdict from the invocation's result.

    Args:
        result: The invocation's result.
        records: The batch.
        settings: The mapping's settings.
    """
    if isinstance(result, FunctionError):
        return Failure("Unhandled")
    response = result.response if isinstance(result.response, dict) else {}
    if settings.tumbling_window_in_seconds and "state" not in response:
        return Failure()
    state = response.get("state")
    reported = response.get("batchItemFailures") if settings.reports else None
    if not reported:
        return Success(state)
    first = _first(reported, records)
    # If the first record of the batch is reported, no record is handled.
    return Partial(first, state) if first else Failure()


def _first(reported: Any, records: Sequence[StreamRecord]) -> int | None:
    """The position of the lowest reported sequence number; ``None`` if one is not in this batch."""
    positions: dict[str | None, int] = {}
    for position, record in enumerate(records):
        positions.setdefault(record.sequence_number, position)
    positions.pop(None, None)
    found = [_identifier(item) for item in reported] if isinstance(reported, list) else [None]
    if any(number not in positions for number in found):
        return None
    return positions[min(found, key=order)]


def _identifier(item: Any) -> str | None:
    identifier = item.get("itemIdentifier") if isinstance(item, dict) else None
    return identifier if isinstance(identifier, str) else None
