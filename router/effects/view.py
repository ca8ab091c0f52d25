"""Views: items that show the latest state of others, and never go back to an older one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import chain
from typing import Any, Final

from router.change import Change
from router.context import current_clock
from router.effects.attributes import to_attributes
from router.effects.expressions import Placeholders
from router.effects.requests import Access, RefusedCondition, Requests
from router.effects.versions import TIME, VERSION, Version, record_of, version_of
from router.errors import RegistrationError
from router.loops import STAMP, stamp
from router.record import Record

__all__ = ["GONE", "View"]

GONE: Final = "routerGone"
"""The attribute of a tombstone, which readers leave out: ``attribute_not_exists(routerGone)``."""

_KEPT = timedelta(days=30)


class View:
    """Writes items of a view as of a record, unless a later one or the same has written them.

    Each item, or each of its groups of attributes, shows one item of the source table. The write has a condition on the
    version of the last one, so redelivery, disorder and other containers lead to the same state. A deleted item stays
    as a tombstone, with its key, a version and :data:`GONE`, until it expires: an older change that comes late must not
    restore it.

    The role of the function needs ``dynamodb:PutItem`` on the table, with ``groups`` ``dynamodb:UpdateItem``.

    Args:
        table: The name of the table.
        groups: For items that show several items of the source table: the attributes of each, by the name of the group.
            Such items are written with :meth:`merge` only.
        expiry_attribute: The table's attribute for time to live.
        keep_deleted: How long a tombstone is kept: longer than a record can come again.
        stamped: Whether to stamp items (:func:`router.stamp`), for a view in the table whose stream the function reads;
            or the name of the stamp's attribute.
        client: A boto3 client, or :class:`MemoryTables`.

    Raises:
        RegistrationError: boto3 is not installed, or two groups have an attribute in common.

    Example:
        >>> from router import Event
        >>> from router.effects import MemoryTables
        >>> pages = View("Pages", client=(tables := MemoryTables()))
        >>> first, second = (Record({}, {"SequenceNumber": number}, Event.MODIFY) for number in ("99", "100"))
        >>> pages.put(second, {"pk": "P"}, {"title": "new"}), pages.put(first, {"pk": "P"}, {"title": "old"})
        (True, False)
        >>> tables.items("Pages")[0]["title"]
        'new'
    """

    def __init__(
        self,
        table: str,
        *,
        groups: Mapping[str, Iterable[str]] | None = None,
        expiry_attribute: str = "expires_at",
        keep_deleted: timedelta = _KEPT,
        stamped: bool | str = False,
        client: Any = None,
    ) -> None:
        self.table = table
        self.groups = {name: tuple(attributes) for name, attributes in (groups or {}).items()}
        self.expiry_attribute = expiry_attribute
        self.keep_deleted = keep_deleted
        self._stamp = stamped if isinstance(stamped, str) else STAMP if stamped else None
        self._requests = Requests("View", client)
        names = [GONE, expiry_attribute, *chain.from_iterable(self.groups.values())]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            msg = f"View(groups=) found {', '.join(repeated)} twice, expected each attribute in one group"
            raise RegistrationError(msg)

    @property
    def accesses(self) -> tuple[Access, ...]:
        """What the role of the function must allow."""
        action = "dynamodb:UpdateItem" if self.groups else "dynamodb:PutItem"
        return (Access((action,), self.table),) if self._requests.by_role else ()

    @property
    def expiring(self) -> tuple[str, str] | None:
        """The table whose items expire, and the attribute for that."""
        return (self.table, self.expiry_attribute) if self._requests.by_role else None

    def put(
        self,
        change: Change[Any, Any] | Record,
        key: Mapping[str, Any],
        attributes: Mapping[str, Any] | None,
        *,
        was: Mapping[str, Any] | None = None,
    ) -> bool:
        """Put an item as of a change; return whether it was written, or the view was that far already.

        A record writes an item once: a second write of the same record changes nothing, as a second delivery does.

        Args:
            change: The change, or its record.
            key: The key of the item in the view.
            attributes: All its other attributes; ``None`` deletes it.
            was: Its key before the change, where a change may move it: if it differs, that item is deleted.

        Raises:
            Reject: No retry can help: the record has no version, or DynamoDB refuses the item.
            RegistrationError: The view has groups.
        """
        if self.groups:
            msg = f"View.put() found the groups {', '.join(self.groups)}, expected none: merge() writes such a view"
            raise RegistrationError(msg)
        version = version_of(record_of(change))
        written = self._put(version, key, attributes)
        if was is not None and dict(was) != dict(key):
            self._put(version, was, None)
        return written

    def _put(self, version: Version, key: Mapping[str, Any], attributes: Mapping[str, Any] | None) -> bool:
        placeholders = Placeholders()
        content = self._tombstone() if attributes is None else attributes
        item = {**content, **self._stamped(), **key, VERSION: version.text, TIME: version.at}
        condition = version.newer_than(VERSION, TIME, placeholders)
        written = self._write("put_item", placeholders, Item=to_attributes(item), ConditionExpression=condition)
        if isinstance(written, RefusedCondition):
            version.check_comparable(_text(written.item, VERSION))
        return not isinstance(written, RefusedCondition)

    def delete(self, change: Change[Any, Any] | Record, key: Mapping[str, Any]) -> bool:
        """Delete an item as of a change, as :meth:`put` does without attributes.

        Args:
            change: The change, or its record.
            key: The key of the item in the view.
        """
        return self.put(change, key, None)

    def merge(
        self,
        change: Change[Any, Any] | Record,
        key: Mapping[str, Any],
        group: str,
        attributes: Mapping[str, Any] | None,
    ) -> bool:
        """Replace one group of an item's attributes as of a change; return whether it was written.

        The versions of the groups are apart: each shows another item of the source table, and the changes of two items
        have no order.

        Args:
            change: The change, or its record.
            key: The key of the item in the view.
            group: The name of the group.
            attributes: Its attributes; those of the group that are missing are removed. ``None`` removes all, and an
                item without any becomes a tombstone.

        Raises:
            Reject: No retry can help: the record has no version, or DynamoDB refuses the item.
            RegistrationError: The view has no such group, or the group no such attribute.
        """
        content = dict(attributes or {})
        self._check_group(group, content)
        version, placeholders = version_of(record_of(change)), Placeholders()
        stored, time = f"{VERSION}:{group}", f"{TIME}:{group}"
        condition = version.newer_than(stored, time, placeholders)
        removed = [name for name in self.groups[group] if name not in content]
        if attributes is not None:
            removed += [GONE, self.expiry_attribute]
        written = self._write(
            "update_item",
            placeholders,
            Key=to_attributes(key),
            UpdateExpression=_update(
                placeholders, {**content, **self._stamped(), stored: version.text, time: version.at}, removed
            ),
            ConditionExpression=condition,
            ReturnValues="ALL_NEW" if attributes is None else "NONE",
        )
        refused = isinstance(written, RefusedCondition)
        item = written.item if isinstance(written, RefusedCondition) else written.get("Attributes", {})
        if refused:
            version.check_comparable(_text(item, stored))
        # An earlier delivery may have ended between the two writes.
        if attributes is None and (not refused or _text(item, stored) == version.text):
            self._bury(key, item)
        return not refused

    def _check_group(self, group: str, content: Mapping[str, Any]) -> None:
        if group not in self.groups:
            msg = f"View.merge() found the group {group!r}, expected one of View(groups=): {', '.join(self.groups)}"
            raise RegistrationError(msg)
        unknown = sorted(content.keys() - set(self.groups[group]))
        if unknown:
            expected = ", ".join(self.groups[group])
            msg = f"View.merge() found {', '.join(unknown)} in the group {group!r}, expected its attributes: {expected}"
            raise RegistrationError(msg)

    def _bury(self, key: Mapping[str, Any], item: Mapping[str, Any]) -> None:
        """Make an item a tombstone if it has no attribute of any group, and no other write has come since."""
        if GONE in item or not item.keys().isdisjoint(chain.from_iterable(self.groups.values())):
            return
        placeholders = Placeholders()
        unchanged = [_equals(placeholders, f"{VERSION}:{group}", item) for group in self.groups]
        self._write(
            "update_item",
            placeholders,
            Key=to_attributes(key),
            UpdateExpression=_update(placeholders, {**self._tombstone(), **self._stamped()}, ()),
            ConditionExpression=" AND ".join(unchanged),
        )

    def _write(self, operation: str, placeholders: Placeholders, **parameters: Any) -> Any:
        """Write; return the answer, or the refused condition with the stored item."""
        try:
            return self._requests.make(
                operation,
                TableName=self.table,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
                **parameters,
                **placeholders.parameters(),
            )
        except RefusedCondition as refused:
            return refused

    def _tombstone(self) -> dict[str, Any]:
        return {GONE: True, self.expiry_attribute: int(current_clock().time() + self.keep_deleted.total_seconds())}

    def _stamped(self) -> dict[str, Any]:
        return {} if self._stamp is None else stamp({}, attribute=self._stamp)

    def __repr__(self) -> str:
        return f"View({self.table!r})"


def _update(placeholders: Placeholders, values: dict[str, Any], removed: Iterable[str]) -> str:
    names = ", ".join(map(placeholders.name, removed))
    return f"SET {placeholders.assignments(values)}" + (f" REMOVE {names}" if names else "")


def _equals(placeholders: Placeholders, attribute: str, item: Mapping[str, Any]) -> str:
    """The condition that an attribute is as in an item."""
    name, text = placeholders.name(attribute), _text(item, attribute)
    return f"{name} = {placeholders.value(text)}" if text else f"attribute_not_exists({name})"


def _text(item: Mapping[str, Any], name: str) -> str:
    text = item.get(name, {}).get("S", "")
    return text if isinstance(text, str) else ""
