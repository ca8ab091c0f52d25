"""``router.local.redrive.journal``: what is done survives every end of a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.local.redrive.journal import Journal
from router.local.redrive.place import PlaceError


def test_the_next_run_knows_what_is_done(tmp_path: Path) -> None:
    """Without a close, as after SIGKILL, too."""
    path = tmp_path / "journal"
    first = Journal(path)
    first.note(["a#0"])
    first.note(["b#0", "b#1"])
    first._file.close()  # as the system closes it
    second = Journal(path)
    assert [key in second for key in ("a#0", "b#0", "b#1", "c#0")] == [True, True, True, False]
    second.close(is_over=False)


def test_a_line_that_was_cut_off_counts_for_nothing(tmp_path: Path) -> None:
    """Records that are done together are done all, or none; what follows is read."""
    path = tmp_path / "journal"
    path.write_text("a#0\nb#0 b#", encoding="ascii")
    journal = Journal(path)
    assert ("a#0" in journal, "b#0" in journal) == (True, False)
    journal.note(["c#0"])
    journal.close(is_over=False)
    assert path.read_text(encoding="ascii") == "a#0\nc#0\n"


def test_one_process_at_a_time(tmp_path: Path) -> None:
    """Two would run each record twice."""
    journal = Journal(tmp_path / "journal")
    with pytest.raises(PlaceError, match="another router redrive"):
        Journal(tmp_path / "journal")
    journal.close(is_over=True)
    assert not (tmp_path / "journal").exists()
    Journal(tmp_path / "journal").close(is_over=True)
