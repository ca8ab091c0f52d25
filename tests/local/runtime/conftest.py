"""Functions in the runtime client, for every test beside this file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from router.local.runtime import FunctionConfiguration, RuntimeFunction
from tests.local.runtime.code import FILES

Start = Callable[..., RuntimeFunction]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder with the functions."""
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def configured(folder: Path) -> Callable[..., FunctionConfiguration]:
    """Configure one of the functions."""

    def configure(handler: str = "probe.handler", **settings: Any) -> FunctionConfiguration:
        return FunctionConfiguration(handler=handler, **{"root": folder, "timeout": 60, **settings})

    return configure


@pytest.fixture
def lines() -> list[str]:
    """The lines that functions print."""
    return []


@pytest.fixture
def start(configured: Callable[..., FunctionConfiguration], lines: list[str]) -> Iterator[Start]:
    """Make a function that can be invoked."""
    with ExitStack() as running:
        yield lambda *handler, **settings: running.enter_context(
            RuntimeFunction(configured(*handler, **settings), log=lines.append)
        )


@pytest.fixture
def raw_python() -> tuple[str, ...]:
    """A stand-in for a Python with the client, which makes wrong requests."""
    return (sys.executable, "wrong_moves.py")
