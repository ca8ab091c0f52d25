"""The same function under AWS's Runtime Interface Emulator and under ours answers the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from router.local.runtime import FunctionConfiguration
from router.local.runtime.answers import MAX_PAYLOAD
from tests.local.runtime.conftest import Start
from tests.local.runtime.emulation import emulated
from tests.local.runtime.machine import emulator

Configured = Callable[..., FunctionConfiguration]

_REQUEST_ID = re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

# Each after the one before it, in one function: also what follows an end has to be the same.
DEEDS: list[dict[str, Any]] = [
    {"do": "answer", "with": {"a": [1, 2.5, "\u00fc \u2603"], "none": None}},
    {"do": "raise"},
    {"do": "answer numbers"},
    {"do": "answer a set"},
    {"do": "answer bytes"},
    {"do": "answer text"},
    {"do": "answer nothing"},
    {"do": "exit", "code": 7},
    {"do": "answer nothing"},
    {"do": "exit", "code": 0},
    {"do": "be killed"},
    {"do": "leave"},
    {"do": "answer a length", "bytes": MAX_PAYLOAD},
    {"do": "answer a length", "bytes": MAX_PAYLOAD + 1},
    {"do": "answer nothing"},
]


@pytest.fixture(scope="module")
def rie(real: None) -> Path:
    return emulator()


def test_answers_are_the_same_bytes(rie: Path, configured: Configured, start: Start) -> None:
    """Responses, error documents, crashes and responses that are too large are equal, except for request IDs."""
    events = [json.dumps(deed).encode() for deed in DEEDS]
    with emulated(rie, configured()) as emulation:
        theirs = [emulation.invoke(event) for event in events]
    function = start()
    ours = [function.invoke(event).payload for event in events]
    assert [_REQUEST_ID.sub(b"ID", payload) for payload in ours] == [_REQUEST_ID.sub(b"ID", each) for each in theirs]


@pytest.mark.parametrize(
    "handler", ["raises.handler", "misspelt.handler", "imports.handler", "probe.nothing", "nothing"]
)
def test_functions_that_do_not_load_fail_alike(rie: Path, configured: Configured, start: Start, handler: str) -> None:
    """The first invocation and the next one fail alike."""
    with emulated(rie, configured(handler)) as emulation:
        theirs = [emulation.invoke(b"{}"), emulation.invoke(b"{}")]
    function = start(handler)
    assert [function.invoke(b"{}").payload, function.invoke(b"{}").payload] == theirs


def test_time_outs_have_the_same_text(rie: Path, configured: Configured, start: Start) -> None:
    """The emulator's response is the bare text, ours Lambda's document with it; both then continue."""
    sleep, answer = b'{"do": "sleep", "seconds": 60}', b'{"do": "answer nothing"}'
    with emulated(rie, configured(timeout=3)) as emulation:
        theirs = emulation.invoke(sleep).decode()
        assert emulation.invoke(answer) == b"null"
    function = start(timeout=3)
    assert (function.invoke(sleep).error_message or "").endswith(f"Error: {theirs}")
    assert function.invoke(answer).payload == b"null"


def test_wrong_requests_are_refused_alike(
    rie: Path, configured: Configured, start: Start, raw_python: tuple[str, ...]
) -> None:
    """Wrong request IDs, wrong paths, a second response and a late error of the start get the same responses."""
    with emulated(rie, configured(python=raw_python)) as emulation:
        theirs = [json.loads(emulation.invoke(b"{}")) for _ in range(2)]
    function = start(python=raw_python)
    ours = [json.loads(function.invoke(b"{}").payload) for _ in range(2)]
    assert ours == theirs


def test_the_context_is_the_same(rie: Path, configured: Configured, start: Start) -> None:
    """Handlers see the same context, except for account, region and log group."""
    names = ["function_name", "function_version"]
    event = json.dumps({"do": "context", "names": names}).encode()
    with emulated(rie, configured(timeout=5)) as emulation:
        theirs = json.loads(emulation.invoke(event))
    ours = json.loads(start(timeout=5).invoke(event).payload)
    for name in (*names, "folder", "path"):
        assert ours[name] == theirs[name], name
    assert 0 < ours["left"] <= 5000
    # Theirs may have more, for what ours has no use; ours must have what Lambda's documentation names.
    assert {name for name in theirs["variables"] if name.startswith("AWS_LAMBDA_")} - set(ours["variables"]) <= {
        "AWS_LAMBDA_FUNCTION_TIMEOUT",
        "AWS_LAMBDA_METADATA_API",
        "AWS_LAMBDA_METADATA_TOKEN",
    }
