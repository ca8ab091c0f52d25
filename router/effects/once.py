"""Writes that are made once for a record, however often it comes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from router.change import Change
from router.context import current_clock
from router.effects.attributes import to_attributes
from router.effects.requests import CONDITION, Access, CancelledTransaction, Requests
from router.effects.versions import event_id_of, record_of
from router.errors import Reject, RouterError
from router.record import Record

__all__ = ["MOST_WRITES", "ConditionFailedError", "Markers", "Once"]

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
MOST_WRITES: Final = 100
"""The most writes of a transaction, the markers included."""

_KEPT = timedelta(days=30)
_VALUES: Final = ("Key", "Item", "ExpressionAttributeValues")


class ConditionFailedError(RouterError):
    """The condition of a write that a handler made does not hold, so none of its writes was made.

    Args:
        positions: The positions of such writes.
    """

    def __init__(self, positions: Sequence[int]) -> None:
        super().__init__(positions)
        self.positions = tuple(positions)

    def __str__(self) -> str:
        listed = ", ".join(map(str, self.positions))
        return f"found a condition that does not hold at the writes {listed}, so none of the writes was made"


class Markers:
    """Makes the items that say which records have counted under a name.

    Args:
        table: The table of the markers.
        key: Its key attributes, which are texts.
        expiry_attribute: Its attribute for time to live.
        keep: How long a marker is kept.
    """

    def __init__(self, table: str, key: Sequence[str], expiry_attribute: str, keep: timedelta) -> None:
        self.table = table
        self._key = tuple(key)
        self.expiry_attribute = expiry_attribute
        self._keep = keep.total_seconds()

    def put(self, event_id: str, name: str) -> dict[str, Any]:
        """The write of a marker, which cancels its transaction if there is one already."""
        texts = [f"ONCE#{event_id}#{name}"] if len(self._key) == 1 else [f"ONCE#{event_id}", name]
        expiry = {self.expiry_attribute: int(current_clock().time() + self._keep)}
        return {
            "Put": {
                "TableName": self.table,
                "Item": to_attributes({**dict(zip(self._key, texts, strict=True)), **expiry}),
                "ConditionExpression": "attribute_not_exists(#key)",
                "ExpressionAttributeNames": {"#key": self._key[0]},
            }
        }


class Once:
    """Makes writes of DynamoDB once for a record and a name, in a transaction with a marker.

    So counters, stock and sums count once. A client request token does not do that: DynamoDB remembers it for ten
    minutes, and a record may come again for days.

    The role of the function needs ``dynamodb:PutItem`` on the markers, and what the writes need on their tables.

    Args:
        markers: The name of the table of the markers, which may have other items.
        key: Its key attributes, which are texts: one or two.
        expiry_attribute: Its attribute for time to live.
        keep: How long a marker is kept: longer than a record can come again.
        client: A boto3 client, or :class:`MemoryTables`.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> from router import Event
        >>> from router.effects import MemoryTables
        >>> once = Once("Markers", client=(tables := MemoryTables()))
        >>> record = Record({"eventID": "e1"}, {}, Event.INSERT)
        >>> add = {"TableName": "Shop", "Key": {"pk": "MUG"}, "UpdateExpression": "ADD stock :pieces",
        ...        "ExpressionAttributeValues": {":pieces": -2}}
        >>> once.write(record, "stock", [{"Update": add}]), once.write(record, "stock", [{"Update": add}])
        (True, False)
        >>> tables.items("Shop")
        [{'pk': 'MUG', 'stock': -2}]
    """

    def __init__(
        self,
        markers: str,
        *,
        key: Sequence[str] = ("pk", "sk"),
        expiry_attribute: str = "expires_at",
        keep: timedelta = _KEPT,
        client: Any = None,
    ) -> None:
        self._markers = Markers(markers, key, expiry_attribute, keep)
        self._requests = Requests("Once", client)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What the role of the function must allow."""
        return (Access(("dynamodb:PutItem",), self._markers.table),) if self._requests.by_role else ()

    @property
    def expiring(self) -> tuple[str, str] | None:
        """The table whose items expire, and the attribute for that."""
        return (self._markers.table, self._markers.expiry_attribute) if self._requests.by_role else None

    def write(self, change: Change[Any, Any] | Record, name: str, writes: Sequence[Mapping[str, Any]]) -> bool:
        """Make writes, all or none; return whether they were made, or an earlier delivery has made them.

        Args:
            change: The change, or its record.
            name: Tells these writes from others of the same record: one name for each place in the code that writes.
            writes: At most 99 members of ``TransactItems``, with Python values for ``Key``, ``Item`` and
                ``ExpressionAttributeValues``.

        Raises:
            ConditionFailedError: A condition of the writes does not hold.
            Reject: No retry can help: the record has no event ID, there are too many writes, or DynamoDB refuses them.
        """
        if len(writes) >= MOST_WRITES:
            msg = f"Once.write() found {len(writes)} writes, expected at most {MOST_WRITES - 1} in one transaction"
            raise Reject(msg)
        if not writes:
            return False
        marker = self._markers.put(event_id_of(record_of(change)), name)
        try:
            self._requests.make("transact_write_items", TransactItems=[marker, *map(_encoded, writes)])
        except CancelledTransaction as cancelled:
            if cancelled.reasons[0] == CONDITION:
                return False
            positions = [position for position, code in enumerate(cancelled.reasons[1:]) if code == CONDITION]
            raise ConditionFailedError(positions) from None
        return True

    def __repr__(self) -> str:
        return f"Once({self._markers.table!r})"


def _encoded(write: Mapping[str, Any]) -> dict[str, Any]:
    """A write whose Python values are attribute values."""
    return {
        kind: {name: to_attributes(value) if name in _VALUES else value for name, value in request.items()}
        for kind, request in write.items()
    }
