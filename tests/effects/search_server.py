"""A server on the loopback interface that answers ``_bulk`` as OpenSearch does: its documents are those in memory.

The answers have the members of those that OpenSearch documents and its source makes:
https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
"""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from router.effects import MemoryIndexes

__all__ = ["CLOSED", "ERRORS", "REQUEST_ERRORS", "SearchServer", "answer_of", "search_server"]

Json = dict[str, Any]

CLOSED = "closed"
"""No answer to a request."""

_INDEX = {"index": "orders", "index_uuid": "8Vd2PxbmRcCrWzH1E_HtSg", "shard": "0"}
_REJECTED = "rejected execution of primary operation [coordinating_and_primary_bytes=0, all_bytes=0]"

ERRORS: dict[str, tuple[int, Json]] = {
    "mapping": (
        400,
        {
            "type": "mapper_parsing_exception",
            "reason": "failed to parse field [total] of type [long] in document with id '1'. "
            "Preview of field's value: 'secret'",
            "caused_by": {"type": "illegal_argument_exception", "reason": 'For input string: "secret"'},
        },
    ),
    "strict mapping": (
        400,
        {
            "type": "strict_dynamic_mapping_exception",
            "reason": "mapping set to strict, dynamic introduction of [total] within [_doc] is not allowed",
        },
    ),
    "conflict": (
        409,
        {
            "type": "version_conflict_engine_exception",
            "reason": "[1]: version conflict, required seqNo [3], primary term [1]. current document has seqNo [4] "
            "and primary term [1]",
            **_INDEX,
        },
    ),
    "rejected": (429, {"type": "rejected_execution_exception", "reason": _REJECTED}),
    "no shard": (503, {"type": "unavailable_shards_exception", "reason": "[orders][0] primary shard is not active"}),
    "no index": (
        404,
        {
            "type": "index_not_found_exception",
            "reason": "no such index [orders] and [action.auto_create_index] is [false]",
            "index": "orders",
            "index_uuid": "_na_",
        },
    ),
    "no permission": (
        403,
        {"type": "security_exception", "reason": "no permissions for [indices:data/write/bulk[s]] and User [writer]"},
    ),
    "blocked": (
        403,
        {"type": "cluster_block_exception", "reason": "index [orders] blocked by: [FORBIDDEN/8/index write (api)];"},
    ),
    "disk full": (
        429,
        {
            "type": "cluster_block_exception",
            "reason": "index [orders] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, "
            "index has read-only-allow-delete block];",
        },
    ),
}
"""The status and the error that OpenSearch answers for a document."""


def _as_request(status: int, error: Json) -> tuple[int, bytes]:
    return status, json.dumps({"error": {"root_cause": [error], **error}, "status": status}).encode()


REQUEST_ERRORS: dict[str, tuple[int, bytes]] = {
    "rejected": _as_request(429, {"type": "rejected_execution_exception", "reason": _REJECTED}),
    "unavailable": (503, b"<html><body>503 Service Unavailable</body></html>"),
    "gateway": (504, b'{"message": "Endpoint request timed out"}'),
    "too large": (413, b"Request size exceeded 10485760 bytes"),
    "malformed": _as_request(
        400, {"type": "illegal_argument_exception", "reason": "The bulk request must be terminated by a newline [\\n]"}
    ),
    "no index": _as_request(404, ERRORS["no index"][1]),
    "no permission": _as_request(403, ERRORS["no permission"][1]),
    "not authorized": (403, b'{"Message": "User: anonymous is not authorized to perform: es:ESHttpPost"}'),
    "expired": (403, b'{"message": "The security token included in the request is expired"}'),
}
"""The answers of OpenSearch, or of what stands before a domain, to a whole request."""


def answer_of(identity: str, error: str) -> Json:
    """The member of ``items`` for a document that is refused."""
    status, body = ERRORS[error]
    return {"update": {"_index": "orders", "_id": identity, "status": status, "error": body}}


class SearchServer:
    """The server's address, its documents, and what it refuses.

    Args:
        url: The address.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.indexes = MemoryIndexes()
        self.refused: dict[str, list[str]] = {}
        """For the ID of a document: the names of the errors of its next writes, in turn."""
        self.refused_requests: list[str] = []
        """The names of the errors of the next requests, in turn; CLOSED for one."""
        self.requests: list[tuple[str, Mapping[str, str]]] = []
        """The path and the headers of each request."""

    def answer(self, path: str, body: bytes) -> tuple[int, bytes] | None:
        """The status and the content of an answer; ``None`` to close the connection."""
        if "/_doc/" in path:
            return 201, b'{"_index":"orders","result":"created","_version":1}'
        if self.refused_requests and (name := self.refused_requests.pop(0)):
            return None if name == CLOSED else REQUEST_ERRORS[name]
        lines = body.splitlines(keepends=True)
        items = [self._item(path.split("/")[1], lines[place : place + 2]) for place in range(0, len(lines), 2)]
        failed = any("error" in item["update"] for item in items)
        return 200, json.dumps({"took": 7, "errors": failed, "items": items}).encode()

    def _item(self, index: str, lines: list[bytes]) -> Json:
        identity = json.loads(lines[0])["update"]["_id"]
        if errors := self.refused.get(identity):
            return answer_of(identity, errors.pop(0))
        (item,) = self.indexes.bulk(index=index, body=b"".join(lines))["items"]
        written = item["update"]
        numbers = {"_seq_no": len(self.requests), "_primary_term": 1}
        written |= {"_version": 1, **numbers, "_shards": {"total": 2, "successful": 1, "failed": 0}}
        written["get"] |= {**numbers, "found": True}
        return {"update": written}


@contextmanager
def search_server() -> Iterator[SearchServer]:
    """Run a server for the length of a ``with`` block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # else an answer takes 40 ms

        def do_POST(self) -> None:  # the name is http.server's
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            search.requests.append((self.path, dict(self.headers.items())))
            answer = search.answer(self.path, body)
            if answer is None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            status, content = answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json" if content[:1] == b"{" else "text/plain")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_POST  # noqa: N815 - as above

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Leave standard error alone."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        search = SearchServer(f"http://127.0.0.1:{server.server_port}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield search
        server.shutdown()
