"""What a function's answer means for the batch that it was given.

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
        response: What it returned, as JSON has it.
    """

    response: Any = None


@dataclass(frozen=True, slots=True)
class FunctionError:
    """The function raised, ran out of time or crashed."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """The invocation never started: no concurrency was left, or no permission. It is no attempt."""


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
    """The batch is handled up to a record that has others before it.

    Args:
        first: The position in the batch of the first record that has to come again.
        state: The tumbling window's state.
    """

    first: int
    state: Any = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failure:
    """The whole batch has to come again.

    Args:
        function_error: ``Unhandled`` if the function failed, ``None`` if its answer did.
        sent: Whether the function was called at all.
    """

    function_error: str | None = None
    sent: bool = True


Verdict = Success | Partial | Failure


def judge(
    result: Returned | FunctionError, records: Sequence[StreamRecord], settings: MappingSettings
) -> Success | Partial | Failure:
    """Tell what became of a batch.

    Args:
        result: What the function answered.
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
    # One that is first of all leaves nothing behind it that is done, so it is the failure of the batch.
    return Partial(first, state) if first else Failure()


def _first(reported: Any, records: Sequence[StreamRecord]) -> int | None:
    """The position of the lowest sequence number reported, or ``None`` where one is none of this batch."""
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
