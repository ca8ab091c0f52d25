"""Records as delivered, with their identity."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, overload

from router import context
from router.naming import KEY, shortened
from router.wire.decode import decode_image

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping

    from router.errors import RouterError
    from router.event import Event

__all__ = [
    "BACKFILLED",
    "Batch",
    "Flaw",
    "Record",
    "Records",
]

BACKFILLED = "router:backfill"
"""The ``eventSource`` of an item that a backfill delivers, in place of the change of a stream."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Recorded events hold seconds, milliseconds, microseconds and nanoseconds under the same name. The magnitude shows the
# unit: as seconds, the first bound is the year 5138.
_UNITS = ((1e11, 1.0), (1e14, 1e-3), (1e17, 1e-6), (math.inf, 1e-9))


class Flaw(NamedTuple):
    """The error for which a record cannot be routed, and the stage at which it was found."""

    stage: Literal["envelope", "decode"]
    error: RouterError


class Record:
    """One change of one item, as delivered, with its identity.

    Sources make records. A handler that needs one declares a parameter annotated ``Record``. A field that the wire
    lacks is ``None``: recorded events miss nearly every field somewhere.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html

    Args:
        wire: The change as a stream writes it, with ``eventName`` and ``dynamodb``. It is neither copied nor changed.
        body: Its ``dynamodb`` section.
        event: The event.
        flaw: The error for which it cannot be routed, if there is one.
        raw: The record as delivered, where the change is inside it: a message of SQS, a record of Kinesis.
        source: The name of the source that delivered it.
        number: Its sequence number there, where the change has none.

    Example:
        >>> from router import Event
        >>> body = {"Keys": {"pk": {"S": "ORDER#1"}}, "SequenceNumber": "100"}
        >>> record = Record({"eventID": "e1", "eventName": "REMOVE", "dynamodb": body}, body, Event.DELETE)
        >>> record.sequence_number, record.keys
        ('100', {'pk': 'ORDER#1'})
    """

    __slots__ = (
        "body", "entity", "event", "flaw", "is_held", "new_image", "number", "old_image", "only_route", "raw",
        "redrive_of", "source", "twin", "wire",
    )  # fmt: skip

    def __init__(
        self,
        wire: Mapping[str, Any],
        body: Mapping[str, Any],
        event: Event,
        flaw: Flaw | None = None,
        *,
        raw: Mapping[str, Any] | None = None,
        source: str = "dynamodb-streams",
        number: object = None,
    ) -> None:
        self.wire = wire
        self.body = body
        self.event = event
        self.flaw = flaw
        self.raw = wire if raw is None else raw
        """The record as delivered."""
        self.source = source
        """The source that delivered it: "dynamodb-streams", "kinesis", "sqs", "pipes", "failure-document" or
        "backfill"."""
        self.number = number
        self.new_image: Mapping[str, Any] | None = body.get("NewImage")
        self.old_image: Mapping[str, Any] | None = body.get("OldImage")
        self.entity: str | None = None
        self.twin = ""
        self.redrive_of = ""
        """Identifies the document in which it comes back after it was parked."""
        self.only_route: str | None = None
        """The name of the one route that has to run: that at which it was parked."""
        self.is_held = False
        """Whether its sender keeps its document until it is done: then it is reported instead of parked again."""

    @property
    def origin(self) -> Literal["change", "backfill"]:
        """``change``, or ``backfill`` for an item that was there already, also if it comes back after it was parked."""
        return "backfill" if self.wire.get("eventSource") == BACKFILLED else "change"

    @property
    def event_id(self) -> str | None:
        """The ``eventID``, the same at every delivery of this record."""
        return _text(self.wire.get("eventID"))

    @property
    def event_name(self) -> str | None:
        """``INSERT``, ``MODIFY`` or ``REMOVE``, as delivered."""
        return _text(self.wire.get("eventName"))

    @property
    def sequence_number(self) -> str | None:
        """The position in the shard, as delivered: compare sequence numbers as integers, not as text."""
        return _text(self.body.get("SequenceNumber")) or _text(self.number)

    @property
    def identity(self) -> str | None:
        """The same text at every delivery of the record; ``None`` where it has neither ID nor sequence number."""
        event_id, number = self.event_id, self.sequence_number
        redrive = f"/{self.redrive_of}" if self.redrive_of else ""
        return None if event_id is None and number is None else f"{event_id}{redrive}{self.twin}:{number}"

    @property
    def keys(self) -> dict[str, Any]:
        """The item's key attributes as Python values.

        Raises:
            DecodeError: The keys are no DynamoDB attribute values.
        """
        return decode_image(self.body.get("Keys", {}), "Keys")

    @property
    def wire_keys(self) -> Mapping[str, Any] | None:
        """The item's key attributes as delivered."""
        keys = self.body.get("Keys")
        return keys if isinstance(keys, dict) else None

    @property
    def lane(self) -> Hashable:
        """A value that is equal for two records of one item; ``None`` for a record without keys."""
        keys = self.wire_keys
        try:
            return None if keys is None else tuple(sorted((name, repr(value)) for name, value in keys.items()))
        except (RecursionError, TypeError):
            return None  # such keys name no item: the record joins those without keys

    @property
    def shown_entity(self) -> str | None:
        """The entity as texts may show it: cut, and as ``<key>`` where it is a part of the item's key.

        A registered entity is no value of the item, and may be shown as it is.
        """
        entity = self.entity
        if entity is None:
            return None
        return KEY if any(entity in text for text in self.key_texts) else shortened(entity)

    @property
    def key_texts(self) -> list[str]:
        """The texts in the item's key attributes, as delivered: strings, numbers and base64."""
        values = [value for value in (self.wire_keys or {}).values() if isinstance(value, dict)]
        return [text for value in values for text in value.values() if isinstance(text, str)]

    @property
    def created_at(self) -> datetime | None:
        """The time of the change, in UTC and to the second; ``None`` where the record has none."""
        stamp = self.body.get("ApproximateCreationDateTime")
        if isinstance(stamp, bool) or not isinstance(stamp, int | float):
            return None
        try:
            seconds = next((stamp * unit for bound, unit in _UNITS if abs(stamp) < bound), math.nan)
            return _EPOCH + timedelta(seconds=seconds)
        except (OverflowError, ValueError):  # beyond the calendar, beyond a float, or NaN
            return None

    def age(self, now: datetime | None = None) -> float | None:
        """Seconds since the change, or ``None`` where the record has no time or a backfill delivers it.

        A backfilled item has not waited since its last write: that age would park it at its first failure.

        Args:
            now: The time; by default that of the event source mapping, which in Lambda is the present.
        """
        created = None if self.origin == "backfill" else self.created_at
        return None if created is None else ((now or context.now()) - created).total_seconds()

    def __repr__(self) -> str:
        number = self.sequence_number
        shown = None if number is None else shortened(number)
        return f"<Record {self.event} entity={self.shown_entity!r} sequence_number={shown!r}>"


