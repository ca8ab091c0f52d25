"""Every wrong registration in ``wrong/`` raises the message in the text file beside it.

After a change of a message, ``ROUTER_UPDATE_MESSAGES=1 pytest tests/registration`` rewrites the text files. Read the
diff: each message has to tell a user who sees only it how to correct the handler.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from router import RegistrationError

WRONG = Path(__file__).parent / "wrong"
CASES = sorted(WRONG.glob("*.py"))


def message_of(case: Path) -> str:
    """Import a module with a wrong registration and return its error message, with paths shortened to file names."""
    spec = importlib.util.spec_from_file_location(case.stem, case)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[case.stem] = module  # pydantic and dataclasses look a class's module up
    try:
        with pytest.raises(RegistrationError) as raised:
            spec.loader.exec_module(module)
    finally:
        del sys.modules[case.stem]
    return str(raised.value).replace(str(case), case.name) + "\n"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_wrong_registration_says_what_is_wrong(case: Path) -> None:
    """The message is the one in the text file beside the module."""
    message = message_of(case)
    text = case.with_suffix(".txt")
    if os.environ.get("ROUTER_UPDATE_MESSAGES") == "1":
        text.write_text(message, encoding="utf-8")
    assert text.exists(), f"no {text.name} beside {case.name}; the message is\n{message}"
    assert message == text.read_text(encoding="utf-8")


def test_every_text_has_its_module() -> None:
    """A text file without a module is not compared with anything."""
    assert {text.stem for text in WRONG.glob("*.txt")} <= {case.stem for case in CASES}


def test_there_are_cases() -> None:
    """An empty glob would make every test above pass."""
    assert len(CASES) >= 70


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_message_fits_a_terminal(case: Path) -> None:
    """No line is so long that a log viewer cuts it off."""
    lines = case.with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= 200
