"""In Lambda garbage collection is set for events; elsewhere it stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from router import Dispatcher, RegistrationError

STATE = """
import gc, sys
before = gc.get_threshold()
import router
app = router.Dispatcher()
frozen, late = gc.get_freeze_count(), [[]]
with open("/dev/null", "w") as sys.stdout:
    app({"Records": []})
sys.stdout = sys.__stdout__
print(gc.get_threshold() == before, frozen > 20_000, gc.get_freeze_count() > frozen)
"""


def state(**environment: str) -> str:
    """Whether the thresholds are Python's, what a Dispatcher is made of is frozen, and so is what follows it."""
    done = subprocess.run(
        [sys.executable, "-c", STATE],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_in_lambda_the_initialisation_is_frozen() -> None:
    """What exists when a Dispatcher is made is frozen, and what follows at the first event; searches are fewer."""
    assert state(AWS_LAMBDA_RUNTIME_API="none") == "False True True"


def test_elsewhere_nothing_changes() -> None:
    """Tests and tools have Python's own garbage collection."""
    assert state() == "True False False"


def test_it_can_be_switched_off() -> None:
    """``ROUTER_GC_TUNING=off`` leaves garbage collection as Python has it."""
    assert state(AWS_LAMBDA_RUNTIME_API="none", ROUTER_GC_TUNING="off") == "True False False"


def test_an_unknown_value_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that is neither on nor off is an error when a Dispatcher is made, outside Lambda too."""
    monkeypatch.setenv("ROUTER_GC_TUNING", "maybe")
    expected = r"^found ROUTER_GC_TUNING='maybe' in the environment, expected on or off$"
    with pytest.raises(RegistrationError, match=expected):
        Dispatcher()
