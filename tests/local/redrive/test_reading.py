"""``router.local.redrive.reading``: which documents have left the place, and when the journal is needed on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from router.local.redrive.place import Document, PlaceError, digest_of
from router.local.redrive.reading import Reading
from tests.local.redrive.shop import change, parked


class Shelf:
    """A place in memory, which may refuse to remove documents."""

    name = "shelf"

    def __init__(self, *documents: Any) -> None:
        self._texts = [json.dumps(document) for document in documents]
        self.refuses = False

    def take(self) -> Iterator[Document]:
        for text in self._texts:
            yield Document("shelf", digest_of(text), lambda text=text: text)  # type: ignore[misc]  # each its own text

    def remove(self, document: Document) -> None:
        if self.refuses:
            msg = "found AccessDenied"
            raise PlaceError(msg)

    def event(self, _document: Document, content: dict[str, Any]) -> dict[str, Any]:
        return content

    def close(self) -> None: ...


def reading(shelf: Shelf, *done: str) -> Reading:
    return Reading(shelf, set(done), lambda document: [document])


def test_a_document_that_is_removed_needs_no_journal() -> None:
    """All of its records are done."""
    found = reading(Shelf(parked(change("a", 1, 1))))
    found.remove(found.take())
    assert not found.needs_journal


def test_a_document_that_is_not_removed_needs_the_journal() -> None:
    """The journal alone has that its record is done: without it the next run would run the record again."""
    shelf = Shelf(parked(change("a", 1, 1)))
    shelf.refuses = True
    found = reading(shelf)
    records = found.take()
    with pytest.raises(PlaceError):
        found.remove(records)
    assert found.needs_journal


def test_a_document_of_an_earlier_run_that_is_still_not_removed_needs_it_too() -> None:
    """Its record is not taken again."""
    shelf = Shelf(parked(change("a", 1, 1)))
    (record,) = reading(shelf).take()
    shelf.refuses = True
    found = reading(shelf, *record.keys)
    with pytest.raises(PlaceError):
        found.take()
    assert found.needs_journal
    shelf.refuses = False
    again = reading(shelf, *record.keys)
    assert (again.take(), again.needs_journal) == ([], False)
