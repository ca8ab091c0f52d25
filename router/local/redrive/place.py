"""Places where parked records and failure documents lie, and the one interface to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Protocol

from router.errors import RouterError

__all__ = ["Document", "Place", "PlaceError", "digest_of"]


class PlaceError(RouterError):
    """A place cannot be read or written; the message says what to do."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One document in a place.

    Args:
        name: Where it lies: ``parked.jsonl:12``, ``s3://bucket/key``, ``message <id>``.
        digest: Identifies its content, for the journal.
        read: Reads its text; raises :class:`PlaceError` if it is gone.
        handle: What the place needs to remove it.
    """

    name: str
    digest: str
    read: Callable[[], str]
    handle: Any = None


class Place(Protocol):
    """Keeps documents until they are removed.

    What is taken and not removed is given back by :meth:`close`.
    """

    @property
    def name(self) -> str:
        """The place as on the command line."""
        ...

    def take(self) -> Iterator[Document]:
        """The documents, each once. Taken again, a place gives what it could not give before."""
        ...

    def remove(self, document: Document) -> None:
        """Remove a document of which every record is done."""
        ...

    def event(self, document: Document, content: dict[str, Any], /) -> dict[str, Any]:
        """The event in which the place's source delivers a document.

        Args:
            document: The document as it was taken.
            content: Its content, or that of one of its records.
        """
        ...

    def close(self) -> None:
        """Give back what was taken and not removed."""
        ...


def digest_of(text: str) -> str:
    """The digest of a document's text."""
    return blake2b(text.strip().encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
