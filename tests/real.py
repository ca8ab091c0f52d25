"""What a test needs that the development environment lacks: DynamoDB Local, the SAM CLI, packages from the network.

A test whose fixtures include ``real`` is marked so, and ``make test`` leaves it out. With ``ROUTER_REAL_ENGINES=1``, as
`.ci/run` sets it, everything is fetched, and a test fails without it. Otherwise such a test uses what the machine has, or
is skipped with a reason that says how to get it.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Never

import pytest

__all__ = ["REQUIRED", "missing", "one_worker"]

REQUIRED = os.environ.get("ROUTER_REAL_ENGINES") == "1"


def missing(what: str) -> Never:
    """Fail the test, or skip it where nothing real is required."""
    if REQUIRED:
        pytest.fail(what)
    pytest.skip(what)


@contextmanager
def one_worker(name: str) -> Iterator[None]:
    """Let one worker of pytest-xdist at a time do what this name stands for."""
    with Path(tempfile.gettempdir(), f"entity-router-{os.getuid()}-{name}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