class Records(Sequence[Record]):
    """The records of an event, in its order. A record is made when it is first asked for.

    Args:
        wires: The changes, as a stream writes them.
        make: Makes a record of a change and its position.
        only_routes: The position of each record that only one route has to run, with the name of the route.
        backfilled: The positions of the items that a backfill delivers.
    """

    # Changes refer to the records of their event weakly: a change that is kept does not keep the event.
    __slots__ = ("__weakref__", "_made", "backfilled", "make", "only_routes", "wires")

    def __init__(
        self,
        wires: Sequence[Any],
        make: Callable[[Any, int], Record],
        only_routes: Mapping[int, str] = MappingProxyType({}),
        backfilled: Sequence[int] = (),
    ) -> None:
        self.wires = wires
        self.make = make
        self.only_routes = only_routes
        self.backfilled = backfilled
        self._made: list[Record | None] = [None] * len(wires)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        positions = range(len(self.wires))[index]
        return self.at(positions) if isinstance(positions, int) else [self.at(position) for position in positions]

    def __iter__(self) -> Iterator[Record]:
        return map(self.at, range(len(self.wires)))

    def __len__(self) -> int:
        return len(self.wires)

    def at(self, position: int) -> Record:
        """The record at a position, counted from the beginning."""
        record = self._made[position]
        if record is None:
            record = self._made[position] = self.make(self.wires[position], position)
        return record

    def lanes(self) -> list[Hashable]:
        """A value for each record that is equal for records of one item, mostly without making the record."""
        try:
            names = sorted(self.wires[0]["dynamodb"]["Keys"]) if self.wires else []
            return _lanes_by(names, self.wires)
        except (AttributeError, KeyError, TypeError):
            return [record.lane for record in self]

    def tell_apart(self) -> None:
        """Give an identity of its own to each of the records that have the same ID and sequence number.

        Recorded events contain such records. Their contents tell them apart, and their order where those are equal.
        """
        try:
            numbers = self.sequence_numbers()
            if len(set(numbers)) == len(numbers):
                return
        except (LookupError, TypeError):
            pass
        counts = Counter(record.identity for record in self)
        seen: Counter[str] = Counter()
        for record in self:
            if counts[record.identity] > 1:
                twin = f"/{_digest_of(record.wire)}"
                seen[twin] += 1
                record.twin = f"{twin}/{seen[twin]}"

    def sequence_numbers(self) -> list[Any]:
        """The sequence numbers as delivered, malformed ones too.

        Raises:
            LookupError: A record has none.
            TypeError: A record is no object.
        """
        return [wire["dynamodb"]["SequenceNumber"] for wire in self.wires]


def _digest_of(wire: Any) -> str:
    import json
    from hashlib import blake2b  # not for most events

    text = json.dumps(wire, sort_keys=True, default=repr, skipkeys=True)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _lanes_by(names: Collection[str], wires: Iterable[Any]) -> list[Hashable]:
    """The names, types and values of the keys of records that all have keys of these names.

    Raises:
        TypeError: A record has others, or a value that is none.
    """
    lanes: list[Hashable] = []
    number = len(names)
    for wire in wires:
        keys = wire["dynamodb"]["Keys"]
        if type(keys) is not dict or len(keys) != number:
            raise TypeError
        lane: tuple[Any, ...] = ()
        for name in names:
            lane += (*keys[name].items(),)
        hash(lane)
        lanes.append(lane)
    return lanes


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


class Batch(Sequence[Record]):
    """The records of one invocation, for handlers and factories that need all of them.

    Args:
        records: The records, in the order of the event.
    """

    __slots__ = ("_records",)

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records

    @property
    def size(self) -> int:
        """How many records there are."""
        return len(self._records)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)
