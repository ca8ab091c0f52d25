"""The Rust sample's work, in this process: ``rust/`` built by cargo and called through ctypes."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["RustMissingError", "rust_handler"]

HERE = Path(__file__).parent / "rust"
BUILT = Path(__file__).parents[2] / "build" / "benchmarks" / "rust"
LIBRARY = BUILT / "target" / "release" / ("librust_sample.dylib" if sys.platform == "darwin" else "librust_sample.so")
# The crates of Debian and Ubuntu: apt-get install librust-serde-json-dev librust-serde+derive-dev
CRATES = Path(os.environ.get("CARGO_REGISTRY_FOLDER", "/usr/share/cargo/registry"))


class RustMissingError(Exception):
    """cargo is missing, or its build failed."""


def rust_handler() -> Callable[[bytes], int]:
    """Return the function that handles an event's JSON in Rust, built on first use.

    Returns:
        A function of the JSON. It returns the sum over all models of the ID and the characters of both texts.

    Raises:
        RustMissingError: cargo is missing, or its build failed.
    """
    if not _is_built():
        _build()
    function = ctypes.CDLL(str(LIBRARY)).handle
    function.argtypes, function.restype = (ctypes.c_char_p, ctypes.c_size_t), ctypes.c_int64

    def handle(event: bytes) -> int:
        return int(function(event, len(event)))

    return handle


def _is_built() -> bool:
    sources = (path for path in HERE.rglob("*") if path.is_file())
    return LIBRARY.exists() and all(path.stat().st_mtime < LIBRARY.stat().st_mtime for path in sources)


def _build() -> None:
    if shutil.which("cargo") is None:
        msg = "found no cargo, which builds tests/benchmarks/rust: https://rustup.rs"
        raise RustMissingError(msg)
    # Not built in place: cargo writes a lock file, which names a registry.
    shutil.copytree(HERE, BUILT, dirs_exist_ok=True)
    errors = ""
    for command in _commands():
        environment = {**os.environ, "CARGO_NET_RETRY": "0"}  # without a network, fail at once
        done = subprocess.run(command, cwd=BUILT, env=environment, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return
        errors = done.stderr
    msg = f"cargo could not build tests/benchmarks/rust: {errors.strip()[-300:]}"
    raise RustMissingError(msg)


def _commands() -> Iterator[list[str]]:
    build = ["cargo", "build", "--quiet", "--release"]
    if CRATES.is_dir():
        folder = [f"source.folder.directory={str(CRATES)!r}", "source.crates-io.replace-with='folder'"]
        yield [*build, "--offline", *(part for each in folder for part in ("--config", each))]
    yield build
