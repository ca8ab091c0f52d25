"""A table's stream in memory, and Lambda's event source mapping between it and a handler."""

from __future__ import annotations

import json
import math
import time
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Self

from router.errors import RegistrationError
from router.local.event_source_mapping import (
    Action,
    Discard,
    EventSourceMapping,
    Invoke,
    MappingSettings,
    Result,
    Trim,
)
from router.local.event_source_mapping.stream_record import creation_time
from router.local.event_source_mapping.virtual_clock import VirtualClock
from router.local.streams.event_changes import changes_in
from router.stream_view import View
from router.testing.builders import FIRST_SEQUENCE_NUMBER, stream_record
from router.testing.discarded import Discarded
from router.testing.invoked_function import InvokedFunction
from router.testing.items import Item, Key, Rule
from router.testing.table import Table, Write
from router.testing.trimmed_records import TrimmedRecordsWarning

__all__ = ["Stream"]

_SHARD = "shardId-00000001767225600000-00000001"
_REGION = "us-east-1:123456789012"


class Stream:
    """A table in memory, its stream, and Lambda's event source mapping in front of a handler.

    Writes make records as DynamoDB does. :meth:`run` delivers them as Lambda does, with retries, bisecting and
    discards, on a virtual clock: nothing sleeps. The app reads ages and deadlines from this clock. Parameters of the
    mapping have AWS's defaults: without ``function_response_types=["ReportBatchItemFailures"]`` the handler's response
    is ignored, as Lambda ignores it.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html

    Args:
        handler: The Lambda handler, ``handler(event, context)``.
        view: The stream view type.
        key: The names of the table's key attributes, or a function that makes these attributes from an item, for models
            without them. By default they are guessed as in :func:`router.testing.record`.
        discriminator: The app's discriminator; the attributes that it reads names from are not guessed as the key.
        start: The clock's start, at the whole second; by default the time of the first record: now for a write, its own
            time for a record that is appended.
        timeout: The function's time-out in seconds.
        table_name: The table's name.
        function_name: The function's name.
        label: The time at which the stream was enabled. It distinguishes two streams of one table: their event IDs
            differ.
        mapping: The mapping's parameters by AWS's names in snake case, as
            :class:`router.local.event_source_mapping.MappingSettings` lists them.

    Attributes:
        records: All records of the stream.
        invocations: The events as delivered, in order.
        responses: The handler's response to each; a dict with ``errorType`` where it raised.
        errors: The exception of each invocation, or ``None``.
        discarded: The failure documents, in order.
        trimmed: The records that left the stream after 24 hours.
        has_run: Whether :meth:`run` was called.

    Raises:
        MappingSettingsError: Lambda refuses such a mapping.
        FilterPatternError: Lambda refuses a filter pattern.

    Example:
        >>> def handler(event, context):
        ...     if any(record["eventName"] == "REMOVE" for record in event["Records"]):
        ...         raise ValueError
        >>> stream = Stream(handler, batch_size=2, maximum_retry_attempts=1)
        >>> _ = stream.put({"id": "1", "total": 5}), stream.put({"id": "1", "total": 6}), stream.delete({"id": "1"})
        >>> stream.run()
        <Stream of 3 records: 3 invocations, 1 discarded>
        >>> [len(event["Records"]) for event in stream.invocations]
        [2, 1, 1]
        >>> stream.discarded[0]["requestContext"]["approximateInvokeCount"]
        2
    """

    def __init__(
        self,
        handler: Callable[[Any, Any], Any],
        *,
        view: View = "NEW_AND_OLD_IMAGES",
        key: Key = None,
        discriminator: Rule = "EntityType",
        start: datetime | None = None,
        timeout: float = 60.0,
        table_name: str = "Table",
        function_name: str = "handler",
        label: str = "2026-01-01T00:00:00.000",
        **mapping: Any,
    ) -> None:
        self.discarded: list[Discarded] = []
        self.trimmed: list[dict[str, Any]] = []
        self.records: list[dict[str, Any]] = []
        self.has_run = False
        self._view: View = view
        self._table = Table(key, discriminator)
        self._stream_arn = f"arn:aws:dynamodb:{_REGION}:table/{table_name}/stream/{label}"
        self._clock = VirtualClock(float(int(time.time() if start is None else start.timestamp())))
        self._clock_started = start is not None
        self._unread: list[dict[str, Any]] = []  # records from before the clock's start
        self._delivered: set[int] = set()  # the ids of the records in `records` that were delivered
        self._never_delivered = 0
        self._number = FIRST_SEQUENCE_NUMBER
        arn = f"arn:aws:lambda:{_REGION}:function:{function_name}"
        self._function = InvokedFunction(handler, self._clock, name=function_name, arn=arn, timeout=timeout)
        self.invocations = self._function.invocations
        self.responses = self._function.responses
        self.errors = self._function.errors
        self._mapping = EventSourceMapping(
            MappingSettings.of(mapping),
            function_arn=arn,
            stream_arn=self._stream_arn,
            idle_flush=0.0,  # records that no window holds are due at once; advance() reaches the end of a window
        )
        self._mapping.add_shard(_SHARD)

    @property
    def now(self) -> datetime:
        """The time on the stream's clock, in UTC."""
        return datetime.fromtimestamp(self._clock.now, UTC)

    @property
    def filtered_out(self) -> int:
        """How many records match no filter of the mapping."""
        return self._mapping.metrics["FilteredOutEventCount"]

    def put(self, item: Item, **attributes: Any) -> dict[str, Any] | None:
        """Put an item: an insert, or a modification of the item with the same key.

        Args:
            item: A model, or a dict of Python values.
            attributes: More attributes, such as the key or the entity's name of a model without them:
                ``EntityType="Ticket"``.

        Returns:
            The record, or ``None`` if the table holds an equal item: then nothing changes.

        Raises:
            RegistrationError: The value is no item, or it has no key.
            DecodeError: A number has more digits than DynamoDB keeps.
        """
        return self._write(self._table.put(item, attributes))

    def update(self, item: Item, **attributes: Any) -> dict[str, Any] | None:
        """Set attributes of an item, as UpdateItem does: a missing item is created.

        Args:
            item: The item or its key.
            attributes: Python values of the attributes.

        Returns:
            The record, or ``None`` if nothing changes.

        Raises:
            RegistrationError: The values are no attribute values, the item has no key, or its key would change.
            DecodeError: A number has more digits than DynamoDB keeps.
        """
        return self._write(self._table.update(item, attributes))

    def delete(self, key: Item, **attributes: Any) -> dict[str, Any] | None:
        """Delete an item, as a user does.

        Args:
            key: The item or its key.
            attributes: More attributes, such as the key of a model without one.

        Returns:
            The record, or ``None`` if the item does not exist.

        Raises:
            RegistrationError: The value has no key.
        """
        return self._write(self._table.delete(key, attributes))

    def expire(self, key: Item, **attributes: Any) -> dict[str, Any] | None:
        """Delete an item, as DynamoDB does when its time to live expires; otherwise like :meth:`delete`."""
        return self._write(self._table.delete(key, attributes), ttl=True)

    def append(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Append a record as it is, malformed or not; the table does not change.

        The stream's first record starts its clock, unless ``start`` has: a recorded event is as young as it was.

        Args:
            record: The record, as in an event.

        Returns:
            The copy in the stream.
        """
        copied: dict[str, Any] = json.loads(json.dumps(record))
        body = copied.get("dynamodb")
        number = body.get("SequenceNumber") if isinstance(body, dict) else None
        if isinstance(number, str) and number.isascii() and number.isdigit():
            self._number = max(self._number, int(number) + 1)
        self.records.append(copied)
        self._unread.append(copied)
        created = self._clock.now if self._clock_started else creation_time(copied)
        if created is not None:
            self._read(created)
        return copied

    def feed(self, event: Any) -> list[dict[str, Any]]:
        """Append the changes in an event of any source, such as a recorded one; the table does not change.

        The clock moves on to the last change, so earlier ones are as old as they were then; it never moves back.

        Args:
            event: The event.

        Returns:
            The copies in the stream.

        Raises:
            RouterError: No source delivers such an event, or one of its entries carries no change.

        Example:
            >>> from router.testing import event, inserted
            >>> stream = Stream(lambda event, context: None)
            >>> _ = stream.feed(event(inserted({"id": "1"}, created_at=60), inserted({"id": "2"}, created_at=90)))
            >>> len(stream.run().records), stream.now.timestamp()
            (2, 90.0)
        """
        changes = changes_in(event)
        latest = max((at for at in map(creation_time, changes) if at is not None), default=None)
        if latest is not None and (latest > self._clock.now or not self._clock_started):
            if self._unread:
                self._read(self._clock.now)
            self._clock.now, self._clock_started = latest, True
        return [self.append(change) for change in changes]

    def advance(self, seconds: float) -> Self:
        """Move the clock forward; :meth:`run` then acts on what is due. A slow handler is one that calls this.

        Args:
            seconds: The time to move by, in seconds.

        Raises:
            RegistrationError: The time is negative or infinite.
        """
        if not 0 <= seconds < math.inf:
            msg = f"found {seconds} seconds to advance, expected none or more: time does not go back"
            raise RegistrationError(msg)
        if self._unread:
            self._read(self._clock.now)
        self._clock.now += seconds
        return self

    def run(self) -> Self:
        """Deliver until every record is handled, discarded or trimmed.

        The clock moves as far as records have to wait: for a batching window or a retry. It does not move for the end
        of a tumbling window, which comes with :meth:`advance` or with a later record.

        Warns:
            TrimmedRecordsWarning: Records left the stream after 24 hours.
        """
        self.has_run, trimmed = True, len(self.trimmed)
        if self._unread:
            self._read(self._clock.now)
        self._clock.run(self._mapping, self._invoke, self._listen)
        if len(self.trimmed) > trimmed:
            found = TrimmedRecordsWarning(len(self.trimmed), self._never_delivered, self.now)
            warnings.warn(found, stacklevel=2)
        return self

    def _read(self, now: float) -> None:
        """Let the mapping read the new records; the first ones start the clock."""
        self._clock.now, self._clock_started = now, True
        self._mapping.feed(_SHARD, self._unread, now)
        self._unread = []

    def _listen(self, action: Action) -> None:
        match action:
            case Discard():
                self.discarded.append(Discarded(action))
            case Trim():
                self.trimmed.extend(dict(record) for record in action.records)
                self._never_delivered += sum(id(record) not in self._delivered for record in action.records)

    def _invoke(self, invoke: Invoke) -> Result:
        self._delivered.update(map(id, invoke.event["Records"]))
        return self._function.invoke(invoke)

    def _write(self, write: Write | None, *, ttl: bool = False) -> dict[str, Any] | None:
        if write is None:
            return None
        record = stream_record(
            *write,
            ttl=ttl,
            view=self._view,
            number=str(self._number),
            seconds=self._clock.now,
            stream_arn=self._stream_arn,
        )
        return self.append(record)

    def __repr__(self) -> str:
        counts = f"{len(self.invocations)} invocations, {len(self.discarded)} discarded"
        others = {"trimmed": len(self.trimmed), "filtered out": self.filtered_out}
        counts += "".join(f", {count} {what}" for what, count in others.items() if count)
        return f"<Stream of {len(self.records)} records: {counts}>"
