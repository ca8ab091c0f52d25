"""Lambda's Runtime API for one process, on the loopback interface.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue

from router.local.runtime.answers import MAX_PAYLOAD, Answer, too_large

__all__ = ["Answered", "Idle", "InitFailed", "InvocationRequest", "Message", "RuntimeApi"]

_ROOT = "/2018-06-01/runtime"
_POLL_SECONDS = 0.05  # at which the accepting thread checks for its end
_ACCEPTED = b'{"status":"OK"}\n'


@dataclass(frozen=True, slots=True)
class InvocationRequest:
    """The response to a process that asks for the next invocation.

    Args:
        request_id: The request ID.
        payload: The event.
        headers: The headers of the Runtime API.
    """

    request_id: str
    payload: bytes = field(repr=False)  # items are not for logs
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Idle:
    """The process asks for an invocation: it is initialised, and has finished the one before."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The process responded to its invocation.

    Args:
        answer: The result.
    """

    answer: Answer


@dataclass(frozen=True, slots=True)
class InitFailed:
    """The process failed to load the function.

    Args:
        document: Its error document.
    """

    document: bytes = field(repr=False)  # it may quote the user's code


Message = Idle | Answered | InitFailed
"""A message of the process."""


class RuntimeApi:
    """Serves one process, from construction until it is closed.

    Args:
        receive: Receives the messages of the process, in another thread.
    """

    def __init__(self, receive: Callable[[Message], None]) -> None:
        self._receive = receive
        self._waiting: SimpleQueue[InvocationRequest | None] = SimpleQueue()
        self._current: InvocationRequest | None = None  # without a response so far
        self._server = _Server(self)
        self.address = "{}:{}".format(*self._server.server_address[:2])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="runtime API", daemon=True
        )
        self._thread.start()

    def give(self, invocation: InvocationRequest) -> None:
        """Pass an invocation to the idle process.

        Args:
            invocation: The invocation.
        """
        self._waiting.put(invocation)

    def close(self) -> None:
        """End the connection to the process, and release the port."""
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next(self) -> InvocationRequest | None:
        """Wait for the next invocation; one without a response is repeated. ``None`` after :meth:`close`."""
        if self._current is None:
            self._receive(Idle())
            self._current = self._waiting.get()
        return self._current

    @property
    def busy(self) -> bool:
        """Whether the process has an invocation without a response."""
        return self._current is not None

    def answers(self, request_id: str) -> bool:
        """Whether this is the request ID of the process's invocation."""
        return self._current is not None and request_id == self._current.request_id

    def answer(self, payload: bytes, *, failed: bool) -> None:
        """Receive the response to the process's invocation."""
        self._current = None
        self._receive(Answered(Answer(payload, failed)))

    def init_failed(self, document: bytes) -> None:
        """Receive the error document of a function that does not load."""
        self._receive(InitFailed(document))


class _Server(ThreadingHTTPServer):
    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.api = api

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore the error: a process may end in the middle of a request."""


class _Requests(BaseHTTPRequestHandler):
    """One connection of the process."""

    protocol_version = "HTTP/1.1"
    # Otherwise the second segment of a response waits 40 ms for the acknowledgement of the first (Nagle's algorithm).
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body of a small response in one segment

    def do_GET(self) -> None:
        api = self._api
        if self.path == f"{_ROOT}/restore/next":
            # The process itself goes on in place of one that Lambda restores from its snapshot.
            return self._send(HTTPStatus.OK, b"")
        if self.path != f"{_ROOT}/invocation/next":
            return self._refuse(HTTPStatus.NOT_FOUND, "NotFound", "Not found")
        invocation = api.next()
        if invocation is None:
            self.close_connection = True
            return None
        return self._send(HTTPStatus.OK, invocation.payload, invocation.headers)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        match self.path.removeprefix(_ROOT).split("/"):
            case ["", "init" | "restore", "error"]:
                self._init_failed(body)
            case ["", "invocation", request_id, ("response" | "error") as kind]:
                self._answered(request_id, body, failed=kind == "error")
            case _:
                self._refuse(HTTPStatus.NOT_FOUND, "NotFound", "Not found")

    def _init_failed(self, document: bytes) -> None:
        if self._api.busy:
            return self._refuse_transition()
        self._api.init_failed(document)
        return self._send(HTTPStatus.ACCEPTED, _ACCEPTED)

    def _answered(self, request_id: str, payload: bytes, *, failed: bool) -> None:
        if not self._api.busy:
            return self._refuse_transition()
        if not self._api.answers(request_id):
            return self._refuse(HTTPStatus.BAD_REQUEST, "InvalidRequestID", "Invalid request ID")
        if len(payload) > MAX_PAYLOAD:
            self._api.answer(too_large(), failed=True)
            message = f"Exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestEntityTooLarge", message)
        self._api.answer(payload, failed=failed)
        return self._send(HTTPStatus.ACCEPTED, _ACCEPTED)

    def _refuse_transition(self) -> None:
        self._refuse(HTTPStatus.FORBIDDEN, "InvalidStateTransition", "State transition is not allowed")

    def _refuse(self, status: HTTPStatus, error_type: str, message: str) -> None:
        document = {"errorMessage": message, "errorType": error_type}
        self._send(status, json.dumps(document, separators=(",", ":")).encode())

    def _send(self, status: HTTPStatus, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    @property
    def _api(self) -> RuntimeApi:
        assert isinstance(self.server, _Server)  # noqa: S101 - only _Server makes requests
        return self.server.api

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep requests off standard error."""
