"""A proxy on the loopback interface that answers reads of a stream with errors, in turn."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

__all__ = ["CLOSED", "CUT", "FaultyProxy", "faulty_proxy"]

CLOSED, CUT = "closed", "cut"
"""No answer, and half of one."""


class FaultyProxy:
    """The proxy's address and what it does.

    Args:
        url: The engine's endpoint URL.
        faults: Error codes, CLOSED or CUT, for one ``GetRecords`` each; ``None`` lets one pass.
        lean: Whether records have no time, ID and name.
    """

    def __init__(self, url: str, faults: Iterable[str | None], *, lean: bool = False) -> None:
        self.engine_url = url
        self.faults = deque(faults)
        self.lean = lean
        self.url = ""
        self.missing = False  # whether the stream no longer exists

    def fault(self, operation: str) -> str | None:
        """The fault of a request, taken off the list."""
        if self.missing:
            return "ResourceNotFoundException"
        return self.faults.popleft() if operation == "GetRecords" and self.faults else None

    def answer(self, body: bytes, headers: Any) -> bytes:
        """The engine's answer."""
        names = ("Authorization", "Content-Type", "X-Amz-Target", "X-Amz-Date")
        request = Request(self.engine_url, body, {name: headers[name] for name in names if name in headers})  # noqa: S310 - loopback
        with urlopen(request) as response:  # noqa: S310 - as above
            content: bytes = response.read()
        if not self.lean or not headers["X-Amz-Target"].endswith("GetRecords"):
            return content
        answer = json.loads(content)
        for record in answer["Records"]:
            del record["eventID"], record["eventName"], record["dynamodb"]["ApproximateCreationDateTime"]
        return json.dumps(answer).encode()


@contextmanager
def faulty_proxy(url: str, faults: Iterable[str | None] = (), *, lean: bool = False) -> Iterator[FaultyProxy]:
    """Run a proxy in front of an engine for the length of a ``with`` block."""
    proxy = FaultyProxy(url, faults, lean=lean)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:  # the name is http.server's
            body = self.rfile.read(int(self.headers["Content-Length"]))
            fault = proxy.fault(self.headers["X-Amz-Target"].rpartition(".")[2])
            if fault == CLOSED:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
            elif fault in (None, CUT):
                self._answer(200, proxy.answer(body, self.headers), cut=fault == CUT)
            else:
                status = 500 if fault == "InternalServerError" else 400
                self._answer(status, json.dumps({"__type": fault, "message": "in turn"}).encode())

        def _answer(self, status: int, content: bytes, *, cut: bool = False) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
            self.close_connection = cut

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
            """Leave standard error alone."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        yield proxy
        server.shutdown()
