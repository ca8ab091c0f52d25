"""Requests to ``_bulk`` of OpenSearch: what goes into them, and what the answers say about each document.

A document is written by an ``update`` with a script that compares versions, because no check of OpenSearch itself can.
An external version is a number of 63 bits, and a sequence number of DynamoDB has 21 to 40 digits: any rule that makes
one of the other gives some changes the number of an earlier change, and OpenSearch would drop them.

https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, NamedTuple
from uuid import UUID

from router.effects.requests import RefusedEntryError, RefusedForAll
from router.effects.versions import TIME, VERSION, Version
from router.errors import Reject

__all__ = ["SCRIPT", "Action", "Bulk"]

SCRIPT: Final = f"""\
def stored = ctx._source.{VERSION};
boolean older = stored == null;
if (!older) {{
  older = params.before > 0 && ctx._source.{TIME} < params.before;
  for (def range : params.older) {{
    if (stored.compareTo(range[0]) >= 0 && stored.compareTo(range[1]) < 0) {{
      older = true;
    }}
  }}
}}
if (older) {{
  ctx._source = params.document;
}} else {{
  ctx.op = 'none';
}}
"""
"""Replaces a document by ``params.document`` if its version is older: :class:`router.effects.versions.Older`.

The text is the same for all documents, so OpenSearch compiles it once."""

_CONFLICT, _TOO_MANY, _SERVER_ERROR = 409, 429, 500
_PERMANENT: Final = (400, 413)
_FOR_ALL: Final = frozenset({"index_not_found_exception", "security_exception"})
_WITHOUT_ANSWER: Final = frozenset({"ConnectionError", "ConnectionTimeout"})
"""The errors of opensearch-py for a request without an answer."""
_TRIES_OF_ENGINE: Final = 3
"""How often OpenSearch runs a script again after another write of the document, before it answers with a conflict."""
_LONGEST_ID: Final = 512


class Action(NamedTuple):
    """The write of one document.

    Args:
        version: Its version.
        lines: The lines of the request.
    """

    version: Version
    lines: bytes

    @classmethod
    def replacing(cls, identity: str, version: Version, document: Mapping[str, Any]) -> Action:
        """Make the write that replaces a document.

        Args:
            identity: The ID of the document.
            version: Its version.
            document: Its fields.

        Raises:
            Reject: JSON cannot hold one of the fields, or OpenSearch would not take the ID.
        """
        if not 0 < len(identity.encode(errors="replace")) <= _LONGEST_ID:
            # It would refuse the whole request.
            msg = f"found an ID of {len(identity)} characters, expected 1 to {_LONGEST_ID} bytes"
            raise Reject(msg)
        older = version.older()
        fields = {**document, VERSION: version.text, TIME: version.at}
        script = {
            "lang": "painless",
            "source": SCRIPT,
            "params": {"older": older.ranges, "before": older.before, "document": fields},
        }
        update = {"script": script, "upsert": {}, "scripted_upsert": True, "_source": [VERSION]}
        return cls(version, _line({"update": {"_id": identity, "retry_on_conflict": _TRIES_OF_ENGINE}}) + _line(update))


class Bulk:
    """Makes ``_bulk`` requests for one index: a :class:`router.effects.destination.Destination`.

    Args:
        index: The name of the index.
        client: The client of opensearch-py.
        most_documents: The most documents of a request.
        most_bytes: The most bytes of a request; a document that is larger is sent alone.
    """

    in_order = False

    def __init__(self, index: str, client: Any, most_documents: int, most_bytes: int) -> None:
        self.index = index
        self.key = ("Index", id(client), index)
        self.most_entries = most_documents
        self.most_bytes = most_bytes
        self.client = client

    def send(self, payloads: Sequence[Action]) -> list[Exception | None]:
        """Make one request; return the error of each write, ``None`` for those that OpenSearch made or need not make.

        Args:
            payloads: The writes; those of one document are made in their order.

        Raises:
            Reject: OpenSearch refuses the whole request for what is in it.
            Exception: The client cannot make the request.
        """
        try:
            answer = self.client.bulk(index=self.index, body=b"".join(action.lines for action in payloads))
        except Exception as error:  # noqa: BLE001 - of the user's client
            if _is_transient(error):
                return [error] * len(payloads)
            refusal = self._refusal(_status_of(error), _kind_of(error))
            raise (refusal if isinstance(refusal, Reject) else error) from None
        return [self._error(action, item) for action, item in zip(payloads, answer["items"], strict=True)]

    def _error(self, action: Action, item: Mapping[str, Any]) -> Exception | None:
        (answer,) = item.values()
        if error := answer.get("error"):
            # Its reason may quote the document, its type does not.
            status = answer["status"]
            return self._refusal(status, error["type"] if isinstance(error, dict) else f"the status {status}")
        try:
            action.version.check_comparable(answer.get("get", {}).get("_source", {}).get(VERSION, ""))
        except Reject as reject:
            return reject
        return None

    def _refusal(self, status: int, kind: str) -> Exception:
        msg = f"OpenSearch refused a write to {self.index!r} with {kind}, which no retry can help"
        if kind in _FOR_ALL:
            return RefusedForAll(msg)
        return Reject(msg) if status in _PERMANENT else RefusedEntryError("OpenSearch", kind)


def _is_transient(error: Exception) -> bool:
    """Whether a request that raised an error may succeed later."""
    status = _status_of(error)
    without_answer = any(kind.__name__ in _WITHOUT_ANSWER for kind in type(error).__mro__)
    return without_answer or status in (_CONFLICT, _TOO_MANY) or status >= _SERVER_ERROR


def _status_of(error: Exception) -> int:
    """The status of the answer that opensearch-py raised an error for; 0 where there is none."""
    status = getattr(error, "status_code", 0)
    return status if isinstance(status, int) else 0


def _kind_of(error: Exception) -> str:
    """The type that OpenSearch gives an error, else the name of its class: what a proxy answers may be anything."""
    kind = getattr(error, "error", "")
    is_type = isinstance(kind, str) and kind.endswith("_exception") and kind.isidentifier()
    return kind if is_type else type(error).__name__


def _line(value: Mapping[str, Any]) -> bytes:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_json_value)
        return f"{text}\n".encode()
    except (TypeError, ValueError):  # its text may quote the value
        msg = "found a document with a value that JSON cannot hold: a number that is not finite, or a circle"
        raise Reject(msg) from None


def _json_value(value: Any) -> Any:
    """What JSON has in place of a value, as opensearch-py writes it where it can."""
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    msg = f"found a value of type {type(value).__name__} in a document, expected one that JSON can hold"
    raise Reject(msg)
