"""A parked record, its JSON document, and the interface of parking places."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from router.context import now
from router.value_classes import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from router.context import Deadline
    from router.outcomes import Stage

__all__ = [
    "BulkParking",
    "FirstFailures",
    "MemoryParking",
    "Parked",
    "Parking",
    "item_digest",
    "record_digest",
    "to_json",
]


@dataclass(frozen=True, repr=False)
class Parked:
    """One record that is parked at one route.

    Args:
        record: The record as delivered. An event that contains it delivers it again.
        entity: What the discriminator read, cut if it is long.
        route: The name of the route, or ``None`` if the record reached none.
        stage: The stage that failed, or ``None`` for a record without a route.
        error: The type of the error.
        reason: The text of an error of the framework or of a ``Reject``; empty for other errors, which may quote the
            item.
        parked_at: The time of parking, in UTC.
        is_registered: Whether the route names the entity. The entity is else an unchecked value of the item.
        redrive_of: Identifies the document in which the record came back, if it was parked before.
        source: The name of the source that delivered the record.
        changed_at: The time of the change, in UTC; ``None`` where the record has none.
        first_attempt_at: The time of the first attempt that the source or the container knows of, in UTC.
        attempts: How often the record was delivered, where its source counts that.
        version: The version of the function, or of the app.
    """

    record: dict[str, Any]
    entity: str | None
    route: str | None
    stage: Stage | None
    error: str
    reason: str
    parked_at: datetime
    is_registered: bool = True
    redrive_of: str = ""
    source: str | None = None
    changed_at: datetime | None = None
    first_attempt_at: datetime | None = None
    attempts: int | None = None
    version: str | None = None

    @property
    def id(self) -> str | None:
        """A digest that identifies the record at the route, the same at every delivery.

        A record that comes back in its document and is parked again has another one: that document is gone. A message
        that carries no record is identified by its message ID. ``None`` for what has no identifier at all.
        """
        change = _stream_record(self)
        names = self.record.get("eventID") or self.record.get("messageId"), change.get("SequenceNumber")
        # In recorded events, different records may have the same ID and sequence number.
        contents = [change.get(section) for section in ("Keys", "NewImage", "OldImage")]
        return _digest([*names, self.route, self.redrive_of, *contents]) if any(names) else None

    def to_dict(self) -> dict[str, Any]:
        """The document that parking places write as JSON."""
        return {
            "id": self.id,
            "parkedAt": self.parked_at.isoformat(),
            "changedAt": _iso_8601(self.changed_at),
            "firstAttemptAt": _iso_8601(self.first_attempt_at),
            "source": self.source,
            "attempts": self.attempts,
            "version": self.version,
            "entity": self.entity,
            "route": self.route,
            "stage": self.stage,
            "error": self.error,
            "reason": self.reason,
            "record": self.record,
        }

    def __repr__(self) -> str:
        entity = repr(self.entity) if self.is_registered else "record"
        return f"<Parked {entity} at {self.stage}: {self.error}>"


class Parking(Protocol):
    """Keeps the records that a policy parks."""

    def park(self, parked: Parked) -> None:
        """Store a record durably before returning.

        With concurrency above one, several threads call this at the same time. If it raises, the record fails, and
        Lambda delivers it again.
        """
        ...


class BulkParking(Parking, Protocol):
    """Keeps several records with one call.

    The dispatcher calls ``park_bulk`` in place of ``park``. Records wait for a call until there are enough of them, a
    handler would run for an item of which one waits, or all records have run.
    """

    @property
    def most(self) -> int:
        """The most records of a call."""
        ...

    def park_bulk(self, parked: Sequence[Parked], deadline: Deadline) -> Sequence[BaseException | None]:
        """Store records durably, and return the error of each: ``None`` for one that is stored.

        Args:
            parked: The records.
            deadline: The time by which to return.
        """
        ...


class MemoryParking:
    """Keeps parked records in a list, for tests and experiments.

    Example:
        >>> place = MemoryParking()
        >>> len(place)
        0
    """

    def __init__(self) -> None:
        self.parked: list[Parked] = []

    def park(self, parked: Parked) -> None:
        """Keep a record until the process ends."""
        self.parked.append(parked)

    def __iter__(self) -> Iterator[Parked]:
        return iter(self.parked)

    def __len__(self) -> int:
        return len(self.parked)


def to_json(parked: Parked, record_in: dict[str, str] | None = None) -> str:
    """Write the document of a parked record.

    Args:
        parked: The record.
        record_in: Where its whole document is kept, in place of the record.

    Raises:
        TypeError: The record contains a value that JSON cannot express.
        ValueError: The record contains a number that JSON cannot express.
    """
    document = parked.to_dict()
    if record_in is not None:
        del document["record"]
        document["recordIn"] = record_in
    # ASCII only: SQS refuses some characters, and the length in characters is the length in bytes.
    return json.dumps(document, allow_nan=False)


def record_digest(parked: Parked) -> str:
    """The ID of a parked record; random where it has none."""
    from uuid import uuid4

    return parked.id or uuid4().hex


def item_digest(parked: Parked) -> str:
    """A digest of the item's key, which shows no value of it."""
    return _digest(_stream_record(parked).get("Keys"))


def _stream_record(parked: Parked) -> dict[str, Any]:
    stream_record = parked.record.get("dynamodb")
    return stream_record if isinstance(stream_record, dict) else {}


def _iso_8601(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()


def _digest(value: Any) -> str:
    import hashlib

    return hashlib.sha256(json.dumps(value, sort_keys=True, default=repr).encode()).hexdigest()


class FirstFailures:
    """When records failed for the first time, as far as a container remembers: a stream does not say that.

    Args:
        most: How many to remember; beyond it the oldest go. Of a record that is delivered again and done it stays, too.

    Example:
        >>> first_failures = FirstFailures()
        >>> first = first_failures.time("handlers.orders.place", "e1:100")
        >>> first_failures.time("handlers.orders.place", "e1:100") == first
        True
    """

    def __init__(self, most: int = 10_000) -> None:
        self.most = most
        self._times: dict[tuple[str | None, str], datetime] = {}

    def time(self, route: str | None, identity: str | None) -> datetime:
        """The time of the first failure of a record at a route, in UTC; remembers the present if there was none.

        Args:
            route: The name of the route, if the record reached one.
            identity: What identifies the record; without it nothing is remembered.
        """
        if identity is None:
            return now()
        while len(self._times) >= self.most:
            self._times.pop(next(iter(self._times)), None)
        return self._times.setdefault((route, identity), now())
