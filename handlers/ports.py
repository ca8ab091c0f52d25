"""What the handlers need of the world, and how they name what they tell it.

Lambda delivers every record at least once, and after a failure some of them again. So each port takes something by
which a second delivery is recognised: the record's event ID, which no other record has and every delivery repeats, or
its sequence number, which grows with each change of one item.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from router import Record, Reject

__all__ = ["Bus", "DomainEvent", "Movement", "UnknownProductError", "View", "Views", "Warehouse"]


@dataclass(frozen=True, slots=True)
class View:
    """What a reader gets to see of one item, as of one change of it.

    Args:
        pk: What is read together: everything on one page.
        sk: Which part of the page it is.
        version: The record's sequence number, as an integer: the text of a longer one sorts before a shorter one's.
        body: What is shown; ``None`` when the item is gone.
    """

    pk: str
    sk: str
    version: int
    body: Mapping[str, Any] | None

    @classmethod
    def of(cls, record: Record, pk: str, sk: str, body: Mapping[str, Any] | None) -> "View":
        """A view as of a record."""
        return cls(pk, sk, _version(record), body)


class Views(Protocol):
    """Pages for readers, kept up to date with the table."""

    def save(self, view: View) -> None:
        """Keep a view, unless that version or a later one is kept already."""
        ...


@dataclass(frozen=True, slots=True)
class Movement:
    """Pieces that leave the shelves (below zero) or come back.

    Args:
        id: Names the movement, the same at every delivery.
        at: When it was caused, the same at every delivery.
        pieces: How many of each product, by SKU.
    """

    id: str
    at: datetime
    pieces: Mapping[str, int]

    @classmethod
    def of(cls, record: Record, pieces: Mapping[str, int]) -> "Movement":
        """The movement that a record causes."""
        return cls(_identity(record), _time(record), pieces)


class UnknownProductError(Exception):
    """Something was taken of a product that the warehouse does not have."""


class Warehouse(Protocol):
    """The stock of every product."""

    def move(self, movement: Movement) -> None:
        """Add a movement to the stock, once however often it is asked for.

        What comes back of a product that is no longer there is let go.

        Raises:
            UnknownProductError: Something is taken of a product that is not there; all others were moved.
        """
        ...


@dataclass(frozen=True, slots=True)
class DomainEvent:
    """Something that happened in the shop.

    Args:
        id: The same at every delivery, so that who listens can leave out what came before.
        name: What happened: ``OrderPlaced``.
        at: When.
        detail: What it is about.
    """

    id: str
    name: str
    at: datetime
    detail: Mapping[str, str]

    @classmethod
    def of(cls, record: Record, name: str, **detail: str) -> "DomainEvent":
        """What a record says has happened."""
        return cls(f"{_identity(record)}/{name}", name, _time(record), detail)


class Bus(Protocol):
    """Takes domain events to whoever listens."""

    async def publish(self, event: DomainEvent) -> None:
        """Hand over an event; on return it is safe with the bus."""
        ...


def _identity(record: Record) -> str:
    if record.event_id is None:
        msg = "found a record without an eventID, expected one to recognise a second delivery by"
        raise Reject(msg)
    return record.event_id


def _version(record: Record) -> int:
    if record.sequence_number is None or not record.sequence_number.isdecimal():
        msg = "found a record without a SequenceNumber, expected one to tell older from newer by"
        raise Reject(msg)
    return int(record.sequence_number)


def _time(record: Record) -> datetime:
    if record.created_at is None:
        msg = "found a record without an ApproximateCreationDateTime, expected one as the time of what happened"
        raise Reject(msg)
    return record.created_at
