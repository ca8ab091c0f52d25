"""All records of a place, with what is done of them taken out."""

from __future__ import annotations

from collections.abc import Container, Iterable

from router.local.redrive.place import Document, Place, PlaceError
from router.local.redrive.records import Expand, ParkedRecord, Problem, records_in

__all__ = ["Reading"]


class Reading:
    """The records that were read, and how many of each document are left.

    Args:
        place: The place.
        done: The keys of the records that are done.
        expand: Reads what documents refer to.
    """

    def __init__(self, place: Place, done: Container[str], expand: Expand) -> None:
        self._place = place
        self._done = done
        self._expand = expand
        self._left: dict[Document, int] = {}
        self._begun: set[Document] = set()  # some of their records are done, and the place has them still
        self._waiting: dict[str, ParkedRecord] = {}
        self._finished: set[str] = set()

    @property
    def needs_journal(self) -> bool:
        """Whether the place has a document of which a record is done."""
        return bool(self._begun)

    def take(self) -> list[ParkedRecord]:
        """The records that the place gives now. Copies of a document are one record.

        Raises:
            PlaceError: The place cannot be read.
        """
        taken: list[ParkedRecord] = []
        for document in self._place.take():
            for record in self._left_in(document):
                known = self._waiting.get(record.id)
                if record.id in self._finished:
                    self._finish(document)
                elif known is not None:
                    known.documents.append(document)
                else:
                    self._waiting[record.id] = record
                    taken.append(record)
        return taken

    def _left_in(self, document: Document) -> list[ParkedRecord]:
        try:
            found = list(records_in(document, self._expand))
        except PlaceError as error:
            found = [ParkedRecord(document.digest, [document], 0, problem=Problem("unreadable", str(error)))]
        left = [record for record in found if not any(key in self._done for key in record.keys)]
        self._left[document] = len(left)
        if len(left) < len(found):
            self._begun.add(document)
            if not left:  # done before an end that came too early to remove it
                self._remove(document)
        return left

    def remove(self, records: Iterable[ParkedRecord]) -> None:
        """Remove the documents of which these records were the last; the journal has the records."""
        for record in records:
            self._waiting.pop(record.id, None)
            self._finished.add(record.id)
            for document in record.documents:
                self._finish(document)

    def _finish(self, document: Document) -> None:
        self._left[document] -= 1
        self._begun.add(document)
        if not self._left[document]:
            self._remove(document)

    def _remove(self, document: Document) -> None:
        self._place.remove(document)
        self._begun.discard(document)
