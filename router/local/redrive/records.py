"""The records in documents: each is one that can be sent through the routes again."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from router.errors import RecordsGoneError, RecordsUnreadError, RouterError
from router.local.redrive.place import Document, PlaceError
from router.record import Record
from router.sources import receive
from router.sources.carried_changes import is_failure_document, is_parked, is_s3_notification
from router.sources.change import NotAChangeError
from router.sources.stored_document import stored_document

__all__ = ["Expand", "ParkedRecord", "Problem", "record_of", "records_in"]

Expand = Callable[[Mapping[str, Any]], list[Any]]
"""Reads what a document refers to: the records of a failure document without payload, the object of a parked record.

Raises :class:`RecordsGoneError` or :class:`RecordsUnreadError`.
"""

_MOST_LAYERS = 8


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a document has no record that can be handled.

    Args:
        outcome: ``gone``, if its stream or bucket no longer has the record, else ``unreadable``.
        reason: Why, without values of an item.
    """

    outcome: str
    reason: str


@dataclass(slots=True, eq=False)
class ParkedRecord:
    """One record that waits in a place.

    Args:
        id: Identifies it for the user: the document's ``id``, else the digest of the document and a position.
        documents: The document that holds it, and copies of that.
        position: Its position in the document.
        entity, route, stage, error, reason, parked_at, changed_at, attempts: As the document says.
        event_name: INSERT, MODIFY or REMOVE.
        sequence_number: Its sequence number.
        item: Equal for two records of one item; ``None`` for a record without keys.
        problem: Why it cannot be handled.
        content: Its content, where it is too costly to read it again.
    """

    id: str
    documents: list[Document]
    position: int
    entity: str | None = None
    route: str | None = None
    stage: str | None = None
    error: str | None = None
    reason: str | None = None
    parked_at: str | None = None
    changed_at: str | None = None
    attempts: int | None = None
    event_name: str | None = None
    sequence_number: str | None = None
    item: Hashable = None
    problem: Problem | None = None
    content: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def keys(self) -> list[str]:
        """What the journal has for it, once for each copy."""
        return [f"{document.digest}#{self.position}" for document in self.documents]

    @property
    def order(self) -> tuple[Any, ...]:
        """Sorts the records of one item in the order of their changes."""
        number = self.sequence_number or ""
        is_number = number.isascii() and number.isdigit()
        return (0 if is_number else 1, int(number) if is_number else 0, self.changed_at or "", self.parked_at or "")

    def read(self) -> dict[str, Any]:
        """The document to send: that of the parked record, or one like it around a record of a failure document.

        Raises:
            PlaceError: It is no longer in its place.
        """
        if self.content is not None:
            return self.content
        content = _unwrapped(_parsed(self.documents[0].read()))
        if isinstance(content, dict) and is_parked(content) and "record" in content:
            return content
        msg = f"found another document at {self.documents[0].name} than before, expected a parked record"
        raise PlaceError(msg)


def records_in(document: Document, expand: Expand) -> Iterator[ParkedRecord]:
    """The records in a document; one with a problem where there is none that can be handled.

    Args:
        document: The document.
        expand: Reads what it refers to.

    Raises:
        PlaceError: The document cannot be read.
    """
    try:
        content = _unwrapped(_parsed(document.read()))
        if is_s3_notification(content):
            content = stored_document(content)[1]
        if not isinstance(content, dict) or not (is_parked(content) or is_failure_document(content)):
            yield _with_problem(document, "unreadable", "found neither a parked record nor a failure document")
        elif is_parked(content):
            yield _parked(document, content, expand)
        else:
            yield from _discarded(document, content, expand)
    except RecordsGoneError as error:
        yield _with_problem(document, "gone", str(error))
    except RecordsUnreadError as error:
        yield _with_problem(document, "unreadable", str(error))
    except NotAChangeError as error:
        yield _with_problem(document, "unreadable", f"found {error}")
    except (ValueError, RecursionError):
        yield _with_problem(document, "unreadable", "found no JSON")


def _with_problem(document: Document, outcome: str, reason: str) -> ParkedRecord:
    return ParkedRecord(document.digest, [document], 0, problem=Problem(outcome, reason))


def _parsed(text: str) -> Any:
    return json.loads(text)


def _unwrapped(content: Any) -> Any:
    """The document inside the wrapping of SNS or EventBridge."""
    for _ in range(_MOST_LAYERS):
        if isinstance(content, str):
            content = _parsed(content)
        elif isinstance(content, dict) and content.get("Type") == "Notification" and "Message" in content:
            content = content["Message"]
        elif isinstance(content, dict) and "detail-type" in content and "detail" in content:
            content = content["detail"]
        elif isinstance(content, dict) and isinstance(records := content.get("Records"), list) and len(records) == 1:
            content = records[0]
        else:
            break
    return content


def _parked(document: Document, content: dict[str, Any], expand: Expand) -> ParkedRecord:
    whole = content
    if "record" not in content:
        (whole,) = expand(content)
    found = ParkedRecord(_text(content.get("id")) or document.digest, [document], 0)
    for name in ("entity", "route", "stage", "error", "reason"):
        setattr(found, name, _text(content.get(name)))
    found.parked_at, found.changed_at = _text(content.get("parkedAt")), _text(content.get("changedAt"))
    attempts = content.get("attempts")
    found.attempts = attempts if isinstance(attempts, int) else None
    _describe(found, whole)
    found.content = None if whole is content else whole
    return found


def _discarded(document: Document, content: dict[str, Any], expand: Expand) -> Iterator[ParkedRecord]:
    context = content.get("requestContext")
    condition = _text(context.get("condition")) if isinstance(context, dict) else None
    for position, entry in enumerate(_entries(content, expand)):
        found = ParkedRecord(f"{document.digest}-{position}", [document], position, error=condition)
        found.parked_at = _text(content.get("timestamp"))
        found.content = {"id": found.id, "parkedAt": found.parked_at or "-", "route": None, "record": entry}
        _describe(found, found.content)
        yield found


def _entries(content: dict[str, Any], expand: Expand) -> list[Any]:
    """The records of a failure document.

    Raises:
        RecordsGoneError: The stream no longer has them, or the document names none.
        RecordsUnreadError: They cannot be read now.
    """
    if "payload" not in content:
        return expand(content)
    payload = content["payload"]
    event = _parsed(payload) if isinstance(payload, str) else payload
    entries = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(entries, list) or not entries:
        msg = "found a failure document whose payload has no records, expected those of a batch"
        raise RecordsGoneError(msg)
    return entries


def _describe(found: ParkedRecord, content: Mapping[str, Any]) -> None:
    """Fill in what the record itself says."""
    try:
        records = list(receive(content).records)
    except RouterError as error:
        found.problem = Problem("unreadable", str(error))
        return
    if not records:
        found.problem = Problem("unreadable", "found a document without a record")
        return
    record = records[0]
    found.event_name, found.sequence_number = record.event_name, record.sequence_number
    created = record.created_at
    found.changed_at = found.changed_at or (created.astimezone(UTC).isoformat() if created else None)
    found.item = item_of(record)


def item_of(record: Record) -> Hashable:
    """A value that is equal for two records of one item of one table; ``None`` for a record without keys."""
    lane = record.lane
    table = record.wire.get("tableName") or str(record.wire.get("eventSourceARN", "")).partition("/stream/")[0]
    return None if lane is None else (str(table).rpartition("/")[2], lane)


def record_of(content: Mapping[str, Any]) -> Record:
    """The record in the content of a document."""
    return receive(content).records[0]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
