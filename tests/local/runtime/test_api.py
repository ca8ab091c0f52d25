"""``router.local.runtime.api``: the Runtime API's connections."""

import socket
from http.server import BaseHTTPRequestHandler
from queue import SimpleQueue

import pytest

from router.local.runtime.api import RuntimeApi


def test_no_segment_waits_for_an_acknowledgement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nagle's algorithm is off, which holds back the second segment of a response for 40 ms."""
    options: SimpleQueue[int] = SimpleQueue()
    finish = BaseHTTPRequestHandler.finish

    def noted(handler: BaseHTTPRequestHandler) -> None:
        options.put(handler.connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        finish(handler)

    monkeypatch.setattr(BaseHTTPRequestHandler, "finish", noted)
    api = RuntimeApi(lambda _: None)
    try:
        host, port = api.address.split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(b"GET /nothing HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert connection.recv(1024).startswith(b"HTTP/1.1 404 ")
    finally:
        api.close()
    assert options.get(timeout=60)
