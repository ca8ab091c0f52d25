"""Run an engine in its own process, from the start of a ``with`` block to its end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from tempfile import TemporaryFile
from typing import IO, Any, Self

from router.errors import RouterError
from router.local.engines.endpoint import local_client
from router.local.guarded_process import guarded

__all__ = ["EngineProcess", "EngineStartError", "PortTakenError", "free_port", "last_lines"]

_STOP_SECONDS = 5


class EngineStartError(RouterError):
    """The engine does not start; the message ends with the last lines of its output."""


class PortTakenError(EngineStartError):
    """Another program listens on the engine's port."""


class EngineProcess:
    """Base of the engines that run in a process of their own.

    Args:
        port: The TCP port; 0 takes a free one.
        deadline: Seconds within which the engine must listen.

    Attributes:
        name: The engine's name in messages.
        endpoint_url: The engine's address, for any AWS client's ``endpoint_url``.
    """

    name: str
    endpoint_url: str

    def __init__(self, port: int = 0, *, deadline: float = 60.0) -> None:
        self._port = port
        self._deadline = deadline
        self._running = ExitStack()

    def command(self, port: int) -> list[str]:
        """The command line that runs the engine on a TCP port.

        Raises:
            EngineMissingError: A part of the engine is not installed.
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        port = self._port or free_port()
        command = self.command(port)
        _refuse_if_taken(port)
        self.endpoint_url = f"http://127.0.0.1:{port}"
        with ExitStack() as starting:
            output = starting.enter_context(TemporaryFile())
            process = starting.enter_context(_guarded(command, output))
            self._await_listening(process, port, output)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    def client(self, service: str) -> Any:
        """A boto3 client of the engine with dummy credentials; the machine's AWS settings have no effect.

        Args:
            service: ``"dynamodb"`` or ``"dynamodbstreams"``.
        """
        return local_client(service, self.endpoint_url)

    def _await_listening(self, process: subprocess.Popen[bytes], port: int, output: IO[bytes]) -> None:
        end = time.monotonic() + self._deadline
        while process.poll() is None and time.monotonic() < end:
            if _listens(port):
                return
            time.sleep(0.02)
        status = process.poll()
        failure = f"did not answer within {self._deadline:g} s" if status is None else f"ended with status {status}"
        output.seek(0)
        msg = f"{self.name} {failure}; its last output:\n{last_lines(output.read().decode(errors='replace'))}"
        raise EngineStartError(msg)


def free_port() -> int:
    """A TCP port of the loopback interface on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def last_lines(text: str, count: int = 12) -> str:
    """The last lines of a process's output, or ``nothing``."""
    return "\n".join(text.strip().splitlines()[-count:]) or "nothing"


@contextmanager
def _guarded(command: list[str], output: IO[bytes]) -> Generator[subprocess.Popen[bytes], None, None]:
    process = subprocess.Popen(  # noqa: S603 - the command is the engine's, and the shell's script is fixed
        guarded(command),
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C reaches this process only, so the engine outlives its users in it
    )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
    finally:
        # Closes the pipe: the watcher kills the rest of the group, also if a second Ctrl-C interrupts the wait.
        process.communicate()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _refuse_if_taken(port: int) -> None:
    """Refuse a port on which another program listens, which would answer in the engine's place."""
    if _listens(port):
        hint = "stop the program that listens there, or let the engine take a free one with port=0"
        msg = f"port {port} is taken: {hint}"
        raise PortTakenError(msg)
