"""Indexes in memory, in place of a client of OpenSearch: for tests, and to run without a domain."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from router.effects.bulk import SCRIPT
from router.effects.versions import TIME, VERSION, Older
from router.effects.view import GONE

__all__ = ["MemoryIndexes"]

Document = dict[str, Any]


class MemoryIndexes:
    """Indexes in memory behind the method of opensearch-py's client that :class:`Index` calls.

    So an effect runs in a test as it does on AWS: ``Index("orders", client=MemoryIndexes())``. An index is there when
    it is used, and every document fits.

    Example:
        >>> MemoryIndexes().documents("orders")
        {}
    """

    def __init__(self) -> None:
        self.requests: list[int] = []
        """The number of documents of each request, in order."""
        self._indexes: dict[str, dict[str, Document]] = {}
        self._lock = threading.Lock()

    def documents(self, index: str) -> dict[str, Document]:
        """The documents of an index by their IDs, as a search through a filtered alias finds them.

        Tombstones are left out, and the fields in which the effect keeps the versions.
        """
        return {
            identity: {name: value for name, value in document.items() if name not in (VERSION, TIME)}
            for identity, document in self.sources(index).items()
            if GONE not in document
        }

    def sources(self, index: str) -> dict[str, Document]:
        """All documents of an index by their IDs, with all fields, tombstones too."""
        with self._lock:
            return deepcopy(dict(sorted(self._indexes.get(index, {}).items())))

    # ------------------------------------------------------------------------------------- as opensearch-py's client

    def bulk(self, *, index: str, body: bytes) -> dict[str, Any]:
        """Make the updates of a request.

        Raises:
            NotImplementedError: There are other actions, or another script.
        """
        lines = [json.loads(line) for line in body.splitlines()]
        with self._lock:
            self.requests.append(len(lines) // 2)
            items = [
                {"update": self._updated(index, action, update)}
                for action, update in zip(lines[::2], lines[1::2], strict=True)
            ]
        return {"took": 0, "errors": False, "items": items}

    def _updated(self, index: str, action: Mapping[str, Any], update: Mapping[str, Any]) -> dict[str, Any]:
        script = update.get("script", {})
        if list(action) != ["update"] or script.get("source") != SCRIPT:
            msg = "MemoryIndexes makes the writes of Index only"
            raise NotImplementedError(msg)
        identity, params = action["update"]["_id"], script["params"]
        documents = self._indexes.setdefault(index, {})
        stored, older = documents.get(identity), Older(params["older"], params["before"])
        result = "created" if stored is None else "updated"
        if stored is None or VERSION not in stored or older.contains(stored[VERSION], stored[TIME]):
            documents[identity] = params["document"]
        else:
            result = "noop"
        source = {VERSION: documents[identity][VERSION]}
        status = 201 if result == "created" else 200
        return {"_index": index, "_id": identity, "result": result, "status": status, "get": {"_source": source}}
