"""Publishes domain events: what all services have in common.

The event of a record has the same ID at every delivery, by which a listener recognises a second one. It is left in the
outbox of the invocation, see :mod:`router.effects.outbox`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, from_json, to_json

from router.change import Change
from router.effects.destination import Entry
from router.effects.outbox import leave
from router.effects.requests import Access, Requests, refusal
from router.effects.versions import event_id_of
from router.errors import Reject, RouterError
from router.record import Record
from router.window import Window

__all__ = ["DomainEvent", "Publisher"]

Detail = Mapping[str, Any] | BaseModel | str


class DomainEvent(NamedTuple):
    """An event that a change causes: all of it is the same at every delivery of its record.

    Args:
        id: Identifies it.
        name: Its name.
        at: The time of the change, if the record has one.
        detail: A JSON object.
        item: A digest of the key of the item, which names its group.
    """

    id: str
    name: str
    at: datetime | None
    detail: str
    item: str

    @property
    def document(self) -> str:
        """The event as a JSON object, for services that carry nothing beside it."""
        head = to_json({"id": self.id, "name": self.name, "time": self.at}).decode()
        return f'{head[:-1]},"detail":{self.detail}}}'

    @property
    def digest(self) -> str:
        """A digest of the ID, of letters and digits."""
        return _digest(self.id)


class Publisher:
    """Publishes to one destination.

    Args:
        target: What names the destination.
        client: A boto3 client, or :class:`MemoryEvents`.

    Raises:
        RegistrationError: boto3 is not installed.
    """

    most_entries = 10
    most_bytes = 1_048_576
    """The most entries and bytes of a request."""
    most_entry_bytes: int | None = None
    """The most bytes of an entry; ``None`` if only the request has a limit."""
    in_order = False
    expiring = None
    """Nothing that it sends expires."""

    _service: ClassVar[str]
    _action: ClassVar[str]

    def __init__(self, target: str, client: Any) -> None:
        self.target = target
        self.key: Hashable = (type(self), target)
        self.client = client
        self._requests = Requests(type(self).__name__, client, self._service)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What the role of the function must allow."""
        return (Access((f"{self._service}:{self._action}",), self.target),) if self._requests.by_role else ()

    def publish(
        self, change: Change[Any, Any] | Window[Any, Any], name: str, detail: Detail, *, part: str = ""
    ) -> None:
        """Publish an event before the invocation ends, if the handler ends well; outside of an invocation, now.

        An event that the service refuses fails the record at the route of the handler.

        Args:
            change: The change that the handler is called with, or one of those of a batch; or a window in its final
                invocation, whose event is sent now.
            name: The name of the event.
            detail: What it says: a dict, a model, or the text of a JSON object.
            part: Tells events of one name and record apart, such as those of the lines of an order.

        Raises:
            Reject: No retry can help: the record has no event ID, the service takes no event like this, or the handler
                has left another one of this name.
            RouterError: The window has not ended: its other invocations have the same ID.
        """
        identity, at, group = _of_window(change) if isinstance(change, Window) else _of_record(change.record)
        event = DomainEvent("/".join(filter(None, (identity, name, part))), name, at, _json(detail), _digest(group))
        entry, size = self._entry(event)
        most = self.most_entry_bytes or self.most_bytes
        if size > most:
            msg = f"found an event of {size:,} bytes, expected at most {most:,}"
            raise Reject(msg)
        leave(None if isinstance(change, Window) else change, Entry(entry, size, event.item, event.id), self)

    def _entry(self, event: DomainEvent) -> tuple[Any, int]:
        """The entry of an event, and the bytes that count."""
        raise NotImplementedError

    def send(self, payloads: Sequence[Any]) -> Sequence[Exception | None]:
        """Send entries in one request."""
        raise NotImplementedError

    def _refusals(self, answers: Sequence[Mapping[str, Any]]) -> list[Exception | None]:
        """The error of each entry that the service refused with an ``ErrorCode``; none for one that it accepted."""
        return [
            None if (code := answer.get("ErrorCode")) is None else refusal(self._service, code, at_fault=False)
            for answer in answers
        ]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.target!r})"


def _of_record(record: Record) -> tuple[str, datetime | None, str]:
    """What identifies the events of a record, their time, and the name of their item."""
    return event_id_of(record), record.created_at, repr(record.lane)


def _of_window(window: Window[Any, Any]) -> tuple[str, datetime | None, str]:
    """The same of a window, whose item is its shard."""
    if not window.is_final:
        msg = "found a window that has not ended, expected one with is_final: its events have one ID in all invocations"
        raise RouterError(msg)
    shard = window.shard_id or ""
    return f"{shard}/{window.start.isoformat()}", window.end, shard


def _json(detail: Detail) -> str:
    """The text of a JSON object.

    Raises:
        Reject: It is none.
    """
    kind, text = type(detail).__name__, ""
    try:
        if isinstance(detail, str):
            is_object = isinstance(from_json(detail.encode(), allow_inf_nan=False), dict)
            found = kind if is_object else f"{kind} that is no JSON object"
            text = detail.strip()
        else:
            given = dict(detail) if isinstance(detail, Mapping) else detail
            text = to_json(given, inf_nan_mode="null").decode()
            found = kind if text.startswith("{") else f"{kind} that is no JSON object"
    except PydanticSerializationError:
        found = f"{kind} with a value that JSON cannot express"
    except ValueError:
        found = f"{kind} that is no JSON"
    if found != kind:
        msg = f"found a detail of type {found}, expected a dict, a model, or the text of a JSON object"
        raise Reject(msg) from None
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
