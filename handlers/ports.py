"""The ports of the handlers: views, the warehouse and the event bus, and the values that they take.

Lambda delivers every record at least once, and some records again after a failure. So each value contains what
identifies a second delivery: the record's event ID, which is unique and the same at every delivery, or its sequence
number, which grows with each change of an item.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router import Record, Reject

__all__ = ["Bus", "DomainEvent", "Movement", "UnknownProductError", "View", "Views", "Warehouse"]


@dataclass(frozen=True, slots=True)
class View:
    """One item as a page shows it after one change.

    Args:
        pk: The page.
        sk: The part of the page.
        version: The record's sequence number, as an integer: texts of different lengths sort in another order.
        body: The content; ``None`` if the item is deleted.
    """

    pk: str
    sk: str
    version: int
    body: Mapping[str, Any] | None

    @classmethod
    def of(cls, record: Record, pk: str, sk: str, body: Mapping[str, Any] | None) -> "View":
        """The view after the change of a record."""
        return cls(pk, sk, _version(record), body)


class Views(Protocol):
    """The pages that readers see."""

    def save(self, view: View) -> None:
        """Save a view, unless the same version or a later one is saved."""
        ...


@dataclass(frozen=True, slots=True)
class Movement:
    """Pieces that leave the stock (below zero) or return to it.

    Args:
        id: The ID, the same at every delivery.
        at: The time of the change, the same at every delivery.
        pieces: The number of pieces of each product, by SKU.
    """

    id: str
    at: datetime
    pieces: Mapping[str, int]

    @classmethod
    def of(cls, record: Record, pieces: Mapping[str, int]) -> "Movement":
        """The movement that a record causes."""
        return cls(_identity(record), _time(record), pieces)


class UnknownProductError(Exception):
    """A movement takes pieces of a product that does not exist."""


class Warehouse(Protocol):
    """The stock of every product."""

    def move(self, movement: Movement) -> None:
        """Add a movement to the stock; a repeated movement changes nothing.

        Pieces that return to a deleted product are ignored.

        Raises:
            UnknownProductError: Pieces are taken of a product that does not exist; all other products were moved.
        """
        ...


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """An event of the business.

    Args:
        id: The ID, the same at every delivery, by which listeners recognise a repetition.
        name: The kind of event: ``OrderPlaced``.
        at: The time of the change.
        detail: The IDs and values of the event.
    """

    id: str
    name: str
    at: datetime
    detail: Mapping[str, str]

    @classmethod
    def of(cls, record: Record, name: str, **detail: str) -> "DomainEvent":
        """The event that a record causes."""
        return cls(f"{_identity(record)}/{name}", name, _time(record), detail)


class Bus(Protocol):
    """Delivers domain events to listeners."""

    async def publish(self, event: DomainEvent) -> None:
        """Publish an event; on return the bus has stored it."""
        ...


def _identity(record: Record) -> str:
    if record.event_id is None:
        msg = "found a record without an eventID, expected one that identifies a second delivery"
        raise Reject(msg)
    return record.event_id


def _version(record: Record) -> int:
    if record.sequence_number is None or not record.sequence_number.isdecimal():
        msg = "found a record without a SequenceNumber, expected one that orders the changes of an item"
        raise Reject(msg)
    return int(record.sequence_number)


def _time(record: Record) -> datetime:
    if record.created_at is None:
        msg = "found a record without an ApproximateCreationDateTime, expected one as the time of the change"
        raise Reject(msg)
    return record.created_at
