"""The version of an item after a record: a text that sorts as the changes of the item do.

A sequence number of DynamoDB has up to 40 digits, more than the 38 of a DynamoDB number, and texts sort by bytes. So a
version is the number of digits, then the digits. It begins with the kind of its source, because versions of different
kinds cannot be compared:

- ``s``: the sequence number of the table's stream, which grows with each change of an item;
- ``t``: the time of the change, for changes that DynamoDB writes to a Kinesis data stream. They have no sequence number
  of the table, and the number of Kinesis orders deliveries, of which some come twice or out of order. Changes of the
  same time are in the order of their event IDs, which is the same in every container and may be the wrong one;
- ``b``: the time of the last write of an item that a backfill delivers, where its source knows it.

https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from router.change import Change
from router.errors import Reject
from router.record import Record

if TYPE_CHECKING:
    from router.effects.expressions import Placeholders

__all__ = ["TIME", "VERSION", "Older", "Version", "event_id_of", "record_of", "version_of"]

VERSION, TIME = "routerVersion", "routerChangedAt"
"""The attributes of a version, of an item or, with a suffix, of a part of it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECONDS: Final = 1_000_000
_ROUNDING: Final = 60 * _MICROSECONDS
"""How far the time of a change is from that of the write at most: it is approximate, and to the second."""

_BEHIND_BACKFILLS: Final = "b~"


class Older(NamedTuple):
    """Which stored versions are older than a version; an item without a version is older than each.

    Args:
        ranges: The ranges of older versions: the first text of each, and the first one behind it.
        before: Versions with a time before this one are older, too, in microseconds; 0 where no time tells.
    """

    ranges: tuple[tuple[str, str], ...]
    before: int

    def contains(self, version: str, at: int) -> bool:
        """Whether a stored version, with its time, is older."""
        return at < self.before or any(first <= version < behind for first, behind in self.ranges)


class Version(NamedTuple):
    """The version of an item after a record.

    Args:
        text: Sorts as the changes of an item do, among texts of the same kind.
        at: The time of the change in microseconds; 0 where the record has none.
    """

    text: str
    at: int

    def older(self) -> Older:
        """Which stored versions are older."""
        if self.kind == "b":
            # A change of the stream counts as later where the times do not tell: what it has overwritten comes again
            # with the changes after it, a backfill does not come again.
            return Older(((self.kind, _backfilled(self.at + 1)),), max(0, self.at - _ROUNDING))
        backfilled = _backfilled(self.at + _ROUNDING + 1) if self.at else _BEHIND_BACKFILLS
        return Older(((self.kind, self.text), ("b", backfilled)), 0)

    def newer_than(self, attribute: str, time_attribute: str, placeholders: Placeholders) -> str:
        """The condition of a write to DynamoDB: that what is stored has no version, or an older one.

        Args:
            attribute: The attribute with the stored version.
            time_attribute: The attribute with its time.
            placeholders: Takes the names and values of the expression.
        """
        stored, value, older = placeholders.name(attribute), placeholders.value, self.older()
        conditions = [f"attribute_not_exists({stored})"]
        conditions += [f"({stored} >= {value(first)} AND {stored} < {value(behind)})" for first, behind in older.ranges]
        if older.before:
            conditions.append(f"{placeholders.name(time_attribute)} < {value(older.before)}")
        return " OR ".join(conditions)

    def may_be_newer_than(self, attribute: str, placeholders: Placeholders) -> str:
        """The filter of a query: that what is stored is neither this version nor a later one of its kind.

        It passes versions of other kinds, which :meth:`check_comparable` refuses.

        Args:
            attribute: The attribute with the stored version.
            placeholders: Takes the names and values of the expression.
        """
        stored, value = placeholders.name(attribute), placeholders.value
        reached = f"{stored} BETWEEN {value(self.text)} AND {value(f'{self.kind}~')}"
        return f"attribute_not_exists({stored}) OR NOT {reached}"

    @property
    def kind(self) -> str:
        """The kind of the record's source."""
        return self.text[0]

    def check_comparable(self, stored: str) -> None:
        """Require that a stored version, if there is one, is of the same kind, or one of them of a backfill.

        Raises:
            Reject: They cannot be compared.
        """
        if stored and "b" not in (kinds := {self.kind, stored[0]}) and len(kinds) > 1:
            msg = (
                "found an item that records with and without a SequenceNumber write, expected one source for a view: "
                "the table's stream, or Kinesis. To change it, write the view again into another table, by a backfill"
            )
            raise Reject(msg)


def version_of(record: Record) -> Version:
    """The version of an item after a record.

    Raises:
        Reject: The record has neither a sequence number nor a time, or comes from a stream and has no number.

    Example:
        >>> from router import Event
        >>> body = {"SequenceNumber": "4421584500000000017450439091"}
        >>> version_of(Record({}, body, Event.MODIFY)).text
        's0284421584500000000017450439091'
    """
    created = record.created_at
    at = 0 if created is None else (created - _EPOCH) // (_EPOCH.resolution)
    if record.origin == "backfill":
        return Version(_backfilled(at), at)
    number = record.body.get("SequenceNumber")
    if isinstance(number, str) and number.isascii() and number.isdigit():
        digits = number.lstrip("0")
        return Version(f"s{len(digits):03}{digits}", at)
    if "eventSourceARN" in record.wire:  # a change that Kinesis carries names no stream
        msg = "found a record of a stream without SequenceNumber, expected one: it orders the changes of an item"
        raise Reject(msg)
    if created is None:
        msg = "found a record without SequenceNumber and time, expected one of them: it orders the changes of an item"
        raise Reject(msg)
    return Version(f"t{at:020}#{record.event_id or ''}", at)


def record_of(change: Change[Any, Any] | Record) -> Record:
    """The record of a change."""
    return change.record if isinstance(change, Change) else change


def event_id_of(record: Record) -> str:
    """What identifies the change of a record at every delivery, from every source.

    It is not :attr:`Record.identity`, which tells copies of a record apart: those that a document brings back, and
    those that Kinesis delivers twice.

    Raises:
        Reject: The record has no event ID.
    """
    if record.event_id is None:
        msg = "found a record without an eventID, expected one that identifies a second delivery"
        raise Reject(msg)
    return record.event_id


def _backfilled(at: int) -> str:
    return f"b{max(0, at):020}"
