"""Remember completed routes in a table, where every container finds them."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from router.aws_client import LazyClient
from router.completed.base import RETENTION, Pair
from router.context import current_clock
from router.errors import RegistrationError
from router.record import Record

__all__ = ["DynamoDBCompleted"]

_PAIRS = "pairs"
_MOST = 2_000  # pairs
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds


class DynamoDBCompleted:
    """Remembers in a table, so that a new container knows what an earlier one has completed.

    The table has the layout of Powertools' ``DynamoDBPersistenceLayer``, a partition key ``id`` and a time to live on
    ``expiration``, so that one table serves both. All pairs of a function are a set in one item. DynamoDB adds to a set
    and deletes from it atomically, so containers that write at the same time do not undo each other's work; Powertools'
    layer writes whole items, and is not used for that reason.

    An invocation costs one consistent read of that item. It writes only where records failed, or where records that
    failed before are done now. The item keeps the newest 2,000 pairs; where those of one invocation exceed the 400 KB
    that DynamoDB allows, the store fails. Where it fails, the log has an error, and handlers may run again. No record
    is lost. The table is not asked for a second then, and for up to 30 after further failures.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html

    The role of the function needs ``dynamodb:GetItem`` and ``dynamodb:UpdateItem`` on the table.

    Args:
        table: The name or the ARN of the table.
        name: Tells this app's item from others in the table. By default the name of the Lambda function.
        key_attribute: The table's partition key, a text.
        expiry_attribute: The table's attribute for time to live.
        status_attribute: The attribute that says ``COMPLETED``, as in Powertools' items.
        client: A boto3 client. The default one gives up within seconds.

    Raises:
        RegistrationError: boto3 is not installed, or ``table`` is no text.

    Example:
        >>> DynamoDBCompleted("idempotency", name="orders")
        DynamoDBCompleted('idempotency', name='orders')
    """

    def __init__(
        self,
        table: str,
        *,
        name: str | None = None,
        key_attribute: str = "id",
        expiry_attribute: str = "expiration",
        status_attribute: str = "status",
        client: Any = None,
    ) -> None:
        if not isinstance(table, str) or not table:
            msg = f"DynamoDBCompleted() found a table of type {type(table).__name__}, expected its name or its ARN"
            raise RegistrationError(msg)
        self.table = table
        self.name = name or os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "app")
        self.key_attribute = key_attribute
        self.expiry_attribute = expiry_attribute
        self._key = {key_attribute: {"S": f"entity-router#{self.name}"}}
        self._names = {"#pairs": _PAIRS, "#expiry": expiry_attribute, "#status": status_attribute}
        self._client = LazyClient("DynamoDBCompleted", "dynamodb", client)
        self._entries: dict[Pair, str] = {}
        self._expired: list[str] = []
        self._pause = 0.0
        self._down_until = 0.0

    def recall(self, records: Sequence[Record]) -> Collection[Pair]:
        """Return the completed pairs of these records.

        Raises:
            botocore.exceptions.ClientError: DynamoDB refused the request.
            botocore.exceptions.BotoCoreError: DynamoDB could not be reached.
        """
        self._entries, self._expired = {}, []
        found = self._request(
            "get_item",
            ConsistentRead=True,  # Lambda may deliver again at once
            ProjectionExpression="#pairs",
            ExpressionAttributeNames={"#pairs": _PAIRS},
        )
        entries = found.get("Item", {}).get(_PAIRS, {}).get("SS", ())
        if not entries:
            return ()
        self._sort(entries)
        identities = {record.identity for record in records}
        return [pair for pair in self._entries if pair[1] in identities]

    def _sort(self, entries: Sequence[str]) -> None:
        """Keep the newest entries that are valid, by their pairs, and apart from them those to delete."""
        now = current_clock().time()
        for entry in entries:
            expiry, identity, key = json.loads(entry)
            if expiry < now:
                self._expired.append(entry)
            else:
                self._entries[key, identity] = entry
        # An entry begins with its expiry, so the oldest come first.
        for entry, pair in sorted((entry, pair) for pair, entry in self._entries.items())[:-_MOST]:
            self._expired.append(entry)
            del self._entries[pair]

    def remember(self, pairs: Iterable[Pair]) -> None:
        """Keep pairs of records that Lambda delivers again.

        Raises:
            botocore.exceptions.ClientError: DynamoDB refused the request.
            botocore.exceptions.BotoCoreError: DynamoDB could not be reached.
        """
        expiry = int(current_clock().time()) + RETENTION
        entries = {pair: json.dumps([expiry, pair[1], pair[0]]) for pair in pairs if pair not in self._entries}
        if entries:
            self._delete([])
            self._update("ADD #pairs :entries SET #expiry = :expiry, #status = :status", entries.values(), expiry)
            self._entries |= entries

    def forget(self, pairs: Iterable[Pair]) -> None:
        """Remove pairs whose records Lambda does not deliver again, and those that have expired.

        Raises:
            botocore.exceptions.ClientError: DynamoDB refused the request.
            botocore.exceptions.BotoCoreError: DynamoDB could not be reached.
        """
        entries = [entry for pair in pairs if (entry := self._entries.pop(pair, None)) is not None]
        if entries:
            self._delete(entries)

    def _delete(self, entries: Sequence[str]) -> None:
        """Delete entries, and with them those that have expired."""
        if entries or self._expired:
            self._update("DELETE #pairs :entries", [*entries, *self._expired])
            self._expired = []

    def _update(self, expression: str, entries: Iterable[str], expiry: int | None = None) -> None:
        values: dict[str, Any] = {":entries": {"SS": [*entries]}}
        names = {"#pairs": _PAIRS}
        if expiry is not None:
            values |= {":expiry": {"N": str(expiry)}, ":status": {"S": "COMPLETED"}}
            names = self._names
        self._request(
            "update_item",
            UpdateExpression=expression,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
        )

    def _request(self, operation: str, **parameters: Any) -> Any:
        """Make a request, unless one has failed just now: a table that is down must not slow down each invocation."""
        now = current_clock().time()
        if now < self._down_until:
            return {}
        try:
            found = getattr(self._client.get(), operation)(TableName=self.table, Key=self._key, **parameters)
        except Exception:
            # Short at first: a container that does not ask knows less than one without a table.
            self._pause = min(max(2 * self._pause, _FIRST_PAUSE), _LONGEST_PAUSE)
            self._down_until = now + self._pause
            raise
        self._pause = 0.0
        return found

    def __repr__(self) -> str:
        return f"DynamoDBCompleted({self.table!r}, name={self.name!r})"
