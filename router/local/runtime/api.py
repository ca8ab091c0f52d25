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

__all__ = ["Answered", "Idle", "InitFailed", "Invocation", "RuntimeApi", "Said"]

_ROOT = "/2018-06-01/runtime"
_POLL_SECONDS = 0.05  # of the thread that accepts connections, to see that it is over
_ACCEPTED = b'{"status":"OK"}\n'


@dataclass(frozen=True, slots=True)
class Invocation:
    """What a process is given when it asks for the next one.

    Args:
        request_id: The request ID.
        payload: The event.
        headers: Those of the Runtime API.
    """

    request_id: str
    payload: bytes = field(repr=False)  # items are not for logs
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class Idle:
    """The process asks for an invocation: it is initialised, and done with the one before."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The process answered its invocation.

    Args:
        answer: The answer.
    """

    answer: Answer


@dataclass(frozen=True, slots=True)
class InitFailed:
    """The process could not load the function.

    Args:
        document: What it said of that.
    """

    document: bytes = field(repr=False)  # a text of the user's


Said = Idle | Answered | InitFailed


class RuntimeApi:
    """Serves one process, from construction until it is closed.

    Args:
        hear: Who is told what the process says, from another thread.
    """

    def __init__(self, hear: Callable[[Said], None]) -> None:
        self._hear = hear
        self._waiting: SimpleQueue[Invocation | None] = SimpleQueue()
        self._current: Invocation | None = None  # what the process has not answered yet
        self._server = _Server(self)
        self.address = "{}:{}".format(*self._server.server_address[:2])
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="runtime API", daemon=True
        )
        self._thread.start()

    def give(self, invocation: Invocation) -> None:
        """Hand an invocation to the process, which is idle.

        Args:
            invocation: The invocation.
        """
        self._waiting.put(invocation)

    def close(self) -> None:
        """Let go of the process and of the port."""
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def next(self) -> Invocation | None:
        """What the process has not answered, or else what it is to do next; ``None`` when it is over."""
        if self._current is None:
            self._hear(Idle())
            self._current = self._waiting.get()
        return self._current

    @property
    def busy(self) -> bool:
        """Whether the process has an invocation that it has not answered."""
        return self._current is not None

    def answers(self, request_id: str) -> bool:
        """Whether that is the invocation which the process has."""
        return self._current is not None and request_id == self._current.request_id

    def answer(self, payload: bytes, *, failed: bool) -> None:
        """Take the answer to the invocation that the process has."""
        self._current = None
        self._hear(Answered(Answer(payload, failed)))

    def init_failed(self, document: bytes) -> None:
        """Take what the process says of a function that it could not load."""
        self._hear(InitFailed(document))


class _Server(ThreadingHTTPServer):
    def __init__(self, api: RuntimeApi) -> None:
        super().__init__(("127.0.0.1", 0), _Requests)
        self.api = api

    def handle_error(self, request: object, client_address: object) -> None:
        """A process may end in the middle of a request; whether that is a failure shows elsewhere."""


class _Requests(BaseHTTPRequestHandler):
    """One connection of the process."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one segment: apart, the second would wait for an acknowledgement of the first

    def do_GET(self) -> None:
        api = self._api
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
            case ["", "init", "error"]:
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
            told = f"Exceeded maximum allowed payload size ({MAX_PAYLOAD} bytes)."
            return self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "RequestEntityTooLarge", told)
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
        assert isinstance(self.server, _Server)  # noqa: S101 - nothing else makes one
        return self.server.api

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep requests off standard error."""
