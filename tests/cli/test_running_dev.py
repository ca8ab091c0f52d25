"""The note of a running ``router dev``."""

import os
from pathlib import Path

import pytest

from router.cli.running_dev import RunningDev, noted, running_dev

SESSION = RunningDev("http://127.0.0.1:8000", "Shop", "EntityType", "app:app", os.getpid())


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, which is the current folder too."""
    monkeypatch.setenv("ROUTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "cache"


def test_a_session_is_found_in_its_folder_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two projects run their own sessions."""
    with noted(SESSION):
        assert running_dev() == SESSION
        (tmp_path / "other").mkdir()
        monkeypatch.chdir(tmp_path / "other")
        assert running_dev() is None


def test_a_note_ends_with_its_session(cache: Path) -> None:
    """Nothing remains of it."""
    with noted(SESSION):
        pass
    assert list((cache / "dev").iterdir()) == []


def test_the_note_of_a_killed_session_counts_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process does not run."""
    with noted(SESSION):
        monkeypatch.setattr(os, "kill", _no_process)
        assert running_dev() is None
        monkeypatch.undo()


def test_a_folder_that_cannot_be_written_is_no_reason_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The options name the session then."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("ROUTER_CACHE", str(tmp_path / "file"))
    with noted(SESSION):
        assert running_dev() is None


@pytest.mark.parametrize("text", ["", "[]", '{"url": 1}'])
def test_the_note_of_another_version_is_ignored(cache: Path, text: str) -> None:
    """It has other fields."""
    with noted(SESSION):
        (note,) = (cache / "dev").iterdir()
        note.write_text(text, encoding="utf-8")
        assert running_dev() is None
        note.unlink()


def _no_process(_pid: int, _signal: int) -> None:
    raise ProcessLookupError
