"""Deletes or updates the children of an item, and goes on at the next delivery where the time does not suffice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final

from router.change import Change
from router.effects.attributes import to_attributes
from router.effects.expressions import Placeholders
from router.effects.once import MOST_WRITES
from router.effects.requests import (
    Access,
    CancelledTransaction,
    RefusedCondition,
    Requests,
    current_deadline,
    pause,
)
from router.effects.versions import TIME, VERSION, Version, record_of, version_of
from router.errors import Unfinished
from router.loops import STAMP, stamp
from router.record import Record

__all__ = ["Cascade"]

Key = Mapping[str, Any]

# https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
_MOST_IN_A_BATCH: Final = 25


class Cascade:
    """Deletes or updates all items that a query finds.

    The deadline of the invocation bounds it: where children are left, it raises :class:`router.Unfinished`, and the
    record is delivered again. The next delivery finds those that are left.

    The role of the function needs ``dynamodb:Query`` on the table or the index. To delete it needs
    ``dynamodb:DeleteItem``, and ``dynamodb:ConditionCheckItem`` with a parent; or ``dynamodb:BatchWriteItem`` without
    one. To update it needs ``dynamodb:UpdateItem``.

    Args:
        table: The name of the table.
        index: The name of the index to query, where the children are not under one partition key of the table. An index
            is behind its table: a child that it does not show yet stays as it is.
        key: The key attributes of the table.
        stamped: Whether to stamp what is updated (:func:`router.stamp`), if the function reads the stream of the table;
            or the name of the stamp's attribute.
        client: A boto3 client, or :class:`MemoryTables`.

    Raises:
        RegistrationError: boto3 is not installed.

    Example:
        >>> from router.effects import MemoryTables
        >>> tables = MemoryTables()
        >>> for number in range(3):
        ...     tables.put("Shop", {"pk": "CUSTOMER#42", "sk": f"ORDER#{number}"})
        >>> cascade = Cascade("Shop", client=tables)
        >>> profile = {"pk": "CUSTOMER#42", "sk": "PROFILE"}
        >>> cascade.delete({"pk": "CUSTOMER#42"}, starts={"sk": "ORDER#"}, parent=profile)
        3
    """

    def __init__(
        self,
        table: str,
        *,
        index: str | None = None,
        key: Sequence[str] = ("pk", "sk"),
        stamped: bool | str = False,
        client: Any = None,
    ) -> None:
        self.table = table
        self.index = index
        self.key = tuple(key)
        self._stamp = stamped if isinstance(stamped, str) else STAMP if stamped else None
        self._requests = Requests("Cascade", client)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What the role of the function must allow."""
        writes = "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:UpdateItem"
        needed = Access(("dynamodb:Query",), self.table, self.index), Access(writes, self.table)
        return needed if self._requests.by_role else ()

    @property
    def expiring(self) -> None:
        """Nothing that it writes expires."""

    def delete(self, children: Key, *, starts: Mapping[str, str] | None = None, parent: Key | None) -> int:
        """Delete the children; return how many.

        Args:
            children: The partition key of the children.
            starts: With what their sort key starts.
            parent: The key of their parent: nothing is deleted while it exists, because a record that comes late must
                not delete the children of a parent that is there again. ``None`` deletes them in any case.

        Raises:
            Unfinished: Children are left when the time is over.
            Reject: No retry can help: DynamoDB refuses the request.
            Exception: The error of botocore; a retry of the record can succeed.
        """
        deleted = 0
        for page in self._pages(children, starts, Placeholders()):
            if parent is None:
                self._delete_batch(page)
            else:
                page = [key for key in page if key != to_attributes(parent)]  # noqa: PLW2901 - it is no child
                if not self._delete_unless(page, parent):
                    break
            deleted += len(page)
        return deleted

    def touch(
        self,
        change: Change[Any, Any] | Record,
        children: Key,
        attributes: Mapping[str, Any],
        *,
        name: str,
        starts: Mapping[str, str] | None = None,
    ) -> int:
        """Set attributes of the children as of a change of their parent; return how many were updated.

        Each child has a version of these attributes, as an item of a :class:`View` has: an older change, or the same
        one, changes nothing.

        Args:
            change: The change of the parent, or its record.
            children: The partition key of the children.
            attributes: The attributes, the same ones at each change.
            name: Tells these attributes from those of other parents.
            starts: With what their sort key starts.

        Raises:
            Unfinished: Children are left when the time is over.
            Reject: No retry can help: the record has no version, or DynamoDB refuses the request.
            Exception: The error of botocore; a retry of the record can succeed.
        """
        version, placeholders = version_of(record_of(change)), Placeholders()
        stored, time = f"{VERSION}:{name}", f"{TIME}:{name}"
        older = {} if self.index else {"FilterExpression": version.may_be_newer_than(stored, placeholders)}
        sets = {**attributes, stored: version.text, time: version.at}
        return sum(
            self._touch(key, version, stored, time, sets)
            for page in self._pages(children, starts, placeholders, **older)
            for key in page
        )

    def _touch(self, key: Key, version: Version, stored: str, time: str, sets: dict[str, Any]) -> bool:
        _require_time("updated")
        placeholders = Placeholders()
        newer = version.newer_than(stored, time, placeholders)
        # Without the first condition, the update would create a child again that is deleted meanwhile.
        condition = f"attribute_exists({placeholders.name(self.key[0])}) AND ({newer})"
        values = sets if self._stamp is None else stamp(sets, attribute=self._stamp)
        try:
            self._requests.make(
                "update_item",
                TableName=self.table,
                Key=key,
                UpdateExpression=f"SET {placeholders.assignments(values)}",
                ConditionExpression=condition,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **placeholders.parameters(),
            )
        except RefusedCondition as refused:
            version.check_comparable(refused.item.get(stored, {}).get("S", ""))
            return False
        return True

    def _pages(
        self, children: Key, starts: Mapping[str, str] | None, placeholders: Placeholders, **options: Any
    ) -> Iterator[list[dict[str, Any]]]:
        """The keys of the children, as many at a time as one transaction deletes."""
        conditions = [f"{placeholders.name(name)} = {placeholders.value(value)}" for name, value in children.items()]
        for name, prefix in (starts or {}).items():
            conditions.append(f"begins_with({placeholders.name(name)}, {placeholders.value(prefix)})")
        keys = ", ".join(map(placeholders.name, self.key))
        where = {"IndexName": self.index} if self.index else {"ConsistentRead": True}
        after: dict[str, Any] = {}
        while True:
            _require_time("found")
            found = self._requests.make(
                "query",
                TableName=self.table,
                KeyConditionExpression=" AND ".join(conditions),
                ProjectionExpression=keys,
                Limit=MOST_WRITES - 1,
                **where,
                **options,
                **after,
                **placeholders.parameters(),
            )
            if found["Items"]:
                yield [{name: item[name] for name in self.key} for item in found["Items"]]
            if "LastEvaluatedKey" not in found:
                return
            after = {"ExclusiveStartKey": found["LastEvaluatedKey"]}

    def _delete_batch(self, keys: Sequence[Key]) -> None:
        for start in range(0, len(keys), _MOST_IN_A_BATCH):
            left: Any = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + _MOST_IN_A_BATCH]]
            for tries in count(1):
                _require_time("deleted")
                answer = self._requests.make("batch_write_item", RequestItems={self.table: left})
                left = answer.get("UnprocessedItems", {}).get(self.table)
                if not left:
                    break
                if not pause(tries):
                    raise _unfinished("deleted")

    def _delete_unless(self, keys: Sequence[Key], parent: Key) -> bool:
        """Delete items if their parent does not exist; return whether that is so."""
        if not keys:
            return True
        _require_time("deleted")
        condition = "attribute_not_exists(#key)"
        names = {"ExpressionAttributeNames": {"#key": self.key[0]}}
        check = {"TableName": self.table, "Key": to_attributes(parent), "ConditionExpression": condition, **names}
        deletes = [{"Delete": {"TableName": self.table, "Key": key}} for key in keys]
        try:
            self._requests.make("transact_write_items", TransactItems=[{"ConditionCheck": check}, *deletes])
        except CancelledTransaction:
            return False
        return True

    def __repr__(self) -> str:
        return f"Cascade({self.table!r}{f', index={self.index!r}' if self.index else ''})"


def _require_time(what: str) -> None:
    if current_deadline().passed:
        raise _unfinished(what)


def _unfinished(what: str) -> Unfinished:
    return Unfinished(f"found no time left before all children are {what}, expected another delivery to go on")
