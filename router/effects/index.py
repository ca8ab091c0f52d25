"""Documents of OpenSearch that show the latest state of items, and never go back to an older one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from inspect import iscoroutinefunction
from typing import Any, Final

from router.change import Change
from router.context import current_clock
from router.effects.bulk import Action, Bulk
from router.effects.destination import Entry
from router.effects.outbox import leave
from router.effects.versions import Version, record_of, version_of
from router.effects.view import GONE
from router.errors import RegistrationError

__all__ = ["EXPIRY", "Index"]

EXPIRY: Final = "routerExpiresAt"
"""The field of a tombstone with the time after which it may be deleted, in seconds since the epoch."""

_KEPT = timedelta(days=30)
_MOST_DOCUMENTS: Final = 1_000
_MOST_BYTES: Final = 5 * 1024 * 1024
"""Half of what the smallest domains of Amazon OpenSearch Service take in a request."""


class Index:
    """Writes documents of an OpenSearch index as of a record, unless a later one or the same has written them.

    Each document shows one item. What handlers write is gathered during the invocation, and sent in full ``_bulk``
    requests before the answer to Lambda. A document that OpenSearch refuses fails its record at the route that wrote
    it, and no other. A script compares the versions in OpenSearch, so redelivery, disorder and other containers lead to
    the same state. A deleted document stays as a tombstone, with its version, :data:`GONE` and :data:`EXPIRY`: an
    older change that comes late must not restore it.

    Args:
        name: The name of the index, or an alias of one.
        client: A client of opensearch-py, or :class:`MemoryIndexes`.
        keep_deleted: How long a tombstone must be kept: longer than a record can come again.
        most_documents: The most documents of a request.
        most_bytes: The most bytes of a request; a document that is larger is sent alone.

    Raises:
        RegistrationError: The client is asynchronous, or none of OpenSearch.

    Example:
        >>> from router import Event, Modify, Record
        >>> from router.effects import MemoryIndexes
        >>> orders = Index("orders", client=(indexes := MemoryIndexes()))
        >>> first, second = (Record({}, {"SequenceNumber": number}, Event.MODIFY) for number in ("99", "100"))
        >>> orders.put(Modify({}, {}, second), "1", {"status": "PAID"})
        >>> orders.put(Modify({}, {}, first), "1", {"status": "PLACED"})
        >>> indexes.documents("orders")
        {'1': {'status': 'PAID'}}
    """

    def __init__(
        self,
        name: str,
        *,
        client: Any,
        keep_deleted: timedelta = _KEPT,
        most_documents: int = _MOST_DOCUMENTS,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        bulk = getattr(client, "bulk", None)
        if not callable(bulk) or iscoroutinefunction(bulk):
            msg = (
                f"Index(client=) found {type(client).__name__}, expected a client with a synchronous bulk(): "
                "opensearchpy.OpenSearch(...)"
            )
            raise RegistrationError(msg)
        self.name = name
        self.keep_deleted = keep_deleted
        self._bulk = Bulk(name, client, most_documents, most_bytes)

    def put(
        self,
        change: Change[Any, Any],
        identity: str,
        document: Mapping[str, Any] | None,
        *,
        was: str | None = None,
    ) -> None:
        """Replace a document as of a change: when the handler has ended well, and before the answer to Lambda.

        Outside of an invocation it is replaced at once. A record writes a document once: a second write by another
        route changes nothing, as a second delivery does.

        Args:
            change: The change that the handler was called with, or one of a batch.
            identity: The ID of the document.
            document: Its fields; ``None`` deletes it.
            was: Its ID before the change, where a change may move it: if it differs, that document is deleted.

        Raises:
            Reject: No retry can help: the record has no version, JSON cannot hold the document, or the handler has put
                another one under this ID.
        """
        version = version_of(record_of(change))
        self._leave(change, version, identity, document)
        if was is not None and was != identity:
            self._leave(change, version, was, None)

    def delete(self, change: Change[Any, Any], identity: str) -> None:
        """Delete a document as of a change, as :meth:`put` does without fields.

        Args:
            change: The change that the handler was called with, or one of a batch.
            identity: The ID of the document.
        """
        self.put(change, identity, None)

    def _leave(
        self, change: Change[Any, Any], version: Version, identity: str, document: Mapping[str, Any] | None
    ) -> None:
        action = Action.replacing(identity, version, self._tombstone() if document is None else document)
        # The versions put the documents in order, so none waits for another.
        leave(change, Entry(action, len(action.lines), (identity, version), identity), self._bulk)

    def _tombstone(self) -> dict[str, Any]:
        return {GONE: True, EXPIRY: int(current_clock().time() + self.keep_deleted.total_seconds())}

    def __repr__(self) -> str:
        return f"Index({self.name!r})"
