"""``router.local.engines.process``: how an engine starts and how it ends."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import pytest

from router.local.engines import process as module
from router.local.engines.dynamodb_local import DynamoDBLocal
from router.local.engines.install import Installation
from router.local.engines.process import EngineStartError
from tests.local.engines.conftest import Script
from tests.waiting import becomes


def runs(file: Path) -> bool:
    """Whether the process whose number a script wrote is alive: a zombie is not, nor one that ended before it wrote."""
    if not file.exists():
        return False
    shown = subprocess.run(
        ["ps", "-o", "stat=", "-p", file.read_text().strip()], capture_output=True, text=True, check=False
    )
    return shown.stdout.strip()[:1] not in {"", "Z"}


@pytest.mark.usefixtures("jar")
class TestStart:
    def test_an_engine_that_ends_is_quoted(self, script: Script) -> None:
        """The error holds the engine's last output."""
        script("java", "echo some output; echo no memory >&2; exit 3")
        with pytest.raises(EngineStartError) as caught, DynamoDBLocal():
            pass
        assert str(caught.value) == "DynamoDB Local 2.6.1 ended with status 3; its last output:\nsome output\nno memory"

    def test_only_the_last_lines_are_quoted(self, script: Script) -> None:
        """The error holds at most twelve lines of output."""
        script("java", "seq 1 500; exit 1")
        with pytest.raises(EngineStartError) as caught, DynamoDBLocal():
            pass
        assert str(caught.value).splitlines()[1:] == [str(n) for n in range(489, 501)]

    def test_an_engine_that_never_answers_is_stopped(self, script: Script, tmp_path: Path) -> None:
        """An engine that does not listen within the deadline is stopped, and no process remains."""
        script("java", f"echo $$ > {tmp_path}/pid; exec sleep 60")
        with pytest.raises(EngineStartError) as caught, DynamoDBLocal(deadline=0.5):
            pass
        assert str(caught.value) == "DynamoDB Local 2.6.1 did not answer within 0.5 s; its last output:\nnothing"
        assert not runs(tmp_path / "pid")

    def test_an_engine_that_will_not_end_is_killed(
        self, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SIGTERM comes first, and SIGKILL after the stop time."""
        script("java", f"trap '' TERM; echo $$ > {tmp_path}/pid; while :; do sleep 0.1; done")
        monkeypatch.setattr(module, "_STOP_SECONDS", 0.2)
        with pytest.raises(EngineStartError, match="did not answer"), DynamoDBLocal(deadline=0.5):
            pass
        assert not runs(tmp_path / "pid")

    def test_what_a_launcher_started_ends_too(self, script: Script, tmp_path: Path) -> None:
        """The processes that a `java` script started end with it."""
        script("java", f"sleep 60 & echo $! > {tmp_path}/pid; wait")
        with pytest.raises(EngineStartError, match="did not answer"), DynamoDBLocal(deadline=0.5):
            pass
        assert becomes(lambda: not runs(tmp_path / "pid"))

    def test_a_taken_port_is_refused(self, script: Script, tmp_path: Path) -> None:
        """If another program listens on the port, the engine is not started."""
        script("java", f"touch {tmp_path}/started")
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            port = stranger.getsockname()[1]
            with pytest.raises(EngineStartError) as caught, DynamoDBLocal(port):
                pass
        assert str(caught.value) == (
            f"port {port} is taken: stop the program that listens there, or let the engine take a free one with port=0"
        )
        assert not (tmp_path / "started").exists()

    def test_it_is_started_in_memory_and_silent(self) -> None:
        """The engine writes nothing to disk and sends no telemetry."""
        command = Installation(Path("/bin/java"), Path("/lib/DynamoDBLocal.jar")).command(8123)
        assert command[0] == "/bin/java"
        assert "-Djava.library.path=/lib/DynamoDBLocal_lib" in command
        assert command[-6:] == ["-jar", "/lib/DynamoDBLocal.jar", "-inMemory", "-disableTelemetry", "-port", "8123"]
