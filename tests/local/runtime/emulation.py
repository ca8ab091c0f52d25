"""AWS's Runtime Interface Emulator, with a function in it."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

from router.local.runtime import FunctionConfiguration

_PATH = "/2015-03-31/functions/function/invocations"


class Emulation:
    """Invokes a function under the emulator, one call at a time: a second concurrent call crashes it."""

    def __init__(self, port: int) -> None:
        self._port = port

    def invoke(self, payload: bytes) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        with contextlib.closing(connection):
            connection.request("POST", _PATH, payload)
            return connection.getresponse().read()


@contextlib.contextmanager
def emulated(emulator: Path, configuration: FunctionConfiguration) -> Iterator[Emulation]:
    """Start the emulator on the loopback interface, and end it with its child processes."""
    port, api = _free_port(), _free_port()
    addresses = [
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{api}",
    ]
    variables = {"PATH": os.environ["PATH"], **configuration.environment}
    variables["AWS_LAMBDA_FUNCTION_TIMEOUT"] = f"{configuration.timeout:g}"
    variables["AWS_LAMBDA_FUNCTION_NAME"] = configuration.name
    variables["AWS_EXECUTION_ENV"] = f"AWS_Lambda_{configuration.runtime}"
    process = subprocess.Popen(
        [emulator, "--log-level", "error", *addresses, *configuration.command],
        cwd=configuration.root,
        env=variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(port)
        yield Emulation(port)
    finally:
        # Asked to end, it ends the function too, which it keeps in a process group of its own.
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    ends = monotonic() + 60
    while monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.02)
    raise TimeoutError
