"""The report of a failed test's stream: names and types, without item values."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from router.local.wording import counted
from router.observability.safe_errors import safe_error
from router.outcomes import Outcome, Status
from router.record import Record
from router.testing.app_stream import AppStream

__all__ = ["stream_report"]

_MOST_RECORDS = 10
_MOST_ATTRIBUTES = 20
_IMAGES = ("Keys", "OldImage", "NewImage")


def stream_report(stream: AppStream) -> str:
    """Report the outcomes of a stream's records, and explain each record that is not done.

    Args:
        stream: The stream.

    Example:
        >>> from router import Dispatcher, Routes
        >>> stream = AppStream(Dispatcher(Routes()))
        >>> _ = stream.put({"EntityType": "Order", "id": "o-1"})
        >>> print(stream_report(stream))
        1 record in the stream, 0 invocations: stream.run() delivers what was written
    """
    histories = _histories(stream.outcomes)
    harmed = [each for each in histories if _statuses(each) & {"failed", "parked"}]
    # Records that were deferred because of a failure do not explain it.
    others = [each for each in histories if not _statuses(each) & {"failed", "parked", "done"}]
    waited = [each for each in others if harmed and _statuses(each) == {"deferred"}]
    troubled = harmed + [each for each in others if each not in waited]
    lines = [_summary(stream, len(waited), len(troubled)), *_whole_failures(stream)]
    for outcomes in troubled[:_MOST_RECORDS]:
        lines += ["", *_record_lines(stream, outcomes)]
    if len(troubled) > _MOST_RECORDS:
        lines += ["", f"... and {counted(len(troubled) - _MOST_RECORDS, 'more record')}"]
    if any(outcome.error and _has_hidden_text(outcome.error) for outcome in stream.outcomes):
        lines += ["", "LOG_ERROR_TEXT=1 shows the texts of errors too; they may quote items."]
    return "\n".join(lines)


def _histories(outcomes: list[Outcome]) -> list[list[Outcome]]:
    """The outcomes of each record over all its deliveries."""
    by_record: dict[tuple[str | None, str | None], list[Outcome]] = {}
    for outcome in outcomes:
        by_record.setdefault((outcome.record.event_id, outcome.record.sequence_number), []).append(outcome)
    return list(by_record.values())


def _statuses(outcomes: list[Outcome]) -> set[Status]:
    return {outcome.status for outcome in outcomes}


def _summary(stream: AppStream, waited: int, troubled: int) -> str:
    text = f"{counted(len(stream.records), 'record')} in the stream, {counted(len(stream.invocations), 'invocation')}"
    if not stream.has_run:
        return f"{text}: stream.run() delivers what was written" if stream.records else text
    lost = {
        "filtered out": stream.filtered_out,
        "parked": len(stream.parked),
        "discarded": sum(len(discarded.records) for discarded in stream.discarded),
        "trimmed": len(stream.trimmed),
        "deferred by a failure": waited,
        "shown below": troubled,
    }
    parts = ", ".join(f"{count} {what}" for what, count in lost.items() if count)
    return f"{text}: {parts or _rest(stream)}"


def _rest(stream: AppStream) -> str:
    """What holds for a stream that lost nothing."""
    if stream.invocations:
        return "every record that was delivered is done"
    return "nothing was delivered" if stream.records else "nothing was written"


def _whole_failures(stream: AppStream) -> Iterator[str]:
    failures = Counter(_error_text(error) for error in stream.errors if error is not None)
    for text, count in failures.items():
        yield f"{counted(count, 'invocation')} failed as a whole: {text}"


def _record_lines(stream: AppStream, outcomes: list[Outcome]) -> Iterator[str]:
    record = outcomes[0].record
    yield f"{record.event_name or 'no event name'}  sequence number {record.sequence_number}"
    for name in _IMAGES:
        if name in record.body:
            yield f"  {name}: {_image_text(record.body[name])}"
    for text, count in Counter(map(_outcome_text, outcomes)).items():
        yield f"  {text}{f' ({count} times)' if count > 1 else ''}"
    for discarded in stream.discarded:
        if any(_same(record, each) for each in discarded.records):
            yield f"  discarded: {discarded.condition}"
    yield from (f"  {line}" for line in str(stream.app.explain(record)).splitlines())


def _same(record: Record, raw: Mapping[str, Any]) -> bool:
    return record.event_id is not None and raw.get("eventID") == record.event_id


def _outcome_text(outcome: Outcome) -> str:
    at = f" at {outcome.stage}" if outcome.stage else ""
    route = f" in {outcome.route.name}" if outcome.route else ""
    error = f": {_error_text(outcome.error)}" if outcome.error else ""
    return f"{outcome.status}{at}{route}{error}"


def _error_text(error: Exception) -> str:
    fields = safe_error(error)
    details = [fields[name] for name in ("reason",) if name in fields]
    details += fields.get("faults", ())
    if places := fields.get("at"):
        details.append(f"at {places[-1].removeprefix(f'{Path.cwd()}{os.sep}')}")
    return f"{fields['error']}: {'; '.join(details)}" if details else str(fields["error"])


def _has_hidden_text(error: Exception) -> bool:
    fields = safe_error(error)
    return "at" in fields and "reason" not in fields


def _image_text(image: Any) -> str:
    if not isinstance(image, dict):
        return f"a {type(image).__name__}, not a map of attributes"
    shown = [f"{name} {_type_text(value)}" for name, value in image.items()]
    more = f" and {len(shown) - _MOST_ATTRIBUTES} more" if len(shown) > _MOST_ATTRIBUTES else ""
    return f"{', '.join(shown[:_MOST_ATTRIBUTES]) or 'no attributes'}{more}"


def _type_text(value: Any) -> str:
    """The type tag of an attribute value; for a malformed value, its Python type."""
    if isinstance(value, dict) and len(value) == 1 and (tag := next(iter(value))) in _TAGS:
        return str(tag)
    return f"({type(value).__name__})"


_TAGS = frozenset({"S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL"})
