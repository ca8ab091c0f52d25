"""A table's stream in memory, with Lambda's event source mapping between it and a handler."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Self

from router.errors import RegistrationError
from router.local.event_source_mapping import (
    Action,
    Discard,
    EventSourceMapping,
    FunctionError,
    Invoke,
    MappingSettings,
    Result,
    Returned,
    Trim,
)
from router.stream_view import View
from router.testing.builders import FIRST_SEQUENCE_NUMBER, stream_record
from router.testing.context import Context
from router.testing.discarded import Discarded
from router.testing.items import Item, Key
from router.testing.table import Table, Write

__all__ = ["Stream"]

_SHARD = "shardId-00000001767225600000-00000001"
_REGION = "us-east-1:123456789012"


class Stream:
    """A table in memory, its stream, and Lambda's event source mapping in front of a handler.

    Writing makes records as DynamoDB does; :meth:`run` delivers them as Lambda does, retries, bisecting, discards and
    all, on a clock of its own. Nothing sleeps. What is not set has AWS's default: without
    ``function_response_types=["ReportBatchItemFailures"]`` the answer of the handler is ignored, as Lambda ignores it.
    https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html

    Args:
        handler: What Lambda would call: ``handler(event, context)``.
        view: The stream view type.
        key: The names of the table's key attributes, or a function that makes those attributes of an item, for models
            that have none. Without it they are guessed as :func:`router.testing.record` says.
        discriminator: The attribute that a model without it gets its class name in; ``None`` for none.
        start: When the clock starts, at the whole second; now unless it is given.
        timeout: The function's time-out in seconds.
        table_name: The table's name.
        function_name: The function's name.
        label: When the stream was enabled, which tells two streams of one table apart: event IDs differ with it.
        mapping: The mapping's parameters by AWS's names in snake case, as :class:`router.local.event_source_mapping.MappingSettings`
            lists them.

    Raises:
        MappingSettingsError: Lambda would not make such a mapping.
        FilterPatternError: Lambda would refuse a filter.

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
        discriminator: str | None = "EntityType",
        start: datetime | None = None,
        timeout: float = 60.0,
        table_name: str = "Table",
        function_name: str = "handler",
        label: str = "2026-01-01T00:00:00.000",
        **mapping: Any,
    ) -> None:
        self.invocations: list[dict[str, Any]] = []
        self.responses: list[Any] = []
        self.errors: list[Exception | None] = []
        self.discarded: list[Discarded] = []
        self.trimmed: list[dict[str, Any]] = []
        self.records: list[dict[str, Any]] = []
        self._handler = handler
        self._view: View = view
        self._table = Table(key, discriminator)
        self._timeout = timeout
        self._function_name = function_name
        self._function_arn = f"arn:aws:lambda:{_REGION}:function:{function_name}"
        self._stream_arn = f"arn:aws:dynamodb:{_REGION}:table/{table_name}/stream/{label}"
        self._now = float(int(time.time() if start is None else start.timestamp()))
        self._number = FIRST_SEQUENCE_NUMBER
        self._mapping = EventSourceMapping(
            MappingSettings.of(mapping),
            function_arn=self._function_arn,
            stream_arn=self._stream_arn,
            idle_flush=0.0,  # the window's end is reached by advance(), so nothing is gained by waiting longer
        )
        self._mapping.add_shard(_SHARD)

    @property
    def now(self) -> datetime:
        """The time on the stream's clock, in UTC."""
        return datetime.fromtimestamp(self._now, UTC)

    def put(self, item: Item, **attributes: Any) -> dict[str, Any] | None:
        """Put an item: an insert, or a modification of the item with the same key.

        Args:
            item: A model, or a dict of Python values.
            attributes: More attributes, such as the key of a model that has none.

        Returns:
            The record, or ``None`` when the item is there already, just so: then nothing changes.

        Raises:
            RegistrationError: There is no such item, or it has no key.
            DecodeError: A number has more digits than DynamoDB keeps.
        """
        return self._write(self._table.put(item, attributes))

    def update(self, item: Item, **attributes: Any) -> dict[str, Any] | None:
        """Set attributes of an item, as UpdateItem does; one that is missing is made.

        Args:
            item: The item or its key.
            attributes: Python values of the attributes.

        Returns:
            The record, or ``None`` when nothing changes.

        Raises:
            RegistrationError: There are no such values, the item has no key, or it would get another.
            DecodeError: A number has more digits than DynamoDB keeps.
        """
        return self._write(self._table.update(item, attributes))

    def delete(self, key: Item, **attributes: Any) -> dict[str, Any] | None:
        """Delete an item, as a user does.

        Args:
            key: The item or its key.
            attributes: More attributes, such as the key of a model that has none.

        Returns:
            The record, or ``None`` when there is no such item.

        Raises:
            RegistrationError: That is no key.
        """
        return self._write(self._table.delete(key, attributes))

    def expire(self, key: Item, **attributes: Any) -> dict[str, Any] | None:
        """Delete an item, as DynamoDB does when its time to live has run out; otherwise like :meth:`delete`."""
        return self._write(self._table.delete(key, attributes), ttl=True)

    def append(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Append a record just as it is, whatever is wrong with it; the table does not change.

        Args:
            record: The record as it stands in an event.

        Returns:
            The copy that is in the stream.
        """
        copied: dict[str, Any] = json.loads(json.dumps(record))
        body = copied.get("dynamodb")
        number = body.get("SequenceNumber") if isinstance(body, dict) else None
        if isinstance(number, str) and number.isascii() and number.isdigit():
            self._number = max(self._number, int(number) + 1)
        self.records.append(copied)
        self._mapping.feed(_SHARD, [copied], self._now)
        return copied

    def advance(self, seconds: float) -> Self:
        """Move the clock on; :meth:`run` then finds out what is due. A handler may do so to be slow.

        Args:
            seconds: How far.

        Raises:
            RegistrationError: The clock would go back.
        """
        if not 0 <= seconds < math.inf:
            msg = f"found {seconds} seconds to advance, expected none or more: time does not go back"
            raise RegistrationError(msg)
        self._now += seconds
        return self

    def run(self) -> Self:
        """Deliver until every record is handled, discarded or trimmed.

        The clock moves on as far as records have to wait: for a batching window or a retry. It does not move for the
        end of a tumbling window, which comes with :meth:`advance` or with a later record.
        """
        while True:
            actions = self._mapping.poll(self._now)
            for action in actions:
                self._do(action)
            if not any(isinstance(action, Invoke) for action in actions):
                due = self._mapping.due_at()
                if due == math.inf:
                    return self
                self._now = max(self._now, due)

    def _do(self, action: Action) -> None:
        match action:
            case Invoke():
                for following in self._mapping.complete(action, self._invoke(action), self._now):
                    self._do(following)
            case Discard():
                self.discarded.append(Discarded(action))
            case Trim():
                self.trimmed.extend(dict(record) for record in action.records)

    def _invoke(self, invoke: Invoke) -> Result:
        text = json.dumps(invoke.event)
        self.invocations.append(json.loads(text))
        self.responses.append(None)
        self.errors.append(None)
        at, deadline = len(self.invocations) - 1, self._now + self._timeout
        context = Context(
            invoke.request_id,
            remaining=lambda: deadline - self._now,
            function_name=self._function_name,
            invoked_function_arn=self._function_arn,
        )
        try:
            # Out and back as JSON: Lambda's handlers share no object with the stream, nor with who reads the answer.
            response = json.loads(json.dumps(self._handler(json.loads(text), context), default=_number))
            if self._now > deadline:
                msg = f"found a function that took longer than {self._timeout:g} s, its time-out"
                raise TimeoutError(msg)
        except Exception as error:  # noqa: BLE001 - whatever a handler raises is a function error
            self.errors[at] = error
            self.responses[at] = {"errorMessage": str(error), "errorType": type(error).__name__}
            return FunctionError()
        self.responses[at] = response
        return Returned(response)

    def _write(self, write: Write | None, *, ttl: bool = False) -> dict[str, Any] | None:
        if write is None:
            return None
        record = stream_record(
            *write,
            ttl=ttl,
            view=self._view,
            number=str(self._number),
            seconds=self._now,
            stream_arn=self._stream_arn,
        )
        return self.append(record)

    def __repr__(self) -> str:
        counts = f"{len(self.invocations)} invocations, {len(self.discarded)} discarded"
        return f"<Stream of {len(self.records)} records: {counts}>"


def _number(value: Any) -> float:
    """A number that JSON lacks, as Lambda's runtime writes it."""
    if isinstance(value, Decimal):
        return float(value)
    msg = f"found a response with a value of type {type(value).__name__}, expected JSON"
    raise TypeError(msg)
