"""``router.cli.reload``: an app that is loaded again; test_dev covers the watching of its files."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.cli.reload import ReloadError, reload_app
from tests.cli.shop import APP


def refused(folder: Path, text: str) -> str:
    """The error of an app that does not load."""
    (folder / "shop.py").write_text(text, encoding="utf-8")
    with pytest.raises(ReloadError) as caught:
        reload_app("shop:app")
    return str(caught.value)


def test_the_message_of_a_wrong_handler_is_whole(folder: Path) -> None:
    """The first line has file and line; the lines after it say what is expected and what to do."""
    first, *others = refused(folder, APP.replace("change: Insert[Order]", "change: Modify[Order]")).splitlines()
    assert first.startswith("shop.py:")
    assert "RegistrationError: " in first
    assert {"found:", "expected:"} <= set("\n".join(others).split())


def test_the_message_of_an_error_is_whole(folder: Path) -> None:
    """With the notes that the code has added."""
    text = "error = ValueError('one\\ntwo')\nerror.add_note('three')\nraise error"
    assert refused(folder, text).splitlines() == ["shop.py:3: ValueError: one", "two", "three"]


def test_a_syntax_error_is_one_line(folder: Path) -> None:
    """With the line of the fault."""
    assert refused(folder, "def broken(:\n") == "shop.py:1: SyntaxError: invalid syntax"


def test_an_app_that_loads_is_new(folder: Path) -> None:
    """The modules are imported anew."""
    assert reload_app("shop:app") is not reload_app("shop:app")
